local json = require("advisor_core").json

describe("json", function()
  it("writes sorted keys and the shortest numbers", function()
    assert.equal('{"":1,"a":{"x":[1,2]},"b":true}',
      json.encode({ b = true, a = { x = { 1, 2 } }, [""] = 1 }))
    assert.equal("[0.1,1e+100,3,-5,9007199254740993]",
      json.encode({ 0.1, 1e100, 3.0, -5, 9007199254740993 }))
    assert.equal("{}", json.encode({}))
    assert.equal("[]", json.encode(setmetatable({}, json.array_mark)))
    assert.equal('"\\u0000\\n\\"\\\\é\u{fffd}"', json.encode("\0\n\"\\é\xff"))
    assert.equal("null", json.encode(require("cjson").null))
  end)

  it("raises for what JSON cannot hold, without addresses, and goes on", function()
    local deep = {}
    for _ = 1, 70 do deep = { deep } end
    for _, bad in ipairs({ { print }, { { [{}] = 1 } }, { 0 / 0 }, { math.huge }, { deep },
      { io.stdout } }) do
      local ok, message = pcall(json.encode, bad[1])
      assert.is_false(ok)
      assert.is_nil(message:find("0x"))
    end
    assert.is_false((pcall(json.encode)))
    assert.equal("[1]", json.encode({ 1 }))
  end)

  it("copies what is plain, and nothing else", function()
    local source = { 1.0, { a = "x", b = { true, 0.5 } } }
    local ok, copy = json.plain(source)
    assert.is_true(ok)
    assert.same(source, copy)
    assert.are_not.equal(source[2].b, copy[2].b)
    assert.equal("integer", math.type(copy[1]))
    assert.is_true((json.plain({ "x", a = 1 }, true)))
    local cycle = {}
    cycle[1] = cycle
    for _, bad in ipairs({ { "x", a = 1 }, { 1, nil, 3 }, { [{}] = 1 }, { print }, { 0 / 0 },
      { "\xff" },
      setmetatable({}, {}), { [1.5] = 1 }, { [true] = 1 }, cycle }) do
      assert.is_false((json.plain(bad)))
    end
  end)

  it("tidies what was read", function()
    local cjson = require("cjson")
    local got = json.tidy({ a = cjson.null, b = 2.0, c = { cjson.null, 3.0, 0.5 }, d = "x" })
    assert.is_nil(got.a)
    assert.equal("integer", math.type(got.b))
    assert.equal("integer", math.type(got.c[2]))
    assert.equal(0.5, got.c[3])
    assert.equal("x", got.d)
    assert.is_false((pcall(json.tidy, "x")))
  end)

  it("takes no list with gaps for a plain one, whatever its length seems to be", function()
    -- Lengths of tables with gaps are any of their borders: here 4, and 4 values.
    local list = { 1, 2, 3, 4 }
    list[6], list[3] = 6, nil
    assert.is_false((json.plain(list)))
  end)
end)

local core = require("advisor_core")
local json = require("advisor.output.json")

describe("canonical JSON", function()
  it("sorts names by bytes, at every depth", function()
    assert.equals('{"B":1,"a":{"x":1,"y":[{"c":1,"d":2}]},"aa":2,"ä":3}',
      json.encode({ ["ä"] = 3, aa = 2, a = { y = { { d = 2, c = 1 } }, x = 1 }, B = 1 }))
    local many, names = {}, {}
    for i = 1, 200 do many[("k%03d"):format(i * 7 % 200)] = i end
    for name in json.encode(many):gmatch('"(k%d+)"') do names[#names + 1] = name end
    assert.equals(200, #names)
    for i = 2, 200 do assert.is_true(names[i - 1] < names[i]) end
  end)

  it("writes empty lists where they are marked", function()
    assert.equals("{}", json.encode({}))
    assert.equals("[]", json.encode(json.array({})))
    assert.equals('{"a":[],"b":{}}', json.encode({ a = json.array({}), b = {} }))
    assert.equals("[[]]", json.encode({ json.array({}) }))
    assert.equals("[1,2]", json.encode(json.array({ 1, 2 })))
  end)

  it("writes numbers in the fewest digits that read back", function()
    local rows = {
      { 0.1, "0.1" }, { 1 / 3, "0.3333333333333333" }, { 0.1 + 0.2, "0.30000000000000004" },
      { 1e100, "1e+100" }, { 2 ^ 0.5, "1.4142135623730951" }, { 1e-7, "1e-07" },
      { 3.0, "3" }, { -0.0, "0" }, { 1e15, "1000000000000000" }, { 2 ^ 53, "9007199254740992" },
      { 7, "7" }, { math.mininteger, "-9223372036854775808" }, { 100, "100" },
    }
    for _, row in ipairs(rows) do
      assert.equals(row[2], json.encode(row[1]))
      assert.is_true(tonumber(row[2]) == row[1])
    end
    local stream = core.rng.new("json")
    for _ = 1, 2000 do
      local bytes = string.pack("i8", stream:integer(math.mininteger, math.maxinteger))
      local number = string.unpack("d", bytes)
      if number == number and math.abs(number) ~= math.huge then
        assert.is_true(tonumber(json.encode(number)) == number, json.encode(number))
      end
    end
  end)

  it("escapes quotes, backslashes and controls, and leaves the rest as it is", function()
    assert.equals('"a\\"b\\\\c/\\n\\r\\t\\u0000\\u001f\\u007f"',
      json.encode('a"b\\c/\n\r\t\0\31\127'))
    assert.equals('"ä€😀\u{2028}"', json.encode("ä€😀\u{2028}"))
    assert.equals('{"a\\nb":1}', json.encode({ ["a\nb"] = 1 }))
  end)

  it("repairs what is no UTF-8", function()
    assert.equals('"a\u{FFFD}b"', json.encode("a\255b"))
    assert.equals('{"\u{FFFD}":1}', json.encode({ ["\xC3"] = 1 }))
  end)

  it("refuses what JSON cannot hold", function()
    for _, value in ipairs({ 0 / 0, math.huge, -math.huge }) do
      assert.has_error(function() json.encode({ value }) end)
    end
    for _, value in ipairs({ print, coroutine.create(print), io.stdout }) do
      assert.has_error(function() json.encode({ a = value }) end)
    end
    assert.has_error(function() json.encode({ [true] = 1 }) end)
    assert.has_error(function() json.encode({ a = 1, [2] = 2 }) end)
    local deep, circle = {}, {}
    for _ = 1, 70 do deep = { deep } end
    circle.a = circle
    assert.has_error(function() json.encode(deep) end)
    assert.has_error(function() json.encode(circle) end)
  end)

  it("is written again the same after it was read", function()
    local corpus = {
      { a = 1, b = 2.5, c = "x", d = true, e = false }, { 1, 2, 3 }, { { {} } }, "text", 7, 0.1,
        true,
      { n = 1e15, m = 2 ^ 60, o = -1e18, p = 1e300, q = 5e-324, r = 123456789012345 },
      { s = 'quote " backslash \\ control \1 ünïcode 😀 nul \0' },
        { [""] = "", ["a b"] = { x = {} } },
    }
    for _, value in ipairs(corpus) do
      local written = json.encode(value)
      local read, why = json.decode(written)
      assert.is_nil(why)
      assert.equals(written, json.encode(read))
    end
  end)
end)

describe("reading JSON", function()
  it("makes whole numbers integers, and leaves nulls out", function()
    local read = json.decode('{"a": 3.0, "b": 3, "c": 3.5, "d": null, "e": [1, {"f": null}]}')
    assert.equals("integer", math.type(read.a))
    assert.equals("integer", math.type(read.b))
    assert.same({ a = 3, b = 3, c = 3.5, e = { 1, {} } }, read)
    assert.equals("integer", math.type(json.decode("7")))
    assert.is_nil(json.decode("null"))
  end)

  it("survives what servers send (12, 28-30)", function()
    assert.same({ a = "\u{FFFD}x" }, json.decode('\239\187\191 {"a": "\\ud800x"} \n'))
    assert.same({ a = "\0" }, json.decode('{"a": "\\u0000"}'))
    assert.same({ a = "\u{FFFD}" }, json.decode('{"a": "\255"}'))
  end)

  it("says why it is none", function()
    for _, source in ipairs({ "", "{", '{"a":}', "nope", '{"a":1', "[1,]", '{"a": NaN}',
      "[Infinity]" }) do
      local read, why = json.decode(source)
      assert.is_nil(read, source)
      assert.equals("string", type(why), source)
    end
  end)

  it("gives what stands before junk besides", function()
    local read, why, first = json.decode('{"a": 1} x')
    assert.is_nil(read)
    assert.is_truthy(why)
    assert.same({ a = 1 }, first)
    assert.is_nil(select(3, json.decode('{"a": ')))
  end)

  it("ends where the junk is a string without an end", function()
    local read, why, first = json.decode('"type""}}')
    assert.is_nil(read)
    assert.is_truthy(why)
    assert.is_nil(first)
  end)

  it("writes lines that move no terminal and hold the same value", function()
    local value = { text = "a\0\27[31m\127\u{9b}1m\u{202e}x\u{2028}é\u{a0}“😀\n" }
    local line = json.line(value)
    assert.equal("\n", line:sub(-1))
    assert.is_nil(line:sub(1, -2):find("[%c\127]"))
    assert.equal('{"text":"a\\u0000\\u001b[31m\\u007f\\u009b1m\\u202ex\\u2028é\u{a0}“😀\\n"}\n', line)
    assert.same(value, json.decode(line))
  end)
end)

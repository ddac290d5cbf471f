local rng = require("advisor_core").rng

-- The name and the numbers of tests/core/base/rng_test.c.
local NAME = "17/3/generate/0/sample"

describe("rng", function()
  it("gives the numbers that the C core gives", function()
    local stream = rng.new(NAME)
    assert.equal(0.8897252444392186, stream:unit())
    assert.equal(0.8430606968427704, stream:unit())
    assert.equal(0.7167154286174319, stream:unit())
    stream = rng.new(NAME)
    local dice = {}
    for i = 1, 12 do dice[i] = stream:integer(0, 5) end
    assert.same({ 5, 0, 3, 1, 4, 2, 3, 4, 3, 2, 3, 0 }, dice)
    stream = rng.new(NAME)
    assert.equal(0xe3c5089b4ac3cb17, stream:integer(math.mininteger, math.maxinteger))
    assert.equal(0xd7d2d3697b903e8e, stream:integer(math.mininteger, math.maxinteger))
    assert.equal(0x9990528d9c529f46, rng.new("a\0b"):integer(math.mininteger, math.maxinteger))
    assert.equal(0x27a6b0336af5ad70, rng.new(""):integer(math.mininteger, math.maxinteger))
  end)

  it("keeps its bounds", function()
    local stream = rng.new("bounds")
    for _ = 1, 1000 do
      local n = stream:integer(-3, 3)
      assert.is_true(n >= -3 and n <= 3)
      local unit = stream:unit()
      assert.is_true(unit >= 0 and unit < 1)
    end
    assert.equal(7, stream:integer(7, 7))
    assert.equal(math.mininteger, stream:integer(math.mininteger, math.mininteger))
  end)

  it("raises for wrong use", function()
    local stream = rng.new("x")
    assert.is_false((pcall(stream.integer, stream, 2, 1)))
    assert.is_false((pcall(stream.integer, stream, 1.5, 2)))
    assert.is_false((pcall(stream.choice, stream, {})))
    assert.is_false((pcall(stream.sample, stream, { 1, 2 }, 3)))
    assert.is_false((pcall(stream.sample, stream, { 1, 2 }, -1)))
    assert.is_false((pcall(stream.sample, stream, 5, 1)))
    assert.is_false((pcall(rng.new)))
    assert.is_false((pcall(stream.unit, {})))
  end)

  it("samples distinct positions and leaves the list alone", function()
    local stream, list = rng.new("sample"), {}
    for i = 1, 30 do list[i] = i end
    for k = 0, 30 do
      local got, seen = stream:sample(list, k), {}
      assert.equal(k, #got)
      for _, value in ipairs(got) do
        assert.is_nil(seen[value])
        assert.is_true(value >= 1 and value <= 30)
        seen[value] = true
      end
    end
    for i = 1, 30 do assert.equal(i, list[i]) end
  end)

  --- Chi-squared of counts against equal shares; the bound is far beyond chance.
  local function assert_uniform(counts, n, cells)
    local expected, sum = n / cells, 0
    for cell = 1, cells do sum = sum + ((counts[cell] or 0) - expected) ^ 2 / expected end
    assert.is_true(sum < cells + 6 * math.sqrt(2 * cells),
      ("chi-squared %.1f of %d cells"):format(sum, cells))
  end

  it("chooses uniformly", function()
    local stream, counts = rng.new("choice"), {}
    for _ = 1, 20000 do
      local got = stream:choice({ 1, 2, 3, 4, 5, 6, 7 })
      counts[got] = (counts[got] or 0) + 1
    end
    assert_uniform(counts, 20000, 7)
  end)

  it("shuffles to every order equally often", function()
    local stream, counts, index, cells = rng.new("shuffle"), {}, {}, 0
    for _ = 1, 24000 do
      local order = table.concat(stream:shuffle({ "a", "b", "c", "d" }))
      if not index[order] then
        cells = cells + 1
        index[order] = cells
      end
      counts[index[order]] = (counts[index[order]] or 0) + 1
    end
    assert.equal(24, cells)
    assert_uniform(counts, 24000, 24)
  end)

  it("puts each element at each place of a sample equally often", function()
    local stream, counts = rng.new("places"), {}
    for _ = 1, 20000 do
      local got = stream:sample({ 1, 2, 3, 4, 5 }, 2)
      local cell = (got[1] - 1) * 5 + got[2]
      counts[cell] = (counts[cell] or 0) + 1
    end
    local dense, n = {}, 0
    for a = 1, 5 do
      for b = 1, 5 do
        if a == b then
          assert.is_nil(counts[(a - 1) * 5 + b])
        else
          n = n + 1
          dense[n] = counts[(a - 1) * 5 + b]
        end
      end
    end
    assert_uniform(dense, 20000, 20)
  end)

  it("draws from lists that are views", function()
    local view = require("advisor.host.readonly").view({ "a", "b", "c" })
    local got = rng.new("view"):shuffle(view)
    table.sort(got)
    assert.same({ "a", "b", "c" }, got)
    assert.matches("^[abc]$", rng.new("view"):choice(view))
  end)

  it("has streams that do not disturb each other", function()
    local alone, a, b = {}, {}, rng.new("b")
    local stream = rng.new("a")
    for i = 1, 10 do alone[i] = stream:unit() end
    stream = rng.new("a")
    for i = 1, 10 do
      b:unit()
      a[i] = stream:unit()
    end
    assert.same(alone, a)
  end)
end)

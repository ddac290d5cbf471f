local measure = require("advisor_core").measure

local function near(want, got) assert.is_true(math.abs(got - want) <= 1e-8, got) end
local function pack(...) return string.pack("<" .. ("f"):rep(select("#", ...)), ...) end

describe("advisor_core.measure", function()
  local uneven = { { 1, 0, 0 }, { 2, 0, 0 }, { 5, 0, 0 }, { 0, 0, 7 } } -- clusters of 3 and 1

  it("scores vectors as lists and as packed strings", function()
    near(4 / 3 ^ 0.75, measure.vendi(uneven))
    near(1.6, measure.vendi(uneven, 2))
    near(4 / 3, measure.vendi(uneven, math.huge))
    near(2, measure.vendi(uneven, 0))
    near(4 / 3 ^ 0.75, measure.vendi({ pack(1, 0), pack(2, 0), { 5, 0 }, pack(0, 7) }))
    assert.equal(1, measure.vendi({ { 3 } }))
  end)

  it("scores a similarity matrix", function()
    near(3, measure.vendi_similarity({ { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }))
    near(1, measure.vendi_similarity({ pack(1, 1), pack(1, 1) }))
    near(1 / (0.8 ^ 0.8 * 0.2 ^ 0.2), measure.vendi_similarity({ { 1, 0.6 }, { 0.6, 1 } }))
  end)

  it("measures the nearest distance", function()
    near(0.1, measure.nearest_distance({ { 1, 0 }, { 9, 0 }, { 0, 1 }, { 0.6, 0.8 } }))
  end)

  it("counts compressed bytes", function()
    assert.equal(8, measure.compressed_size(""))
    assert.equal(9, measure.compressed_size("a"))
    assert.equal(52, measure.compressed_size("The quick brown fox jumps over the lazy dog. "))
  end)

  it("raises on wrong use", function()
    local wrong = {
      { "empty", measure.vendi, {} },
      { "rows are empty", measure.vendi, { {} } },
      { "differ in length", measure.vendi, { { 1 }, { 1, 2 } } },
      { "cut off", measure.vendi, { "abc" } },
      { "neither a list", measure.vendi, { 1 } },
      { "something else than numbers", measure.vendi, { { "x" } } },
      { "zero or not finite", measure.vendi, { { 0, 0 } } },
      { "zero or not finite", measure.nearest_distance, { { 1, 0 }, { 0 / 0, 1 } } },
      { "has no other", measure.nearest_distance, { { 1, 0 } } },
      { "not square", measure.vendi_similarity, { { 1, 0 } } },
      { "not symmetric", measure.vendi_similarity, { { 1, 0 }, { 1, 1 } } },
      { "table expected", measure.vendi, 5 },
    }
    for _, case in ipairs(wrong) do
      local ok, why = pcall(case[2], case[3])
      assert.is_false(ok)
      assert.matches(case[1], why)
    end
    assert.has_error(function() measure.vendi({ { 1 } }, -1) end)
  end)
end)

local core = require("advisor_core")
local draws = require("advisor.host.draws")
local paired = require("advisor.measure.paired")

--- Gamma numbers with shape 4, which lean to one side, moved to mean 0.
local function skewed(rng) return draws.gamma(rng, 4) - 4 end

local function even(rng) return rng:unit() - 0.5 end

--- Whole numbers, as counts of cells are.
local function whole(rng) return math.floor(6 * (rng:unit() + rng:unit() + rng:unit()) - 9 + 0.5) end

--- Three of ten pairs differ, by one.
local function rare(rng) return (rng:unit() < 0.3 and 1 or 0) - 0.3 end

--- Share of intervals over `n` values that hold the true mean 0, of those that there are.
local function coverage(n, draw)
  local rng, hits, given = core.rng.new("paired/" .. n), 0, 0
  for _ = 1, 120 do
    local values = {}
    for i = 1, n do values[i] = draw(rng) end
    local found = paired.mean(values, rng)
    if found.low then
      given = given + 1
      if found.low <= 0 and found.high >= 0 then hits = hits + 1 end
    end
  end
  return hits / given
end

describe("means over seeds", function()
  it("are those of Student where there are few", function()
    local found = paired.mean({ 1, 2, 3 }, core.rng.new("a"))
    -- 2 +- 4.3026527 * 1 / sqrt(3)
    assert.near(2 - 2.4841377, found.low, 1e-6)
    assert.near(2 + 2.4841377, found.high, 1e-6)
    assert.same({ 3, 2, 1 }, { found.n, found.mean, found.deviation })
    found = paired.mean({ 1, 3 }, core.rng.new("a"))
    assert.near(2 - 12.7062047, found.low, 1e-6)
  end)

  it("have no interval for one value, nor where all are alike but for rounding", function()
    local found = paired.mean({ 7 }, core.rng.new("a"))
    assert.same({ n = 1, mean = 7, deviation = 0 }, found)
    found = paired.mean({ 0.3 - 0.2, 0.4 - 0.3, 0.1, 0.1 }, core.rng.new("a"))
    assert.near(0.1, found.mean, 1e-15)
    assert.same({ 4, 0, nil, nil }, { found.n, found.deviation, found.low, found.high })
  end)

  it("have ends on both sides of the mean where values tie", function()
    local found = paired.mean({ 0, 0, 0, 0, 0, 0, 0, 0, -1, -1 }, core.rng.new("a"))
    assert.is_true(found.low < found.mean - 0.2 and found.high >= 0)
  end)

  it("come close to Student's where values are normal, also between the methods", function()
    for _, n in ipairs({ 7, 8, 12, 40 }) do
      local values, square = {}, 0
      -- Logistic quantiles of evenly spaced ranks, near to normal ones.
      for i = 1, n do values[i] = math.log((i - 0.5) / (n - i + 0.5)) / 1.702 end
      for _, value in ipairs(values) do square = square + value * value end
      local point = ({ [7] = 2.4469119, [8] = 2.3646243, [12] = 2.2009852, [40] = 2.0226909 })[n]
      local half = point * math.sqrt(square / (n - 1) / n)
      local found = paired.mean(values, core.rng.new("normal"))
      assert.near(half, found.high, 0.1 * half, n)
      assert.near(-half, found.low, 0.1 * half, n)
    end
  end)

  it("have intervals that hold about as often as they say", function()
    for name, draw in pairs({ even = even, skewed = skewed, whole = whole, rare = rare }) do
      for _, n in ipairs({ 5, 8, 20 }) do
        local share = coverage(n, draw)
        print(("%s, %d values: %.1f %% of 95 %% intervals hold"):format(name, n, 100 * share))
        assert.is_true(share >= 0.88, name .. " " .. n)
      end
    end
  end)

  it("are the same for the same stream", function()
    local values = { 3, 1, 4, 1, 5, 9, 2, 6 }
    assert.same(paired.mean(values, core.rng.new("x")), paired.mean(values, core.rng.new("x")))
  end)
end)

describe("differences of pairs", function()
  it("leave out what both share", function()
    local found = paired.difference({ 11, 22, 33, 44, 55 }, { 10, 20, 32, 42, 54 }, core.rng.new("a"))
    assert.near(1.4, found.mean, 1e-12)
    -- Differences 1, 2, 1, 2, 1: deviation 0.5477226, J = 1 - 3 / 15 = 0.8.
    assert.near(1.4 / 0.5477226 * 0.8, found.effect, 1e-5)
    assert.is_true(found.low > 0.7 and found.high < 2.1)
  end)

  it("have no effect size where all are alike", function()
    assert.is_nil(paired.difference({ 2, 3 }, { 1, 2 }, core.rng.new("a")).effect)
    assert.is_nil(paired.difference({ 2 }, { 1 }, core.rng.new("a")).effect)
  end)

  it("are for the better or worse where the interval leaves out 0", function()
    local function verdict(mean, low, high, more)
      return paired.verdict({ mean = mean, low = low, high = high }, more)
    end
    assert.same({ "better", "worse", "worse", "better", "differs" }, { verdict(2, 1, 3, 1), verdict(2, 1, 3, -1),
      verdict(-2, -3, -1, 1), verdict(-2, -3, -1, -1), verdict(2, 1, 3, 0) })
    assert.same({ "", "", "" }, { verdict(2, 0, 4, 1), verdict(2, -1, 5, 1), verdict(2, nil, nil, 1) })
  end)
end)

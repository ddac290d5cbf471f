local core = require("advisor_core")
local draws = require("advisor.host.draws")
local paired = require("advisor.measure.paired")

--- Gamma numbers with shape 4, which lean to one side, moved to mean 0.
local function skewed(rng) return draws.gamma(rng, 4) - 4 end

local function even(rng) return rng:unit() - 0.5 end

--- Whole numbers, as counts of cells are.
local function whole(rng) return math.floor(6 * (rng:unit() + rng:unit() + rng:unit()) - 9 + 0.5) end

--- Share of intervals over `n` values that hold the true mean 0.
local function coverage(n, draw)
  local rng, hits, times = core.rng.new("paired/" .. n), 0, 150
  for _ = 1, times do
    local values = {}
    for i = 1, n do values[i] = draw(rng) end
    local found = paired.mean(values, rng)
    if found.low <= 0 and found.high >= 0 then hits = hits + 1 end
  end
  return hits / times
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

  it("have no interval for one value, and none that is wide where all are alike", function()
    local found = paired.mean({ 7 }, core.rng.new("a"))
    assert.same({ n = 1, mean = 7, deviation = 0 }, found)
    found = paired.mean({ 7, 7, 7, 7, 7, 7 }, core.rng.new("a"))
    assert.same({ 7, 7 }, { found.low, found.high })
  end)

  it("have intervals that hold about as often as they say", function()
    for name, draw in pairs({ even = even, skewed = skewed, whole = whole }) do
      for _, n in ipairs({ 5, 10, 30 }) do
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
end)

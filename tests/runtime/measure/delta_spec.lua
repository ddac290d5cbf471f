local core = require("advisor_core")
local delta = require("advisor.measure.delta")
local distance = require("advisor.measure.distance")
local intervals = require("advisor.measure.intervals")
local shares = require("advisor.measure.shares")

local MIX = { a = 0.4, b = 0.25, c = 0.15, d = 0.1, e = 0.07, f = 0.03 }
local CELLS = shares.cells(MIX)

--- Counts of n items drawn from MIX.
local function draw(rng, n)
  local counts = {}
  for _, name in ipairs(CELLS) do counts[name] = 0 end
  for _ = 1, n do
    local u, name = rng:unit(), CELLS[#CELLS]
    for _, cell in ipairs(CELLS) do
      u = u - MIX[cell]
      if u < 0 then name = cell break end
    end
    counts[name] = counts[name] + 1
  end
  return counts
end

--- How often the interval of a measure holds the true value, in 400 samples.
local function held(measure, truth)
  local rng, hits = core.rng.new("delta"), 0
  for _ = 1, 400 do
    local _, low, high = measure(draw(rng, 500))
    if low <= truth and truth <= high then hits = hits + 1 end
  end
  return hits / 400
end

describe("delta", function()
  it("gives the measure itself, and intervals that hold the true evenness", function()
    local counts = { a = 30, b = 20, c = 0 }
    local value, low, high = delta.evenness(counts)
    assert.equal(shares.evenness(counts), value)
    assert.is_true(low < value and value < high and high <= 1)
    assert.is_true(held(delta.evenness, shares.evenness(MIX)) > 0.91)
  end)

  it("holds the true distance to a target", function()
    local target = { a = 0.2, b = 0.2, c = 0.2, d = 0.2, e = 0.1, f = 0.1 }
    local truth = distance.total_variation(MIX, target)
    assert.is_true(held(function(counts) return delta.total_variation(counts, target) end, truth) > 0.91)
    local counts = draw(core.rng.new("one"), 500)
    assert.equal(distance.total_variation(counts, target), (delta.total_variation(counts, target)))
  end)

  it("agrees with the bootstrap", function()
    local labels, counts = {}, { a = 120, b = 60, c = 20, d = 0 }
    for _, name in ipairs({ "a", "b", "c" }) do
      for _ = 1, counts[name] do labels[#labels + 1] = name end
    end
    local low, high = intervals.bootstrap(labels, core.rng.new("bootstrap"), { samples = 799,
      statistic = function(values) return shares.evenness((shares.count(values, { "a", "b", "c", "d" }))) end })
    local _, delta_low, delta_high = delta.evenness(counts)
    assert.is_true(math.abs(low - delta_low) < 0.02 and math.abs(high - delta_high) < 0.02)
  end)

  it("knows nothing without items, and all where there is one cell", function()
    assert.same({ 0, 0, 1 }, { delta.evenness({ a = 0, b = 0 }) })
    assert.same({ 1, 1, 1 }, { delta.evenness({ a = 4 }) })
  end)
end)

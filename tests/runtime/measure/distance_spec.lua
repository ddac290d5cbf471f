local distance = require("advisor.measure.distance")

local function near(want, got) assert.is_true(math.abs(got - want) <= 1e-9, got) end

describe("measure/distance", function()
  local have, target = { a = 3, b = 1 }, { a = 1, b = 1 } -- 3/4, 1/4; 1/2, 1/2

  it("computes the total variation", function()
    near(0.25, distance.total_variation(have, target))
    near(1, distance.total_variation({ a = 2 }, { b = 5 }))
    assert.equal(0, distance.total_variation({ a = 2, b = 4 }, { a = 1, b = 2 }))
  end)

  -- By hand: 3/4 ln(3/2) + 1/4 ln(1/2) = 3/4 ln 3 - ln 2.
  it("computes the Kullback-Leibler divergence", function()
    near(0.75 * math.log(3) - math.log(2), distance.kullback_leibler(have, target))
    near(math.log(2), distance.kullback_leibler({ a = 1, b = 0 }, target))
    assert.equal(math.huge, distance.kullback_leibler(target, { a = 1 }))
  end)

  -- Smoothed by 1/2: shares 1/2, 1/2 against (1 + 1/2)/2, (1/2)/2.
  it("smooths zeros of the target where asked", function()
    local want = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    near(want, distance.kullback_leibler(target, { a = 1 }, 0.5))
    assert.equal(0, distance.kullback_leibler(target, target, 0.5))
  end)

  -- By hand, with m = 5/8, 3/8.
  it("computes the Jensen-Shannon divergence", function()
    local left = 0.75 * math.log(0.75 / 0.625) + 0.25 * math.log(0.25 / 0.375)
    local right = 0.5 * math.log(0.5 / 0.625) + 0.5 * math.log(0.5 / 0.375)
    near((left + right) / 2, distance.jensen_shannon(have, target))
    near((left + right) / 2, distance.jensen_shannon(target, have))
    near(math.log(2), distance.jensen_shannon({ a = 1 }, { b = 1 }))
  end)

  it("refuses a mix without any weight", function()
    assert.has_error(function() distance.total_variation({ a = 0 }, target) end)
  end)
end)

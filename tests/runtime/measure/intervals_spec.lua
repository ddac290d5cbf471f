local intervals = require("advisor.measure.intervals")
local simulation = require("tests.support.saturation")

local function near(want, got, room)
  local text = ("wanted %.10g, got %.10g"):format(want, got)
  assert.is_true(math.abs(got - want) <= (room or 1e-9), text)
end

--- How likely an interval of `intervals.matched` holds the true difference of n questions
--- of which a share `p` is gained and `q` lost, over all outcomes.
local function coverage(n, p, q)
  local log_factorial, covered = { [0] = 0 }, 0
  for i = 1, n do log_factorial[i] = log_factorial[i - 1] + math.log(i) end
  for gains = 0, n do
    for losses = 0, n - gains do
      local low, high = intervals.matched(gains, losses, n)
      if low <= p - q and p - q <= high then
        covered = covered + math.exp(log_factorial[n] - log_factorial[gains] - log_factorial[losses]
          - log_factorial[n - gains - losses] + gains * math.log(p) + losses * math.log(q)
          + (n - gains - losses) * math.log(1 - p - q))
      end
    end
  end
  return covered
end

describe("intervals.matched", function()
  it("holds the true difference as often as it says", function()
    for _, case in ipairs({ { 20, 0.1, 0.1 }, { 20, 0.3, 0.05 }, { 50, 0.1, 0.02 }, { 100, 0.05, 0.05 },
      { 100, 0.2, 0.1 }, { 200, 0.02, 0.01 } }) do
      local share = coverage(table.unpack(case))
      assert.is_true(share > 0.93 and share < 0.995, ("n = %d: %.3f"):format(case[1], share))
    end
  end)

  it("has a width where nothing differs, and ends within -1 and 1", function()
    local low, high = intervals.matched(0, 0, 100)
    assert.is_true(low < 0 and high > 0 and high < 0.03)
    assert.same({ -low }, { high })
    assert.equal(1, select(2, intervals.matched(1, 0, 1)))
    assert.has_error(function() intervals.matched(2, 1, 2) end, "more differences than questions")
  end)
end)

describe("measure/intervals", function()
  -- Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
  it("gives the published Wilson intervals", function()
    for _, row in ipairs({ { 81, 263, 0.2553, 0.3662 }, { 15, 148, 0.0624, 0.1605 },
      { 0, 20, 0, 0.1611 }, { 1, 29, 0.0061, 0.1718 } }) do
      local low, high = intervals.wilson(row[1], row[2])
      near(row[3], low, 5e-5)
      near(row[4], high, 5e-5)
    end
  end)

  it("is symmetric, and knows nothing without trials", function()
    local low, high = intervals.wilson(20, 20)
    near(1 - 0.1611, low, 5e-5)
    assert.equal(1, high)
    assert.same({ 0, 1 }, { intervals.wilson(0, 0) })
    assert.has_error(function() intervals.wilson(3, 2) end)
  end)

  it("takes percentiles by rank", function()
    local list = {}
    for i = 1, 1999 do list[i] = 2000 - i end
    assert.same({ 50, 1950 }, { intervals.percentile(list) })
    assert.same({ 100, 1900 }, { intervals.percentile(list, 0.9) })
    assert.same({ 7, 7 }, { intervals.percentile({ 7 }) })
  end)

  -- The mean of n draws from k hits in n has variance p(1-p)/n.
  it("bootstraps a mean about as wide as the normal interval", function()
    local values = {}
    for i = 1, 400 do values[i] = i <= 100 and 1 or 0 end
    local low, high, estimate = intervals.bootstrap(values, simulation.rng(1), { samples = 999 })
    local half = intervals.Z95 * math.sqrt(0.25 * 0.75 / 400)
    assert.equal(0.25, estimate)
    near(0.25 - half, low, 0.007)
    near(0.25 + half, high, 0.007)
  end)

  it("bootstraps any statistic, the same for the same stream", function()
    local options = { samples = 99, statistic = function(list)
      return math.max(table.unpack(list))
    end }
    local a = { intervals.bootstrap({ 1, 2, 9 }, simulation.rng(5), options) }
    assert.same(a, { intervals.bootstrap({ 1, 2, 9 }, simulation.rng(5), options) })
    assert.same({ 9, 9 }, { a[2], a[3] })
  end)
end)

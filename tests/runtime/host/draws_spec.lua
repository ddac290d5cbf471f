local draws = require("advisor.host.draws")
local host = require("tests.support.host")
local rng = require("advisor_core").rng

local N = 4000

--- Mean and variance of N draws.
local function moments(draw)
  local sum, squares = 0, 0
  for _ = 1, N do
    local x = draw()
    sum, squares = sum + x, squares + x * x
  end
  local mean = sum / N
  return mean, squares / N - mean * mean
end

--- Within five standard errors.
local function assert_near(expected, got, variance, what)
  assert.is_true(math.abs(got - expected) < 5 * math.sqrt(variance / N),
    ("%s: %f, not %f"):format(what, got, expected))
end

describe("draws", function()
  it("of Gamma have mean k and variance k", function()
    for _, k in ipairs({ 0.2, 1, 2.5, 40 }) do
      local stream = rng.new("gamma " .. k)
      local mean, variance = moments(function() return draws.gamma(stream, k) end)
      assert_near(k, mean, k, "mean at " .. k)
      -- The variance of the sample's variance: k² (2 + 6/k) / N.
      assert_near(k, variance, k * k * (2 + 6 / k), "variance at " .. k)
    end
  end)

  it("of Beta have the mean a / (a + b), and its variance", function()
    for _, shape in ipairs({ { 1, 1 }, { 0.3, 0.6 }, { 5, 2 }, { 30, 90 } }) do
      local a, b = shape[1], shape[2]
      local stream = rng.new("beta " .. a)
      local mean, variance = moments(function() return draws.beta(stream, a, b) end)
      local expected = a * b / ((a + b) ^ 2 * (a + b + 1))
      assert_near(a / (a + b), mean, expected, "mean at " .. a)
      assert.is_true(math.abs(variance / expected - 1) < 0.15, "variance at " .. a)
    end
  end)

  it("stay within 0 and 1 whatever the shape", function()
    local stream = rng.new("small")
    local low, high = 0, 0
    for _ = 1, 200 do
      local x = draws.beta(stream, 1e-4, 1e-4)
      assert.is_true(x >= 0 and x <= 1)
      low, high = low + (x < 0.5 and 1 or 0), high + (x > 0.5 and 1 or 0)
    end
    assert.is_true(low > 60 and high > 60)
    assert.is_true(draws.gamma(stream, 1e-4) >= 0)
    local x = draws.beta(stream, 1e6, 1)
    assert.is_true(x > 0.99 and x <= 1)
  end)

  it("are the same for the same stream, with nine digits", function()
    local function three(draw, ...)
      local stream = rng.new("x")
      return { draw(stream, ...), draw(stream, ...), draw(stream, ...) }
    end
    assert.same(three(draws.beta, 2, 3), three(draws.beta, 2, 3))
    for _, x in ipairs(three(draws.gamma, 0.5)) do
      assert.equal(x, tonumber(("%.9g"):format(x)))
    end
  end)

  it("are methods of a script's stream, in its lane only", function()
    local found = host.value([[
      local stream = ctx.rng("x")
      return { stream:beta(2, 3), stream:gamma(4) }]])
    local stream = rng.new("1/3/generate/1/x")
    assert.same({ draws.beta(stream, 2, 3), draws.gamma(stream, 4) }, found)
    assert.equal("spec.lua:1: gamma: a number above 0 is expected",
      host.failure("ctx.rng('x'):gamma(0)"))
    assert.equal("spec.lua:1: beta: a number above 0 is expected",
      host.failure("local x = ctx.rng('x'):beta(1, 0 / 0)"))
  end)
end)

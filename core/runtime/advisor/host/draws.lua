--- Draws from distributions, on top of a stream's unit numbers: what a bandit
--- needs. Results have nine significant digits, since floating-point libraries
--- differ in the last ones.
local draws = {}

local function rounded(x) return tonumber(("%.9g"):format(x)) end

--- A standard normal number. Source: Marsaglia and Bray 1964, SIAM Review
--- 6:260-264 (polar method; the second number of the pair is not kept).
local function normal(stream)
  while true do
    local u, v = 2 * stream:unit() - 1, 2 * stream:unit() - 1
    local s = u * u + v * v
    if s > 0 and s < 1 then return u * math.sqrt(-2 * math.log(s) / s) end
  end
end

--- The logarithm of a Gamma number, which cannot fall to 0 where k is small.
--- Source: Marsaglia and Tsang 2000, ACM TOMS 26:363-372, with its rule
--- Gamma(k) = Gamma(k + 1) U^(1/k) for k < 1.
local function log_gamma(stream, k)
  if k < 1 then return log_gamma(stream, k + 1) + math.log(1 - stream:unit()) / k end
  local d = k - 1 / 3
  local c = 1 / math.sqrt(9 * d)
  while true do
    local x = normal(stream)
    local v = (1 + c * x) ^ 3
    if v > 0 and math.log(1 - stream:unit()) < x * x / 2 + d - d * v + d * math.log(v) then
      return math.log(d * v)
    end
  end
end

local function check(value, what)
  if type(value) ~= "number" or not (value > 0 and value < math.huge) then
    error(("%s: a number above 0 is expected"):format(what), 3)
  end
end

--- A number from the Gamma distribution with shape k and scale 1.
---@param stream { unit: fun(self): number }
---@param k number
---@return number
function draws.gamma(stream, k)
  check(k, "gamma")
  return rounded(math.exp(log_gamma(stream, k)))
end

--- A number from the Beta distribution, as X / (X + Y) of Gamma numbers: with
--- a = 1 + hits and b = 1 + misses what a share may be after so many trials.
---@param stream { unit: fun(self): number }
---@param a number
---@param b number
---@return number
function draws.beta(stream, a, b)
  check(a, "beta")
  check(b, "beta")
  local x = log_gamma(stream, a)
  return rounded(1 / (1 + math.exp(log_gamma(stream, b) - x)))
end

return draws

--- Intervals: how far a measured number may be from the true one.
local intervals = {}

--- The standard normal deviate of a two-sided 95 % interval.
intervals.Z95 = 1.959963984540054

--- Wilson's score interval of a share: with p = k/n,
--- (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n).
--- Source: Wilson 1927, JASA 22:209-212. Without trials it is 0 to 1.
---@param hits integer k
---@param trials integer n
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number low
---@return number high
function intervals.wilson(hits, trials, z)
  assert(hits >= 0 and hits <= trials, "more hits than trials")
  if trials == 0 then return 0, 1 end
  z = z or intervals.Z95
  local p, zz = hits / trials, z * z / trials
  local middle = p + zz / 2
  local half = z * math.sqrt(p * (1 - p) / trials + zz / (4 * trials))
  -- The ends are exact where all or none hit, whatever the rounding.
  local low = hits == 0 and 0 or (middle - half) / (1 + zz)
  local high = hits == trials and 1 or (middle + half) / (1 + zz)
  return low, high
end

--- The interval of the difference of two shares of the same questions: Wald's with half a
--- question more in each of the four cells, which holds for few questions and never has
--- no width. Source: Agresti and Min 2005, Statistics in Medicine 24:729-740.
---@param gains integer Questions that only the first one hits.
---@param losses integer Questions that only the second one hits.
---@param trials integer Questions.
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number low
---@return number high
function intervals.matched(gains, losses, trials, z)
  assert(gains >= 0 and losses >= 0 and gains + losses <= trials, "more differences than questions")
  local n, difference = trials + 2, gains - losses
  local half = (z or intervals.Z95) * math.sqrt(gains + losses + 1 - difference * difference / n) / n
  return math.max(-1, difference / n - half), math.min(1, difference / n + half)
end

---@param values number[] Not empty.
---@return number
function intervals.mean(values)
  local sum = 0
  for _, value in ipairs(values) do sum = sum + value end
  return sum / #values
end

--- The ends of the middle part of bootstrap estimates: of B, sorted, those at
--- (B+1)(1-level)/2 from either end, rounded down, at least the outermost.
--- Source: Efron and Tibshirani 1993, chapter 13 (percentile interval).
---@param estimates number[] Sorted in place.
---@param level? number 0.95 by default.
---@return number low
---@return number high
function intervals.percentile(estimates, level)
  local n = #estimates
  assert(n > 0, "no estimates")
  table.sort(estimates)
  -- The tail of level 0.95 is a hair below 0.025, hence the small addition.
  local from_end = (n + 1) * (1 - (level or 0.95)) / 2 + 1e-9
  local k = math.max(1, math.floor(from_end))
  return estimates[k], estimates[n + 1 - k]
end

---@class advisor.measure.Bootstrap
---@field samples? integer 1999 by default: (samples + 1) * 0.025 is whole.
---@field level? number 0.95 by default.
---@field statistic? fun(values: any[]): number The mean by default; must not keep the list.

--- Bootstrap percentile interval of a statistic of one sample.
--- Source: Efron 1979, Annals of Statistics 7:1-26; Efron and Tibshirani 1993.
---@param values any[] Not empty.
---@param rng { integer: fun(self, low: integer, high: integer): integer }
---@param options? advisor.measure.Bootstrap
---@return number low
---@return number high
---@return number estimate The statistic of the sample itself.
function intervals.bootstrap(values, rng, options)
  assert(#values > 0, "no values")
  options = options or {}
  local statistic = options.statistic or intervals.mean
  local n, estimates, drawn = #values, {}, {}
  for i = 1, options.samples or 1999 do
    for k = 1, n do drawn[k] = values[rng:integer(1, n)] end
    estimates[i] = statistic(drawn)
  end
  local low, high = intervals.percentile(estimates, options.level)
  return low, high, statistic(values)
end

return intervals

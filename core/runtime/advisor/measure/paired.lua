--- Means over seeds and differences of runs that share a seed, with intervals that
--- hold for few of them.
---
--- The percentile bootstrap of ten values covers about 90 % where 95 % are said, since
--- its draws vary by (n - 1) / n too little and know no Student's t. The expanded one
--- takes quantiles further out, such that it equals Student's interval where values are
--- normal, and still leans to the side that the values lean to. The studentized one
--- (bootstrap-t) holds a little better for skewed values, but not for counts, which
--- tie: draws with nearly no spread of their own make ends that lie at the mean itself
--- (values of 0 or 1, 30 % ones, n = 10: it covers 86 %, n = 5: 36 %). Below eight
--- values there are few different draws, and Student's t is used, which takes the
--- values for normal ones. tests/bench/statistics measures how often all this holds.
--- Sources: Student 1908, Biometrika 6:1-25; Hesterberg 2015, The American Statistician
--- 69:371-386 (expanded percentile interval: section 5.3 of arXiv 1411.5279).
local intervals = require("advisor.measure.intervals")

local paired = {}

local FEW = 8

--- Values that differ by less, as a part of the largest, are alike but for rounding.
local ALIKE = 1e-12

--- Two-sided 95 % points of Student's t for few degrees of freedom.
local STUDENT = { 12.7062047, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119 }

--- The same for any degrees of freedom: beyond the table by Fisher's expansion, which
--- errs by less than 0.001 there. Source: Abramowitz and Stegun 1964, 26.7.5.
local function student(freedom)
  if STUDENT[freedom] then return STUDENT[freedom] end
  local z, v = intervals.Z95, freedom
  return z + (z ^ 3 + z) / (4 * v) + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / (96 * v ^ 2)
    + (3 * z ^ 7 + 19 * z ^ 5 + 17 * z ^ 3 - 15 * z) / (384 * v ^ 3)
end

--- How often a standard normal number lies beyond z >= 0, to 1e-7. Source: Abramowitz
--- and Stegun 1964, 26.2.17.
local function beyond(z)
  local t = 1 / (1 + 0.2316419 * z)
  local sum = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * sum
end

--- The level at which the percentile interval of n values is taken for 95 %.
local function expanded(n)
  return 1 - 2 * beyond(math.sqrt(n / (n - 1)) * student(n - 1))
end

local function mean_and_deviation(values)
  local n, mean, square = #values, intervals.mean(values), 0
  for _, value in ipairs(values) do square = square + (value - mean) ^ 2 end
  return mean, n > 1 and math.sqrt(square / (n - 1)) or 0
end

local function are_alike(values)
  local least, most = math.min(table.unpack(values)), math.max(table.unpack(values))
  return most - least <= ALIKE * math.max(1, math.abs(least), math.abs(most))
end

--- The mean of some values with its 95 % interval.
---@param values number[] Not empty: one for each seed.
---@param rng { integer: fun(self, low: integer, high: integer): integer }
---@return { n: integer, mean: number, deviation: number, low: number|nil, high: number|nil } No
---interval for one value, nor for values that are all alike: they do not say how far off another
---one would be.
function paired.mean(values, rng)
  local n = #values
  if are_alike(values) then return { n = n, mean = values[1], deviation = 0 } end
  local mean, deviation = mean_and_deviation(values)
  local found = { n = n, mean = mean, deviation = deviation }
  if n < FEW then
    local half = student(n - 1) * deviation / math.sqrt(n)
    found.low, found.high = mean - half, mean + half
  else
    found.low, found.high = intervals.bootstrap(values, rng, { level = expanded(n) })
  end
  return found
end

--- The difference of values that belong together.
---@param a number[] One for each seed.
---@param b number[] As many, of the same seeds in the same order.
---@param rng { integer: fun(self, low: integer, high: integer): integer }
---@return table difference As of `paired.mean`, of a[i] - b[i], with `effect`: Hedges' g of paired
---values, (mean / deviation) * (1 - 3 / (4 (n - 1) - 1)); nil where all differences are alike or
---there are fewer than three, of which the factor leaves nothing.
---Source: Hedges 1981, J Educ Stat 6:107-128; Lakens 2013, Front Psychol 4:863.
function paired.difference(a, b, rng)
  local differences = {}
  for i = 1, #a do differences[i] = a[i] - b[i] end
  local found = paired.mean(differences, rng)
  if found.n > 2 and found.deviation > 0 then
    found.effect = found.mean / found.deviation * (1 - 3 / (4 * (found.n - 1) - 1))
  end
  return found
end

--- Whether the interval of a difference leaves out 0, and whether that is for the better.
---@param found table As of `paired.difference`.
---@param more integer What is better: 1 more, -1 less, 0 neither.
---@return string verdict "better", "worse"; "differs" where neither is better; "" where 0 is inside, or
---there is no interval.
function paired.verdict(found, more)
  if not found.low or found.low <= 0 and found.high >= 0 then return "" end
  if more == 0 then return "differs" end
  return (found.mean > 0) == (more > 0) and "better" or "worse"
end

return paired

--- Means over seeds and differences of runs that share a seed, with intervals that
--- hold for few of them.
---
--- The percentile bootstrap of ten values covers about 90 % where 95 % are said; the
--- studentized one (bootstrap-t) divides each draw by its own standard error and
--- comes close to 95 %. Below five values a draw's standard error says little, and
--- Student's t is used, which takes the values for normal ones.
--- Sources: Student 1908, Biometrika 6:1-25; Efron and Tibshirani 1993, chapter 12.
local paired = {}

--- Two-sided 95 % points of Student's t by degrees of freedom.
local STUDENT = { 12.7062047, 4.3026527, 3.1824463 }

local FEW = 5
local SAMPLES = 1999

local function mean_and_deviation(values)
  local n, sum = #values, 0
  for _, value in ipairs(values) do sum = sum + value end
  local mean, square = sum / n, 0
  for _, value in ipairs(values) do square = square + (value - mean) ^ 2 end
  return mean, n > 1 and math.sqrt(square / (n - 1)) or 0
end

--- Sorted (mean* - mean) / standard error* of bootstrap draws; draws of one value
--- only, which have no standard error, are left out.
local function studentized(values, mean, rng)
  local n, list, drawn = #values, {}, {}
  for _ = 1, SAMPLES do
    for i = 1, n do drawn[i] = values[rng:integer(1, n)] end
    local center, deviation = mean_and_deviation(drawn)
    if deviation > 0 then list[#list + 1] = (center - mean) / (deviation / math.sqrt(n)) end
  end
  table.sort(list)
  return list
end

--- The mean of some values with its 95 % interval.
---@param values number[] Not empty: one for each seed.
---@param rng { integer: fun(self, low: integer, high: integer): integer }
---@return { n: integer, mean: number, deviation: number, low: number|nil, high: number|nil } No
---interval for one value.
function paired.mean(values, rng)
  local mean, deviation = mean_and_deviation(values)
  local n = #values
  local found = { n = n, mean = mean, deviation = deviation }
  if n < 2 then return found end
  local error_of_mean = deviation / math.sqrt(n)
  if deviation == 0 then
    found.low, found.high = mean, mean
  elseif n < FEW then
    found.low = mean - STUDENT[n - 1] * error_of_mean
    found.high = mean + STUDENT[n - 1] * error_of_mean
  else
    local list = studentized(values, mean, rng)
    local outer = math.max(1, math.floor((#list + 1) * 0.025))
    found.low = mean - list[#list + 1 - outer] * error_of_mean
    found.high = mean - list[outer] * error_of_mean
  end
  return found
end

--- The difference of values that belong together.
---@param a number[] One for each seed.
---@param b number[] As many, of the same seeds in the same order.
---@param rng { integer: fun(self, low: integer, high: integer): integer }
---@return table difference As of `paired.mean`, of a[i] - b[i], with `effect`: Hedges' g of paired
---values, (mean / deviation) * (1 - 3 / (4 (n - 1) - 1)); nil where all differences are alike or
---there is one. Source: Hedges 1981, J Educ Stat 6:107-128; Lakens 2013, Front Psychol 4:863.
function paired.difference(a, b, rng)
  local differences = {}
  for i = 1, #a do differences[i] = a[i] - b[i] end
  local found = paired.mean(differences, rng)
  if found.n > 1 and found.deviation > 0 then
    found.effect = found.mean / found.deviation * (1 - 3 / (4 * (found.n - 1) - 1))
  end
  return found
end

return paired

--- Intervals of measures of a mix by the delta method: the measure is taken as
--- linear around what was counted. They hold for items drawn independently of
--- each other; advice steers a run, so there they are a guide only.
local distance = require("advisor.measure.distance")
local intervals = require("advisor.measure.intervals")
local shares = require("advisor.measure.shares")

local delta = {}

--- The standard error of sum w_i p_i for a mix p of n items: the variance of a
--- multinomial's linear form is (sum w² p - (sum w p)²) / n.
local function standard_error(cells, p, weight, n)
  local first, second = 0, 0
  for _, name in ipairs(cells) do
    if p[name] > 0 then
      local w = weight(name)
      first, second = first + w * p[name], second + w * w * p[name]
    end
  end
  return math.sqrt(math.max(second - first * first, 0) / n)
end

local function cut(value, half)
  return math.max(value - half, 0), math.min(value + half, 1)
end

--- Shannon evenness with its interval. The variance of the entropy is
--- (sum p ln² p - H²) / n. Source: Basharin 1959, Theory of Probability and its
--- Applications 4:333-336. The estimate is too low by about (S-1)/(2 n ln S),
--- which is not corrected.
---@param counts table<string, integer> Empty cells with 0.
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number evenness As `shares.evenness`.
---@return number low 0 without items.
---@return number high 1 without items.
function delta.evenness(counts, z)
  local cells, total = shares.cells(counts), shares.total(counts)
  local value = shares.evenness(counts)
  if total == 0 then return value, 0, 1 end
  if #cells < 2 then return value, value, value end
  local p = shares.normalized(counts)
  local se = standard_error(cells, p, function(name) return -math.log(p[name]) end, total)
  return value, cut(value, (z or intervals.Z95) * se / math.log(#cells))
end

--- Total variation from a target mix with its interval: (1/2) sum s_i (p_i - q_i)
--- with s_i the sign of p_i - q_i. Chance alone makes it larger than 0, also for
--- a run that is on target.
---@param counts table<string, integer> Not all 0.
---@param target table<string, number>
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number distance As `distance.total_variation`.
---@return number low
---@return number high
function delta.total_variation(counts, target, z)
  local value = distance.total_variation(counts, target)
  local total, wanted = shares.total(counts), shares.total(target)
  local p = shares.normalized(counts)
  local se = standard_error(shares.cells(counts), p, function(name)
    local q = (target[name] or 0) / wanted
    return p[name] > q and 0.5 or p[name] < q and -0.5 or 0
  end, total)
  return value, cut(value, (z or intervals.Z95) * se)
end

return delta

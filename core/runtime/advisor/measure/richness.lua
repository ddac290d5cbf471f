--- How much there is that has not been seen yet.
---
--- Of a sample of n items in cells: S cells were seen, f1 of them once and f2 of
--- them twice.
local intervals = require("advisor.measure.intervals")

local richness = {}

--- S, f1, f2 and n of counts by cell.
---@param counts table<string, integer>
---@return integer seen S
---@return integer once f1
---@return integer twice f2
---@return integer items n
function richness.tally(counts)
  local seen, once, twice, items = 0, 0, 0, 0
  for _, count in next, counts do
    if count > 0 then seen = seen + 1 end
    if count == 1 then once = once + 1 end
    if count == 2 then twice = twice + 1 end
    items = items + count
  end
  return seen, once, twice, items
end

--- The unseen mass: how likely the next item lies in a cell not seen so far.
--- Estimate f1/n. Source: Good 1953, Biometrika 40:237-264 (Turing's formula).
--- Interval f1/n ± z sqrt(f1 (1 - f1/n) + 2 f2) / n, cut to 0 ... 1. Source:
--- Esty 1983, Annals of Statistics 11:905-912. (The bound of McAllester and
--- Schapire 2000 holds for any n, but is above 0.5 up to some 300 items.)
--- Where f1 = f2 = 0 the interval is empty: n then has to be large enough.
---@param once integer f1
---@param twice integer f2
---@param items integer n
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number mass 1 without items.
---@return number low
---@return number high
function richness.unseen_mass(once, twice, items, z)
  if items == 0 then return 1, 0, 1 end
  local mass = once / items
  local half = (z or intervals.Z95) * math.sqrt(once * (1 - mass) + 2 * twice) / items
  return mass, math.max(mass - half, 0), math.min(mass + half, 1)
end

--- Chao1: at least how many cells there are. With A = (n-1)/n:
---   S + A f1² / (2 f2), or where f2 = 0 the bias-corrected S + A f1 (f1-1) / 2.
--- Source: Chao 1984, Scandinavian Journal of Statistics 11:265-270.
--- Variance, with r = f1/f2: f2 (A r²/2 + A² r³ + A² r⁴/4), or where f2 = 0
--- A f1 (f1-1) / 2 + A² f1 (2 f1 - 1)² / 4 - A² f1⁴ / (4 Chao1).
--- Interval S + T/C ... S + T C with T = Chao1 - S and
--- C = exp(z sqrt(ln(1 + variance / T²))). Source: Chao 1987, Biometrics
--- 43:783-791; with A as in Chao et al. 2014, Ecological Monographs 84:45-67.
---@param seen integer S
---@param once integer f1
---@param twice integer f2
---@param items integer n
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number cells
---@return number low
---@return number high
---@return number variance
function richness.chao1(seen, once, twice, items, z)
  if items == 0 then return 0, 0, 0, 0 end
  local a = (items - 1) / items
  local cells, variance
  if twice > 0 then
    local r = once / twice
    cells = seen + a * once * once / (2 * twice)
    variance = twice * (a * r ^ 2 / 2 + a * a * r ^ 3 + a * a * r ^ 4 / 4)
  else
    cells = seen + a * once * (once - 1) / 2
    variance = a * once * (once - 1) / 2 + a * a * once * (2 * once - 1) ^ 2 / 4
      - a * a * once ^ 4 / (4 * cells)
  end
  local unseen = cells - seen
  if unseen <= 0 then return cells, seen, seen, math.max(variance, 0) end
  local c = math.exp((z or intervals.Z95) * math.sqrt(math.log(1 + variance / unseen ^ 2)))
  return cells, seen + unseen / c, seen + unseen * c, variance
end

--- The number of cells if all were equally likely: the K that solves
--- S = K (1 - exp(-n/K)). Source: Lewontin and Prout 1956, Biometrics
--- 12:211-223 (maximum likelihood in the limit). Cells that differ make it too
--- small, so it is a lower bound like Chao1, but one with less noise. It does
--- not exist (`math.huge`) as long as no cell was seen twice.
---@param seen integer S
---@param items integer n
---@return number cells
function richness.equal_cells(seen, items)
  if seen >= items then return items == 0 and 0 or math.huge end
  -- With x = n/K: (1 - exp(-x)) / x falls from 1 and is S/n in 0 ... n/S.
  local low, high = 0, items / seen
  for _ = 1, 60 do
    local x = (low + high) / 2
    if (1 - math.exp(-x)) / x > seen / items then low = x else high = x end
  end
  return math.max(items / high, seen)
end

--- For each item whether its cell is new: 1 or 0. Items without a cell are 0.
---@param cells (string|false)[] The cell of each item in order, false for none.
---@return integer[]
function richness.novelty(cells)
  local flags, known = {}, {}
  for i, cell in ipairs(cells) do
    flags[i] = cell and not known[cell] and 1 or 0
    if cell then known[cell] = true end
  end
  return flags
end

--- The share of the last `window` items that brought a new cell, with its
--- Wilson interval.
---@param flags integer[] As `novelty` makes them.
---@param window integer
---@param z? number Deviate, 1.96 (95 %) by default.
---@return number rate 1 without items.
---@return number low
---@return number high
function richness.new_cell_rate(flags, window, z)
  local from, hits = math.max(1, #flags - window + 1), 0
  for i = from, #flags do hits = hits + flags[i] end
  local n = #flags - from + 1
  local low, high = intervals.wilson(hits, n, z)
  return n > 0 and hits / n or 1, low, high
end

--- Slope of a straight line through (1, y1) ... (n, yn) by least squares, and
--- its standard error sqrt(sum of squared residuals / (n-2) / sum of squared
--- (i - mean)). As novelty slope y are flags of new cells or distances to the
--- nearest earlier item: below 0 where what is new gets less. From sums, so
--- that a window can slide in constant time.
---@param n integer
---@param sum number Of y.
---@param weighted number Sum of i * y, i from 1.
---@param squares number Sum of y².
---@return number slope 0 for fewer than two values.
---@return number error `math.huge` for fewer than three values.
function richness.slope_of_sums(n, sum, weighted, squares)
  if n < 2 then return 0, math.huge end
  local spread = n * (n * n - 1) / 12
  local joint = weighted - sum * (n + 1) / 2
  local slope = joint / spread
  if n < 3 then return slope, math.huge end
  local residuals = math.max(squares - sum * sum / n - slope * joint, 0)
  return slope, math.sqrt(residuals / (n - 2) / spread)
end

--- As `slope_of_sums` for a list of values.
---@param values number[]
---@return number slope
---@return number error
function richness.novelty_slope(values)
  local sum, weighted, squares = 0, 0, 0
  for i, y in ipairs(values) do
    sum, weighted, squares = sum + y, weighted + i * y, squares + y * y
  end
  return richness.slope_of_sums(#values, sum, weighted, squares)
end

return richness

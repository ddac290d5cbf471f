--- Shares corrected for a labeller that is sometimes wrong.
---
--- `confusion[true cell][given cell]` counts labelled examples. A labeller that
--- may answer "none" has a cell for it, in `cells` as in the counts.
local intervals = require("advisor.measure.intervals")

local confusion = {}

--- Below this share a row of the matrix says nothing that the others do not.
local SINGULAR = 1e-9

--- Solves A x = b by elimination with the largest pivot of each column; both
--- are overwritten. Nil where A has no inverse.
local function solve(a, b)
  local n = #b
  for k = 1, n do
    local best = k
    for i = k + 1, n do
      if math.abs(a[i][k]) > math.abs(a[best][k]) then best = i end
    end
    if math.abs(a[best][k]) < SINGULAR then return nil end
    a[k], a[best], b[k], b[best] = a[best], a[k], b[best], b[k]
    for i = k + 1, n do
      local factor = a[i][k] / a[k][k]
      for j = k, n do a[i][j] = a[i][j] - factor * a[k][j] end
      b[i] = b[i] - factor * b[k]
    end
  end
  for k = n, 1, -1 do
    for j = k + 1, n do b[k] = b[k] - a[k][j] * b[j] end
    b[k] = b[k] / a[k][k]
  end
  return b
end

local function sum_of(row)
  local sum = 0
  for _, value in ipairs(row) do sum = sum + value end
  return sum
end

--- Negative shares are set to 0 and the rest scaled to sum 1.
local function clipped(x)
  for i, value in ipairs(x) do x[i] = math.max(value, 0) end
  local sum = sum_of(x)
  for i, value in ipairs(x) do x[i] = value / sum end
  return x
end

--- From rows of examples and counts of given labels, all by position, to the
--- shares of true cells.
local function invert(rows, given)
  local a, b, total = {}, {}, sum_of(given)
  for j = 1, #given do
    a[j], b[j] = {}, given[j] / total
    for i = 1, #given do a[j][i] = rows[i][j] / sum_of(rows[i]) end
  end
  local x = solve(a, b)
  return x and clipped(x)
end

--- As many draws from the counts as they sum to.
local function redraw(row, rng)
  local owner, drawn = {}, {}
  for j, count in ipairs(row) do
    drawn[j] = 0
    for _ = 1, count do owner[#owner + 1] = j end
  end
  for _ = 1, #owner do
    local j = owner[rng:integer(1, #owner)]
    drawn[j] = drawn[j] + 1
  end
  return drawn
end

local function by_position(counts, cells)
  local row = {}
  for i, name in ipairs(cells) do row[i] = counts[name] or 0 end
  return row
end

--- Bootstrap estimates of each cell's share; draws that cannot be inverted are
--- left out and counted.
local function bootstrap(rows, given, rng, samples)
  local estimates, failed = {}, 0
  for i = 1, #given do estimates[i] = {} end
  for _ = 1, samples do
    local drawn = {}
    for i, row in ipairs(rows) do drawn[i] = redraw(row, rng) end
    local x = invert(drawn, redraw(given, rng))
    for i, share in ipairs(x or {}) do table.insert(estimates[i], share) end
    if not x then failed = failed + 1 end
  end
  return estimates, failed
end

--- The true shares p behind the given labels: with M_ij the share of examples
--- of true cell i that were labelled j, the labels' shares are q = M'p, so
--- p = inv(M') q, clipped to shares (negative ones to 0, then scaled to sum 1).
--- For two cells it is (q + specificity - 1) / (sensitivity + specificity - 1).
--- Source: Rogan and Gladen 1978, Am J Epidemiol 107:71-76; as matrix inversion
--- Greenland and Kleinbaum 1983, Int J Epidemiol 12:93-97.
--- The intervals are bootstrap percentile ones over both the examples (each true
--- cell redrawn on its own) and the sample. They are left out where more than
--- half of the draws could not be inverted.
---@param counts table<string, integer> Items by given label.
---@param examples table<string, table<string, integer>> By true cell, given label.
---@param cells string[] In the order of the result.
---@param rng? { integer: fun(self, low: integer, high: integer): integer } None: no intervals.
---@param options? { samples?: integer, level?: number } 999 and 0.95 by default.
---@return { cell: string, share: number, low?: number, high?: number }[]?
---@return integer|string failed Draws that could not be inverted; of a failure, the message.
---@return string? code "EINVAL" where a cell has no examples or the matrix no inverse.
function confusion.corrected(counts, examples, cells, rng, options)
  local given, rows = by_position(counts, cells), {}
  if sum_of(given) == 0 then return nil, "there are no labelled items", "EINVAL" end
  for i, name in ipairs(cells) do
    rows[i] = by_position(examples[name] or {}, cells)
    if sum_of(rows[i]) == 0 then
      return nil, ("there are no examples of '%s'"):format(name), "EINVAL"
    end
  end
  local x = invert(rows, given)
  if not x then
    return nil, "the labeller does not tell its cells apart: the confusion matrix is singular",
      "EINVAL"
  end
  options = options or {}
  local samples = rng and options.samples or rng and 999 or 0
  local estimates, failed = bootstrap(rows, given, rng, samples)
  local result = {}
  for i, name in ipairs(cells) do
    result[i] = { cell = name, share = x[i] }
    if rng and failed * 2 <= samples then
      result[i].low, result[i].high = intervals.percentile(estimates[i], options.level)
    end
  end
  return result, failed
end

return confusion

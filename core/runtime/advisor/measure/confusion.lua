--- Shares corrected for a labeller that is sometimes wrong.
---
--- `confusion[true cell][given label]` counts labelled examples. A labeller may
--- have more answers than there are true cells, such as "none".
local intervals = require("advisor.measure.intervals")

local confusion = {}

--- Below this share a row of the matrix says nothing that the others do not.
local SINGULAR = 1e-9

--- Most draws for one bootstrap sample of the items, whatever their number.
local MOST_DRAWS = 1000

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
    local pivot = a[k]
    for i = k + 1, n do
      local row = a[i]
      if row[k] ~= 0 then
        local factor = row[k] / pivot[k]
        for j = k, n do row[j] = row[j] - factor * pivot[j] end
        b[i] = b[i] - factor * b[k]
      end
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

--- A'A and A'b: the least squares solution where there are more equations than
--- unknowns.
local function normal_equations(a, b, n)
  local square, right = {}, {}
  for i = 1, n do square[i], right[i] = {}, 0 end
  for k, row in ipairs(a) do
    for i = 1, n do
      if row[i] ~= 0 then
        right[i] = right[i] + row[i] * b[k]
        for j = 1, n do square[i][j] = (square[i][j] or 0) + row[i] * row[j] end
      end
    end
  end
  for i = 1, n do
    for j = 1, n do square[i][j] = square[i][j] or 0 end
  end
  return square, right
end

--- From rows of examples and shares of given labels, all by position, to the
--- shares of true cells.
local function invert(rows, given)
  local a, b, sums = {}, {}, {}
  for i, row in ipairs(rows) do sums[i] = sum_of(row) end
  for j = 1, #given do
    a[j], b[j] = {}, given[j]
    for i = 1, #rows do a[j][i] = rows[i][j] / sums[i] end
  end
  if #given > #rows then a, b = normal_equations(a, b, #rows) end
  local x = solve(a, b)
  return x and clipped(x)
end

--- Draws so many times from counts, each position as often as it was counted, and
--- counts what was drawn. Costs nothing for what is not drawn, however many there are.
---@return fun(draws: integer): integer[]
local function redrawer(counts, rng)
  local upto, total = {}, 0
  for j, count in ipairs(counts) do
    total = total + count
    upto[j] = total
  end
  return function(draws)
    local drawn = {}
    for j = 1, #counts do drawn[j] = 0 end
    for _ = 1, draws do
      local at, low, high = rng:integer(1, total), 1, #counts
      while low < high do
        local middle = (low + high) // 2
        if upto[middle] >= at then high = middle else low = middle + 1 end
      end
      drawn[low] = drawn[low] + 1
    end
    return drawn
  end
end

--- A sampler of the given labels' shares. Of many items fewer are drawn, m of n,
--- and the deviation scaled by sqrt(m/n), so that its variance is that of n draws
--- (the rescaling of Rao and Wu 1988, JASA 83:231-241).
local function share_sampler(counts, rng)
  local total, redraw = sum_of(counts), redrawer(counts, rng)
  local draws = math.min(total, MOST_DRAWS)
  local scale = math.sqrt(draws / total)
  return function()
    local drawn = redraw(draws)
    for j, count in ipairs(counts) do
      local share = count / total
      drawn[j] = share + (drawn[j] / draws - share) * scale
    end
    return drawn
  end
end

local function by_position(counts, cells)
  local row = {}
  for i, name in ipairs(cells) do row[i] = counts[name] or 0 end
  return row
end

local function scaled(counts)
  local total, p = sum_of(counts), {}
  for j, count in ipairs(counts) do p[j] = count / total end
  return p
end

--- Bootstrap estimates of each cell's share; draws that cannot be inverted are
--- left out and counted.
local function bootstrap(rows, given, rng, samples)
  local estimates, redraws, sizes, failed = {}, {}, {}, 0
  local shares = share_sampler(given, rng)
  for i, row in ipairs(rows) do
    estimates[i], redraws[i], sizes[i] = {}, redrawer(row, rng), sum_of(row)
  end
  for _ = 1, samples do
    local drawn = {}
    for i in ipairs(rows) do drawn[i] = redraws[i](sizes[i]) end
    local x = invert(drawn, shares())
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
--- Greenland and Kleinbaum 1983, Int J Epidemiol 12:93-97. Where the labeller has
--- more answers than there are cells, the equations are solved by least squares.
--- The intervals are bootstrap percentile ones over both the examples (each true
--- cell redrawn on its own) and the sample. They are left out where more than
--- half of the draws could not be inverted.
---@param counts table<string, integer> Items by given label.
---@param examples table<string, table<string, integer>> By true cell, given label.
---@param cells string[] In the order of the result.
---@param rng? { integer: fun(self, low: integer, high: integer): integer } None: no intervals.
---@param options? { samples?: integer, level?: number, answers?: string[] } 999, 0.95 and the
--- cells by default; `answers` are the labels that the labeller may give.
---@return { cell: string, share: number, low?: number, high?: number }[]?
---@return integer|string failed Draws that could not be inverted; of a failure, the message.
---@return string? code "EINVAL" where a cell has no examples or the matrix no inverse.
function confusion.corrected(counts, examples, cells, rng, options)
  options = options or {}
  local answers = options.answers or cells
  local given, rows = by_position(counts, answers), {}
  if sum_of(given) == 0 then return nil, "there are no labelled items", "EINVAL" end
  for i, name in ipairs(cells) do
    rows[i] = by_position(examples[name] or {}, answers)
    if sum_of(rows[i]) == 0 then
      return nil, ("there are no examples of '%s'"):format(name), "EINVAL"
    end
  end
  local x = invert(rows, scaled(given))
  if not x then
    return nil, "the labeller does not tell its cells apart: the confusion matrix is singular",
      "EINVAL"
  end
  local samples = rng and (options.samples or 999) or 0
  local estimates, failed = {}, 0
  if samples > 0 then estimates, failed = bootstrap(rows, given, rng, samples) end
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

--- How items are shared out over cells.
---
--- `counts` maps each cell's name to its number of items; cells of a taxonomy
--- that have none are in it with 0. Sums run over the sorted names, so that
--- equal counts give equal bits.
local intervals = require("advisor.measure.intervals")

local shares = {}

--- The names in sorted order.
---@param counts table<string, number>
---@return string[]
function shares.cells(counts)
  local names = {}
  for name in next, counts do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Counts labels.
---@param labels (string|false)[] The cell of each item, false for none.
---@param cells? string[] Cells that are counted even where they are empty.
---@return table<string, integer> counts
---@return integer unlabelled
function shares.count(labels, cells)
  local counts, unlabelled = {}, 0
  for _, name in ipairs(cells or {}) do counts[name] = 0 end
  for _, name in ipairs(labels) do
    if name then counts[name] = (counts[name] or 0) + 1 else unlabelled = unlabelled + 1 end
  end
  return counts, unlabelled
end

---@param counts table<string, number>
---@return number
function shares.total(counts)
  local sum = 0
  for _, name in ipairs(shares.cells(counts)) do sum = sum + counts[name] end
  return sum
end

--- Each cell's share p = count / total, 0 where there are no items at all.
---@param counts table<string, number>
---@return table<string, number>
function shares.normalized(counts)
  local total, p = shares.total(counts), {}
  for _, name in ipairs(shares.cells(counts)) do
    p[name] = total > 0 and counts[name] / total or 0
  end
  return p
end

--- Count and share of each cell with its Wilson interval, sorted by name. The
--- intervals hold for each cell on its own, not for all of them together.
---@param counts table<string, integer>
---@param z? number Deviate, 1.96 (95 %) by default.
---@return { cell: string, count: integer, share: number, low: number, high: number }[]
function shares.of(counts, z)
  local total, p, rows = shares.total(counts), shares.normalized(counts), {}
  for i, name in ipairs(shares.cells(counts)) do
    local low, high = intervals.wilson(counts[name], total, z)
    rows[i] = { cell = name, count = counts[name], share = p[name], low = low, high = high }
  end
  return rows
end

--- Entropy in nats: H = -sum p ln p. Source: Shannon 1948. 0 without items.
---@param counts table<string, number>
---@return number
function shares.entropy(counts)
  local p, sum = shares.normalized(counts), 0
  for _, name in ipairs(shares.cells(counts)) do
    if p[name] > 0 then sum = sum - p[name] * math.log(p[name]) end
  end
  return sum
end

--- Shannon evenness J = H / ln S, from 0 (all in one cell) to 1 (all equal).
--- Source: Pielou 1966. S is the number of cells in `counts`, empty ones
--- included: a cell that is missed makes a data set less even. 1 where there is
--- only one cell, 0 without items.
---@param counts table<string, number>
---@return number
function shares.evenness(counts)
  local cells = #shares.cells(counts)
  if shares.total(counts) == 0 then return 0 end
  return cells < 2 and 1 or shares.entropy(counts) / math.log(cells)
end

--- Simpson's diversity 1 - sum p²: how likely two items, drawn with
--- replacement, lie in different cells. Source: Simpson 1949 (Gini's form). 0
--- without items.
---@param counts table<string, number>
---@return number
function shares.simpson(counts)
  local p, sum = shares.normalized(counts), 0
  for _, name in ipairs(shares.cells(counts)) do sum = sum + p[name] * p[name] end
  return sum > 0 and 1 - sum or 0
end

--- How many cells hold at least `least` items, and what share of all cells.
---@param counts table<string, number>
---@param least? number 1 by default.
---@return integer covered
---@return number share 0 where there are no cells.
function shares.covered(counts, least)
  local cells, covered = shares.cells(counts), 0
  for _, name in ipairs(cells) do
    if counts[name] >= (least or 1) then covered = covered + 1 end
  end
  return covered, #cells > 0 and covered / #cells or 0
end

--- The smallest count over the largest: 1 where all cells are equal, 0 where
--- one is empty.
---@param counts table<string, number>
---@return number
function shares.balance(counts)
  local least, most = math.huge, 0
  for _, count in next, counts do
    least, most = math.min(least, count), math.max(most, count)
  end
  return most > 0 and least / most or 0
end

return shares

--- Coverage: kept items counted in the cells of a taxonomy, as each state saw
--- them. Cells are known from the start (closed taxonomy), or also come to be
--- as advice names them (open).
local correction = require("advisor.engine.correction")
local intervals = require("advisor.measure.intervals")

local coverage = {}
coverage.__index = coverage

--- Begins to count.
---@param taxonomy table `{ cells = list of { name, parent, description, want, minimum }, open =
---boolean }`
function coverage.new(taxonomy)
  local self = setmetatable({ open = taxonomy.open, cells = {}, by_name = {}, sizes = {},
    deltas = {},
    unlabelled = 0, newest = 0, seen = {} }, coverage)
  for _, cell in ipairs(taxonomy.cells) do self:add_cell(cell) end
  self.sizes[0] = #self.cells
  return self
end

function coverage:add_cell(cell)
  if self.by_name[cell.name] then return end
  local known = { name = cell.name, parent = cell.parent, description = cell.description,
    want = cell.want,
    minimum = cell.minimum, count = 0 }
  self.cells[#self.cells + 1], self.by_name[cell.name] = known, known
end

--- Takes in a committed round.
---@param round integer
---@param advice table[]
---@param kept table[] With `cell`, or none.
function coverage:add_round(round, advice, kept)
  local delta = { unlabelled = 0, counts = {} }
  if self.open then
    for _, piece in ipairs(advice) do
      if piece.target then self:add_cell({ name = piece.target }) end
    end
  end
  for _, item in ipairs(kept) do
    if item.cell and self.open then self:add_cell({ name = item.cell }) end
    local cell = item.cell and self.by_name[item.cell]
    if cell then
      cell.count = cell.count + 1
      delta.counts[cell.name] = (delta.counts[cell.name] or 0) + 1
    else
      delta.unlabelled = delta.unlabelled + 1
      self.unlabelled = self.unlabelled + 1
    end
  end
  self:close_round(round, delta)
end

--- Ends a round that added nothing.
function coverage:skip_round(round)
  self:close_round(round, { unlabelled = 0, counts = {} })
end

function coverage:close_round(round, delta)
  self.deltas[round], self.sizes[round], self.newest = delta, #self.cells, round
end

--- Forgets how to look back to before a round.
function coverage:forget_before(round)
  self.deltas[round], self.sizes[round - 1] = nil, nil
  self.seen[round - 1] = nil
end

--- From now on, coverage is corrected for the labeller's mistakes.
---@param examples table From `correction.count`.
---@param seed integer Of the run.
function coverage:correct_by(examples, seed)
  self.mistakes, self.seed, self.seen = examples, seed, {}
end

--- How many cells hold items now, and how many there are.
---@return integer covered
---@return integer all
function coverage:covered()
  local covered = 0
  for _, cell in ipairs(self.cells) do
    if cell.count > 0 then covered = covered + 1 end
  end
  return covered, #self.cells
end

--- What later rounds added, by cell.
local function added_since(self, round)
  local added, unlabelled = {}, 0
  for later = round + 1, self.newest do
    local delta = self.deltas[later]
    unlabelled = unlabelled + delta.unlabelled
    for name, count in next, delta.counts do added[name] = (added[name] or 0) + count end
  end
  return added, unlabelled
end

--- Coverage as the state after a round saw it.
---@param round integer
---@return table `{ cells = list of { cell, parent, description, count, share, low, high, want,
---minimum }, total,
---unlabelled, open }`; low and high are the Wilson interval (95 %) on the share. Where the
---labeller was checked, with what `correction.apply` adds.
function coverage:at(round)
  if not self.mistakes then return self:counted(round) end
  if not self.seen[round] then
    local found = self:counted(round)
    if found.total + found.unlabelled > 0 then
      correction.apply(found, self.mistakes, correction.stream(self.seed, round))
    end
    self.seen[round] = found
  end
  return self.seen[round]
end

--- Coverage as the labeller gave it.
function coverage:counted(round)
  local added, unlabelled = added_since(self, round)
  local list, total = {}, 0
  for i = 1, self.sizes[round] do
    local cell = self.cells[i]
    local count = cell.count - (added[cell.name] or 0)
    total = total + count
    list[i] = { cell = cell.name, parent = cell.parent, description = cell.description,
      count = count,
      want = cell.want, minimum = cell.minimum }
  end
  for _, cell in ipairs(list) do
    cell.share = total > 0 and cell.count / total or 0
    if total > 0 then
      cell.low, cell.high = intervals.wilson(cell.count, total)
    else
      cell.low, cell.high = 0, 1
    end
  end
  return { cells = list, total = total, unlabelled = self.unlabelled - unlabelled,
    open = self.open }
end

return coverage

--- When to stop: whether more drafts would bring new cells.
---
--- The rule. A run is saturated when all of this holds:
---  1. `min_drafts` drafts had a cell;
---  2. with probability `confidence` or more, at most the share `threshold` of
---     all reachable cells is still missing. With S cells seen, at most
---     floor(S t / (1-t)) may be missing, t the threshold; the number missing is
---     taken as Poisson with mean max(K - S, Chao1 - S), K the number of cells
---     if all were equally likely (Lewontin and Prout 1956: little noise), Chao1
---     (1984: sees that cells differ);
---  3. the Good-Turing unseen mass is at most `threshold` (with equal cells this
---     follows from 2);
---  4. the new-cell rate over the window is not above `threshold` beyond chance
---     (lower end of the one-sided 95 % Wilson interval): the generator does not
---     just now find new ground. The window is the last max(`window`, S) drafts,
---     since S equal cells need some S drafts to show one new cell;
---  5. the novelty slope over the window is not above 0 beyond chance.
---
--- Steered runs draw many drafts from one cell in a row, so a cell's second draft
--- says little. Where the caller names a unit (round, advice) for each draft, a
--- cell counts once for each unit in 2 and 3, as in Chao2 (Chao 1987): cells
--- each found in one round only are cells found once.
---
--- Drafts without a cell (false) say nothing about cells and are only counted.
--- `tests/bench/saturation.lua` prints what threshold and confidence do.
local intervals = require("advisor.measure.intervals")
local richness = require("advisor.measure.richness")

local saturation = {}

saturation.defaults = { threshold = 0.05, confidence = 0.85, window = 30, min_drafts = 30 }

--- The standard normal deviate of a one-sided 95 % bound.
local Z = 1.6448536269514722

---@class advisor.measure.Saturation
local Tracker = {}
Tracker.__index = Tracker

---@class advisor.measure.SaturationOptions
---@field threshold? number Share of cells, and of next drafts, that may be unseen; 0.05.
---@field confidence? number How likely no more cells than that are missing; 0.85.
---@field window? integer Fewest drafts looked back upon; 30.
---@field min_drafts? integer Fewest drafts with a cell; 30.

--- A tracker without drafts.
---@param options? advisor.measure.SaturationOptions
---@return advisor.measure.Saturation
function saturation.new(options)
  local self = { options = {}, drafts = 0, unlabelled = 0, items = 0, seen = 0, once = 0,
    twice = 0, counts = {}, units = {}, flags = {}, first = 1, sum = 0, weighted = 0 }
  for name, default in next, saturation.defaults do
    self.options[name] = options and options[name] or default
  end
  return setmetatable(self, Tracker)
end

--- Keeps the window's sums; one step, since S and the number of drafts grow by
--- one at most.
local function slide(self, is_new)
  local n = self.drafts - self.unlabelled
  self.flags[n] = is_new
  if is_new then self.sum, self.weighted = self.sum + 1, self.weighted + n end
  if n - self.first + 1 > math.max(self.options.window, self.seen) then
    if self.flags[self.first] then
      self.sum, self.weighted = self.sum - 1, self.weighted - self.first
    end
    self.flags[self.first] = nil
    self.first = self.first + 1
  end
end

--- Adds one draft in constant time.
---@param cell string|false
---@param unit? integer|string Round or advice; none: each draft is a unit.
function Tracker:add(cell, unit)
  self.drafts = self.drafts + 1
  if not cell then
    self.unlabelled = self.unlabelled + 1
    return
  end
  local count = self.counts[cell] or 0
  if unit == nil or self.units[cell] ~= unit then
    self.units[cell] = unit
    self.counts[cell], self.items = count + 1, self.items + 1
    if count == 0 then self.seen, self.once = self.seen + 1, self.once + 1 end
    if count == 1 then self.once, self.twice = self.once - 1, self.twice + 1 end
    if count == 2 then self.twice = self.twice - 1 end
  end
  slide(self, count == 0)
end

--- How likely a Poisson number with this mean is at most `most`.
local function poisson_at_most(most, mean)
  if mean == math.huge then return 0 end
  local term = math.exp(-mean)
  local sum = term
  for k = 1, most do
    term = term * mean / k
    sum = sum + term
  end
  return sum
end

--- Floating-point libraries differ in the last digits, which must not decide.
local function rounded(x) return math.floor(x * 1e9 + 0.5) / 1e9 end

--- What the rule looks at.
local function numbers_of(self)
  local labelled = self.drafts - self.unlabelled
  local threshold = self.options.threshold
  local n = labelled - self.first + 1
  local chao1 = richness.chao1(self.seen, self.once, self.twice, self.items)
  local equal = richness.equal_cells(self.seen, self.items)
  local missing = math.max(equal, chao1) - self.seen
  local allowed = math.floor(self.seen * threshold / (1 - threshold) + 1e-9)
  local mass, mass_low, mass_high = richness.unseen_mass(self.once, self.twice, self.items)
  local rate_low = intervals.wilson(self.sum, n, Z)
  local slope, slope_error = richness.slope_of_sums(n, self.sum,
    self.weighted - (self.first - 1) * self.sum, self.sum)
  return { drafts = self.drafts, unlabelled = self.unlabelled, cells = self.seen,
    once = self.once, twice = self.twice, chao1 = chao1, equal_cells = equal, missing = missing,
    allowed = allowed, probability = rounded(poisson_at_most(allowed, missing)),
    unseen_mass = mass, unseen_low = mass_low, unseen_high = mass_high, window = n,
    new_cells = self.sum, new_rate = n > 0 and self.sum / n or 1, new_rate_low = rate_low,
    slope = slope, slope_error = slope_error }
end

--- The verdict on the drafts so far. Its numbers stand for themselves in a log:
--- `waiting_for` names what is not yet so, nil where the run is saturated.
---@return { saturated: boolean, waiting_for?: string, numbers: table<string, number> }
function Tracker:verdict()
  local opt, numbers = self.options, numbers_of(self)
  local waiting_for
  if self.drafts - self.unlabelled < opt.min_drafts then
    waiting_for = "more drafts with a cell"
  elseif numbers.probability < opt.confidence then
    waiting_for = "fewer cells likely to be missing"
  elseif rounded(numbers.unseen_mass - opt.threshold) > 0 then
    waiting_for = "a smaller unseen mass"
  elseif rounded(numbers.new_rate_low - opt.threshold) > 0 then
    waiting_for = "a lower rate of new cells"
  elseif rounded(numbers.slope - Z * numbers.slope_error) > 0 then
    waiting_for = "an end of the rise in new cells"
  end
  return { saturated = waiting_for == nil, waiting_for = waiting_for, numbers = numbers }
end

--- The verdict on a sequence of drafts: a pure function.
---@param cells (string|false)[] One for each kept draft, in order; false for none.
---@param options? advisor.measure.SaturationOptions
---@param units? (integer|string)[] One for each draft.
---@return { saturated: boolean, waiting_for?: string, numbers: table<string, number> }
function saturation.of(cells, options, units)
  local tracker = saturation.new(options)
  for i, cell in ipairs(cells) do tracker:add(cell, units and units[i]) end
  return tracker:verdict()
end

return saturation

--- How a run went, round by round: what of each measure was known after a round.
local counted = require("advisor.engine.coverage")
local delta = require("advisor.measure.delta")
local intervals = require("advisor.measure.intervals")
local richness = require("advisor.measure.richness")
local saturation = require("advisor.measure.saturation")

local curves = {}

--- Points of a curve at most: more than a figure can show cost time and nothing else.
local MOST_POINTS = 300

--- Drafts looked back upon for the share that was kept of late.
local RECENT_DRAFTS = 100

--- Whether a point is made of the i-th of n rounds: evenly spaced, the last one always.
local function is_point(i, n)
  local step = math.max(1, math.ceil(n / MOST_POINTS))
  return (n - i) % step == 0
end

--- The share kept of the last rounds that hold RECENT_DRAFTS drafts together.
local Recent = {}
Recent.__index = Recent

function Recent:add(drafts, kept)
  local list = self.rounds
  list[#list + 1] = { drafts = drafts, kept = kept }
  self.drafts, self.kept = self.drafts + drafts, self.kept + kept
  while self.drafts - list[self.first].drafts >= RECENT_DRAFTS do
    local oldest = list[self.first]
    self.drafts, self.kept = self.drafts - oldest.drafts, self.kept - oldest.kept
    self.first = self.first + 1
  end
end

local function triple(value, low, high)
  return { value = value, low = low, high = high }
end

--- The counts of a coverage by cell, and the shares wanted; nil where none are.
local function counts_of(coverage)
  local counts, target, any = {}, {}, false
  for _, cell in ipairs(coverage.cells) do
    counts[cell.cell] = cell.count
    if cell.want then target[cell.cell], any = cell.want, any or cell.want > 0 end
  end
  return counts, any and target or nil
end

local function point(round, sums, coverage, tracker, recent)
  local counts, target = counts_of(coverage)
  local numbers = tracker:verdict().numbers
  local covered = 0
  for _, count in pairs(counts) do covered = covered + (count > 0 and 1 or 0) end
  local made = { round = round, drafts = sums.drafts, kept = sums.kept, covered = covered,
    cells = #coverage.cells, tokens = sums.tokens, cost = sums.cost,
    evenness = triple(delta.evenness(counts)) }
  made.reachable = triple(richness.chao1(tracker.seen, tracker.once, tracker.twice, tracker.items))
  if target and coverage.total > 0 then
    made.distance = triple(delta.total_variation(counts, target))
  end
  if recent.drafts > 0 then
    made.kept_share = triple(recent.kept / recent.drafts, intervals.wilson(recent.kept, recent.drafts))
  end
  if numbers.window > 0 then
    made.new_rate = triple(numbers.new_rate, intervals.wilson(numbers.new_cells, numbers.window))
    made.unseen = triple(numbers.unseen_mass, numbers.unseen_low, numbers.unseen_high)
  end
  return made
end

local function add_spent(sums, spent)
  sums.tokens = sums.tokens + (spent.prompt or 0) + (spent.completion or 0)
  sums.cost = sums.cost and spent.money and sums.cost + spent.money
end

--- Follows the committed and failed rounds of a run in order.
---@param resolved table The experiment.
---@param rounds table[] In order: `{ round, state, advice, spent, drafts, kept }`, `drafts` a
---number, `kept` the list of kept items with `cell` and `target`.
---@return table found `{ points, coverage, saturation, options }`: a point for each round, or for
---300 of them evenly spaced, each measure as `{ value, low, high }` (95 %); coverage after the last
---round as `coverage:at` gives it; the verdict of measure/saturation.lua over all kept items.
function curves.of(resolved, rounds)
  local options = type(resolved.stop) == "table" and resolved.stop.saturation or nil
  local coverage = counted.new(resolved.coverage.taxonomy)
  local tracker = saturation.new(options)
  local recent = setmetatable({ rounds = {}, first = 1, drafts = 0, kept = 0 }, Recent)
  local sums, points = { drafts = 0, kept = 0, tokens = 0, cost = 0 }, {}
  for i, round in ipairs(rounds) do
    if round.state == "committed" then
      coverage:add_round(round.round, round.advice, round.kept)
    else
      coverage:skip_round(round.round)
    end
    coverage:forget_before(round.round)
    for _, item in ipairs(round.kept) do
      -- As the rule for stopping counts: steered drafts count once a round.
      tracker:add(item.cell or false, item.target and round.round or nil)
    end
    sums.drafts, sums.kept = sums.drafts + round.drafts, sums.kept + #round.kept
    add_spent(sums, round.spent)
    recent:add(round.drafts, #round.kept)
    if is_point(i, #rounds) then
      points[#points + 1] = point(round.round, sums, coverage:at(round.round), tracker, recent)
    end
  end
  return { points = points, coverage = coverage:at(coverage.newest), saturation = tracker:verdict(),
    options = tracker.options }
end

return curves

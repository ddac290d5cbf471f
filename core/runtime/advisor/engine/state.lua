--- States: immutable views of everything committed up to a round.
---
--- The lists behind them (pool, history, kept items) only grow, and a state
--- knows how much of each it sees; so a state costs the same at round 10 and at
--- round 10,000.
local core = require("advisor_core")
local readonly = require("advisor.host.readonly")
local text = require("advisor.output.text")

local state = {}

---@class advisor.Timeline
---@field pool table[] Items that may serve as exemplars: { id, text, target }.
---@field history table[] One entry for each piece of advice: { round, target, instruction, count, drafts, kept }.
---@field items table Kept items by number; see engine/items.lua.
---@field counts table<string, integer> Kept items by target, of the newest state.
---@field deltas table<integer, table> Round -> what it added to `counts`.

--- The lists and the initial state, which holds the seeds and their summary.
---@param resolved table The experiment.
---@param items table From `items.new`.
---@return table timeline
---@return table initial
function state.begin(resolved, items)
  local timeline = { pool = {}, history = {}, items = items, counts = {}, deltas = {}, newest = 0 }
  for i, item in ipairs(resolved.seeds.items) do
    timeline.pool[i] = { id = "seed-" .. i, text = item, target = resolved.seeds.summary[i] }
  end
  local initial = {
    round = 0, pool_size = #timeline.pool, history_size = 0, kept_size = 0, drafts = 0,
    summary = { text = table.concat(resolved.seeds.summary, "\n") },
    spent = { prompt = 0, completion = 0, money = 0 },
  }
  return timeline, initial
end

--- What the pool rules add for one batch (PAPER 1.2, step 4).
local POOL = {
  none = function() return {} end,
  kept = function(kept) return kept end,
  first = function(kept) return { kept[1] } end,
  batch_as_one = function(kept, round)
    local texts = {}
    for i, item in ipairs(kept) do texts[i] = item.text end
    return { { id = ("r%d"):format(round), text = text.python_list(texts) } }
  end,
}

local function add_counts(timeline, round, kept)
  local delta = {}
  for _, item in ipairs(kept) do
    local cell = item.target
    if cell then
      delta[cell] = (delta[cell] or 0) + 1
      timeline.counts[cell] = (timeline.counts[cell] or 0) + 1
    end
  end
  timeline.deltas[round] = delta
  timeline.newest = round
end

--- The state after a round, from the one before it.
---@param timeline table Grows.
---@param previous table
---@param round table `{ number, advice, kept, drafts, summary, spent, yields }`
---@param rule string Pool rule.
---@return table
function state.next(timeline, previous, round, rule)
  timeline.items:add_round(round.number, #round.kept)
  for _, item in ipairs(POOL[rule](round.kept, round.number)) do timeline.pool[#timeline.pool + 1] = item end
  for i, advice in ipairs(round.advice) do
    local made = round.yields[i] or { drafts = 0, kept = 0 }
    timeline.history[#timeline.history + 1] = {
      round = round.number, target = advice.target, instruction = advice.instruction, count = advice.count,
      gap = advice.gap, drafts = made.drafts, kept = made.kept,
    }
  end
  add_counts(timeline, round.number, round.kept)
  return {
    round = round.number, pool_size = #timeline.pool, history_size = #timeline.history,
    kept_size = timeline.items.total, drafts = previous.drafts + round.drafts, summary = round.summary,
    spent = {
      prompt = previous.spent.prompt + round.spent.prompt,
      completion = previous.spent.completion + round.spent.completion,
      money = previous.spent.money and round.spent.money and previous.spent.money + round.spent.money,
    },
  }
end

--- Kept items by target as a state saw them: the newest counts without what later
--- rounds added.
local function coverage_of(timeline, self)
  local cells, total = {}, 0
  for cell, n in next, timeline.counts do cells[cell] = n end
  for round = self.round + 1, timeline.newest do
    for cell, n in next, timeline.deltas[round] or {} do
      cells[cell] = cells[cell] > n and cells[cell] - n or nil
    end
  end
  local list = {}
  for cell, n in core.sandbox.pairs(cells) do
    list[#list + 1] = { cell = cell, count = n }
    total = total + n
  end
  return { cells = list, total = total }
end

--- What scripts get: read-only, with `gaps` once they are known.
---@param timeline table
---@param self table
---@param gaps table[]|nil
---@return table
function state.view(timeline, self, gaps)
  local coverage
  local members = {
    round = self.round, kept = self.kept_size, drafts = self.drafts,
    summary = readonly.view(self.summary), cost = readonly.view(self.spent),
    pool = readonly.prefix(timeline.pool, self.pool_size),
    items = readonly.prefix(setmetatable({}, { __index = function(_, i) return timeline.items:get(i) end }),
      self.kept_size),
    history = readonly.prefix(timeline.history, self.history_size),
    gaps = gaps and readonly.view(gaps),
  }
  return setmetatable({}, {
    __index = function(_, key)
      if key == "coverage" then
        coverage = coverage or readonly.view(coverage_of(timeline, self))
        return coverage
      end
      return members[key]
    end,
    __newindex = function(_, key)
      error(("state.%s: a state is committed and cannot be changed"):format(tostring(key)), 2)
    end,
    __metatable = false,
  })
end

return state

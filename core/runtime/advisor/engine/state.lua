--- States: immutable views of everything committed up to a round.
---
--- The lists behind them (pool, history, kept items) only grow, and a state
--- knows how much of each it sees; so a state costs the same at round 10 and at
--- round 10,000.
local coverage = require("advisor.engine.coverage")
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local counts = require("advisor.engine.counts")
local histories = require("advisor.engine.history")
local references = require("advisor.engine.references")
local text = require("advisor.output.text")
local tostring = require("advisor.host.library").tostring -- shows no addresses

local state = {}

---@class advisor.Timeline
---@field pool table[] Items that may serve as exemplars: { id, text, target }.
---@field history table From engine/history.lua; one entry for each piece of advice: { round,
---target, instruction, count, gap, drafts, kept, tokens, cells }.
---@field items table Kept items by number; see engine/items.lua.
---@field coverage table Counts by cell; see engine/coverage.lua.
---@field per_round integer Drafts that a round asks for.
---@field references table[] Files that drafts may be compared with: { name, file, count }.

--- The lists and the initial state, which holds the seeds and their summary.
---@param resolved table The experiment.
---@param items table From `items.new`.
---@return table timeline
---@return table initial
function state.begin(resolved, items)
  local timeline = {
    pool = {}, history = histories.new(), items = items, coverage = coverage.new(resolved.coverage.taxonomy),
    per_round = resolved.per_round, references = readonly.view(references.list(resolved.references)),
  }
  for i, item in ipairs(resolved.seeds.items) do
    timeline.pool[i] = { id = "seed-" .. i, text = item, target = resolved.seeds.summary[i] }
  end
  local initial = {
    round = 0, pool_size = #timeline.pool, history_size = 0, kept_size = 0, drafts = 0,
    variants = {},
    summary = { text = table.concat(resolved.seeds.summary, "\n") },
    spent = { prompt = 0, completion = 0, money = 0, calls = 0 },
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

--- The state after a round, from the one before it.
---@param timeline table Grows.
---@param previous table
---@param round table `{ number, advice, kept, drafts, summary, spent, variants }`; each piece of
---advice with what
---came of it.
---@param rule string Pool rule.
---@return table
function state.next(timeline, previous, round, rule)
  timeline.items:add_round(round.number, #round.kept)
  for _, item in ipairs(POOL[rule](round.kept, round.number)) do
    timeline.pool[#timeline.pool + 1] = item
  end
  for _, advice in ipairs(round.advice) do
    local entry = { round = round.number }
    for key, value in pairs(advice) do entry[key] = value end
    timeline.history:add(entry)
  end
  timeline.coverage:add_round(round.number, round.advice, round.kept)
  local variants = previous.variants
  if next(round.variants) then
    variants = {}
    counts.add_variants(variants, previous.variants)
    counts.add_variants(variants, round.variants)
  end
  local before, spent = previous.spent, round.spent
  return {
    round = round.number, pool_size = #timeline.pool, history_size = #timeline.history,
    kept_size = timeline.items.total, drafts = previous.drafts + round.drafts,
    summary = round.summary,
    variants = variants,
    spent = {
      prompt = before.prompt + spent.prompt, completion = before.completion + spent.completion,
      calls = before.calls + spent.calls,
      money = before.money and spent.money and before.money + spent.money,
    },
  }
end

--- The state after a round that failed: as before, under the next number.
function state.skip(timeline, previous, number)
  local copy = {}
  for key, value in pairs(previous) do copy[key] = value end
  copy.round = number
  timeline.coverage:skip_round(number)
  return copy
end

local function list_of_variants(variants)
  local list = {}
  for _, name in ipairs(options.sorted_keys(variants)) do list[#list + 1] = variants[name] end
  return list
end

--- What scripts get: read-only, with `gaps` once they are known.
---@param timeline table
---@param self table
---@param gaps table[]|nil
---@param statements table[]|nil The principles' `{ name, level, statement }`.
---@return table
function state.view(timeline, self, gaps, statements)
  local seen
  local members = {
    variants = readonly.view(list_of_variants(self.variants)),
    principles = readonly.view(statements or {}), references = timeline.references,
    round = self.round, per_round = timeline.per_round, kept = self.kept_size, drafts = self.drafts,
    summary = readonly.view(self.summary), cost = readonly.view(self.spent),
    pool = readonly.prefix(timeline.pool, self.pool_size),
    items = readonly.prefix(setmetatable({}, { __index = function(_,
      i) return timeline.items:get(i) end }),
      self.kept_size),
    history = readonly.prefix(timeline.history, self.history_size),
    gaps = gaps and readonly.view(gaps),
  }
  return setmetatable({}, {
    __index = function(_, key)
      if key == "coverage" then
        seen = seen or readonly.view(timeline.coverage:at(self.round))
        return seen
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

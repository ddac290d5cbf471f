--- The round: Data Advisor's algorithm (PAPER 1.1), in two functions. What
--- needs no order is made at once, also for several rounds; what decides over
--- the data set happens at commit, in order of rounds.
local stages = require("advisor.engine.stages")
local states = require("advisor.engine.state")
local records = require("advisor.engine.records")

local round = {}

--- Makes a round's drafts from the state it reads: compare, advise, generate,
--- a first look for duplicates, checks.
---@param run table
---@param number integer
---@param state table The state that the round reads.
---@return table made `{ number, read_round, gaps, advice, drafts }`
function round.make(run, number, state)
  local gaps = stages.compare(run, number, states.view(run.timeline, state))
  local view = states.view(run.timeline, state, gaps)
  local advice = stages.advise(run, number, view)
  local drafts = stages.generate(run, number, view, advice)
  stages.filter(run, number, "look", view, drafts, state.kept_size + 1)
  stages.check(run, number, drafts)
  return { number = number, read_round = state.round, gaps = gaps, advice = advice, drafts = drafts }
end

--- Drafts beyond `accept` are paid for, but not part of the data set.
local function mark_surplus(drafts, room)
  for _, draft in ipairs(stages.alive(drafts)) do
    if room <= 0 then draft.verdict = "surplus" end
    room = room - 1
  end
end

local function kept_items(number, drafts)
  local items = {}
  for _, draft in ipairs(stages.alive(drafts)) do
    items[#items + 1] = { id = records.item_id(number, draft.index), text = draft.text, target = draft.target,
      meta = draft.meta }
  end
  return items
end

local function yields_of(drafts)
  local yields = {}
  for _, draft in ipairs(drafts) do
    local made = yields[draft.advice] or { drafts = 0, kept = 0 }
    yields[draft.advice] = made
    made.drafts = made.drafts + 1
    if draft.verdict == "kept" then made.kept = made.kept + 1 end
  end
  return yields
end

--- Decides over a round's drafts against everything committed before, and makes
--- the next state: filter, select, index, summarize.
---@param run table
---@param made table From `round.make`.
---@param state table The state after the round before this one.
---@return table result What `records.commit_round` stores.
function round.decide(run, made, state)
  local number, drafts = made.number, made.drafts
  local view = states.view(run.timeline, state, made.gaps)
  stages.filter(run, number, "filter", view, drafts, nil)
  if run.resolved.accept then mark_surplus(drafts, run.resolved.accept - state.kept_size) end
  local kept = kept_items(number, drafts)
  local summary = stages.summarize(run, number, view,
    { round = number, advice = made.advice, items = kept }, state.summary)
  made.state, made.summary, made.kept = "committed", summary, kept
  made.yields, made.spent, made.notes = yields_of(drafts), run:spent_in(number), run:notes_of(number)
  return made
end

return round

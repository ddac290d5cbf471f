--- The round: Data Advisor's algorithm (PAPER 1.1), in two functions. What
--- needs no order is made at once, also for several rounds; what decides over
--- the data set happens at commit, in order of rounds.
local stages = require("advisor.engine.stages")
local records = require("advisor.engine.records")

local round = {}

--- Makes a round's drafts from the state it reads: compare, advise, generate.
---@param run table
---@param number integer
---@param state table The state that the round reads.
---@return table made `{ gaps, advice, drafts }`
function round.draft(run, number, state)
  local gaps = stages.compare(run, number, run:view(state))
  local view = run:view(state, gaps)
  local advice = stages.advise(run, number, view)
  return { gaps = gaps, advice = advice, drafts = stages.generate(run, number, view, advice) }
end

--- Makes a round's drafts and all that needs no order: a first look for duplicates,
--- checks, labels.
---@param run table
---@param number integer
---@param state table The state that the round reads.
---@return table made `{ number, read_round, gaps, advice, drafts }`
function round.make(run, number, state)
  local made = run.draft(run, number, state)
  made.number, made.read_round = number, state.round
  local view = run:view(state, made.gaps)
  stages.filter(run, number, "look", view, made.drafts, state.kept_size + 1)
  stages.check(run, number, made.drafts)
  run.label(run, number, made.drafts)
  return made
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
    items[#items + 1] = { id = records.item_id(number, draft.index), text = draft.text,
      target = draft.target,
      cell = draft.cell, meta = draft.meta, index = draft.index }
  end
  return items
end

--- Adds to each piece of advice what came of it.
local function count_yields(run, number, advice, drafts)
  for i, piece in ipairs(advice) do
    piece.drafts, piece.kept, piece.cells, piece.tokens = 0, 0, {}, run.ledger:tokens_of(number, i)
  end
  for _, draft in ipairs(drafts) do
    local piece = advice[draft.advice]
    piece.drafts = piece.drafts + 1
    if draft.verdict == "kept" then
      piece.kept = piece.kept + 1
      if draft.cell then piece.cells[draft.cell] = (piece.cells[draft.cell] or 0) + 1 end
    end
  end
end

--- What came of each prompt variant, by name: a generate script names the variant
--- in a draft's field `variant`, and may give its `tokens`.
local function count_variants(drafts)
  local variants = {}
  for _, draft in ipairs(drafts) do
    local name, tokens = draft.meta.variant, draft.meta.tokens
    if type(name) == "string" then
      local sum = variants[name] or { drafts = 0, kept = 0, tokens = 0, reasons = {} }
      variants[name] = sum
      sum.drafts = sum.drafts + 1
      sum.tokens = sum.tokens + (math.type(tokens) == "integer" and tokens or 0)
      if draft.verdict == "kept" then sum.kept = sum.kept + 1 end
      if draft.reason then sum.reasons[draft.reason] = (sum.reasons[draft.reason] or 0) + 1 end
    end
  end
  return variants
end

--- Decides over a round's drafts against everything committed before, and makes
--- the next state: filter, select, index, summarize.
---@param run table
---@param made table From `round.make`.
---@param state table The state after the round before this one.
---@return table result What `records.commit_round` stores.
function round.decide(run, made, state)
  local number, drafts = made.number, made.drafts
  local view = run:view(state, made.gaps)
  stages.filter(run, number, "filter", view, drafts, nil)
  local accept = run:accept_in(number)
  if accept then mark_surplus(drafts, accept - state.kept_size) end
  local kept = kept_items(number, drafts)
  local summary = run.summarize(run, number, view,
    { round = number, advice = made.advice, items = kept }, state.summary)
  made.state, made.summary, made.kept = "committed", summary, kept
  count_yields(run, number, made.advice, drafts)
  made.variants = count_variants(drafts)
  made.spent, made.notes = run.ledger:spent_in(number), run.ledger:notes_of(number)
  return made
end

return round

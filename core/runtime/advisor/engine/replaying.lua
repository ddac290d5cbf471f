--- Making a run's rounds again from its record alone, in a copy of its store.
---
--- A replay is a resume of a copy without rounds, whose calls are all answered from
--- the journal: there is no network to ask. With changed filters, principles or
--- labels ("what if") the recorded drafts are decided upon anew. Where that changes
--- a later request the record has no answer to it: the round's drafts and summary
--- are then the recorded ones, as are its labels, and what follows is conditional on
--- that.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local round = require("advisor.engine.round")
local runs = require("advisor.engine.run")
local sandbox = require("advisor.host.sandbox")
local stages = require("advisor.engine.stages")

local replaying = {}

--- Stages whose script is given up where the record has no answer; in others the
--- script hears of it.
local GIVEN_UP = { compare = true, advise = true, generate = true, label = true, summarize = true }

--- Stages whose answers must be to the very same call.
local SAME_CALL = { compare = true, advise = true, generate = true, summarize = true }

--- In the place of core/calls: sends nothing.
---@param missing table<string, integer> Gets the calls without an answer, by stage.
---@param what_if boolean
local function no_calls(missing, what_if)
  local function send(_, request)
    local why = ("round %d, %s %s: the record has no reply to call %d"):format(request.round,
      request.stage, request.lane, request.ordinal)
    if not what_if then return nil, why, "EDRIFT" end
    missing[request.stage] = (missing[request.stage] or 0) + 1
    if GIVEN_UP[request.stage] then
      error({ stop = sandbox.Stop, code = "ENORECORD", message = why }, 0)
    end
    return nil, why, "ENORECORD"
  end
  local function nothing() end
  return { send = send, endpoint = function() return 1 end, stop = nothing, drain = nothing,
    cancel = nothing, close = nothing, in_flight = function() return 0 end }
end

--- The call without the seed of its lane: another check may have had its place.
local function without_seed(request)
  return (request:gsub('([{,])"seed":%d+,?', "%1", 1))
end

--- Lets the journal answer what is the same call in the same round and stage, wherever
--- in it, save where the answer made the drafts.
local function answer_by_request(journal)
  local by_key = journal.attempts
  local pools = setmetatable({}, { __mode = "k" })
  local function pool_of(number)
    local calls = journal.rounds[number]
    if not calls then return {} end
    if not pools[calls] then
      local pool = {}
      for _, attempts in next, calls do
        local name = attempts[1].stage .. without_seed(attempts[1].request)
        pool[name] = pool[name] or {}
        table.insert(pool[name], attempts)
      end
      for _, list in next, pool do table.sort(list, function(a, b) return a[1].id > b[1].id end) end
      pools[calls] = pool
    end
    return pools[calls]
  end
  function journal:attempts(number, stage, lane, ordinal, request)
    local found = by_key(self, number, stage, lane, ordinal)
    if found and found[1].request == request then return found end
    if SAME_CALL[stage] then return nil end
    local list = pool_of(number)[stage .. without_seed(request)]
    local attempts = list and #list > 0 and (#list > 1 and table.remove(list) or list[1])
    if not attempts then return nil end
    local copy = {}
    for i, row in ipairs(attempts) do
      copy[i] = setmetatable({ request = request }, { __index = row })
    end
    return copy
  end
end

--- Whether an error says that the record has no answer.
local function is_missing(problem)
  return type(problem) == "table" and problem.stop == sandbox.Stop and problem.code == "ENORECORD"
end

--- A round's drafts as they were recorded.
local function recorded_drafts(source, run, number)
  local row = failure.must(records.round(source, number))
  if row.state == "failed" then error({ failed = stages.Failed, message = row.why }, 0) end
  local drafts = {}
  for i, item in ipairs(failure.must(records.items_of(source, number))) do
    drafts[i] = { index = item.item_index, text = item.text, target = item.target, advice = item.advice,
      meta = json.decode(item.meta), verdicts = {}, verdict = "kept" }
  end
  local advice = json.decode(row.advice)
  run.ledger:restore(number, advice)
  return { gaps = json.decode(row.gaps), advice = advice, drafts = drafts }
end

--- Makes a run decide anew over what is recorded in `source`.
---@param result table Gets `conditional_from`.
local function decide_anew(run, source, result)
  local function conditional(from)
    result.conditional_from = math.min(result.conditional_from or from, from)
  end
  answer_by_request(run.journal)
  function run.draft(self, number, state)
    local ok, made = pcall(round.draft, self, number, state)
    if ok then return made end
    if not is_missing(made) then error(made, 0) end
    conditional(number)
    return recorded_drafts(source, self, number)
  end
  function run.label(self, number, drafts)
    local ok, problem = pcall(stages.label, self, number, drafts)
    if ok then return end
    if not is_missing(problem) then error(problem, 0) end
    conditional(number + 1)
    local recorded = {}
    for _, item in ipairs(failure.must(records.items_of(source, number))) do recorded[item.item_index] = item.cell end
    for _, draft in ipairs(stages.alive(drafts)) do draft.cell = recorded[draft.index] end
  end
  function run.summarize(self, number, ...)
    local ok, summary = pcall(stages.summarize, self, number, ...)
    if ok then return summary end
    if not is_missing(summary) then error(summary, 0) end
    conditional(number + 1)
    return json.decode(failure.must(records.round(source, number)).summary)
  end
end

--- Replays a run. Yields.
---@param given table `{ source, store, resolved, registry, what_if, caps, stem }`: `source` is the
---recorded run's store; `store` a copy of it, without the rounds to be made; `stem` the rounds that
---it begins with.
---@return table|nil result `{ state, message, rounds, missing, conditional_from }`: `missing` counts
---calls that the record could not answer by stage; up to the round before `conditional_from` all is
---as it would have been.
---@return string|nil message
function replaying.run(given)
  local result = { missing = {} }
  local run, why = runs.open({ resolved = given.resolved, registry = given.registry,
    store = given.store, calls = no_calls(result.missing, given.what_if), caps = given.caps })
  if not run then return nil, why end
  if given.what_if then decide_anew(run, given.source, result) end
  local outcome = run:go()
  result.state, result.message, result.rounds = outcome.state, outcome.message, run.committed
  return result
end

--- Where two stores first differ: nil where they are equal in all that was decided.
---@return { round: integer, what: string }|nil
function replaying.difference(a, b)
  for _, row in ipairs(failure.must(records.rounds(a))) do
    local other = records.round(b, row.round)
    if not other then return { round = row.round, what = "the round" } end
    for _, column in ipairs({ "state", "gaps", "advice", "summary", "variants", "notes" }) do
      if row[column] ~= other[column] then return { round = row.round, what = "the " .. column } end
    end
    local left = failure.must(records.items_of(a, row.round))
    local right = failure.must(records.items_of(b, row.round))
    if json.encode(json.array(left)) ~= json.encode(json.array(right)) then
      return { round = row.round, what = "the items" }
    end
  end
  return nil
end

--- What a what-if changed, by round: ids that only one of the two kept.
---@return { round: integer, before: integer, now: integer, added: string[], lost: string[] }[]
function replaying.changes(before, now)
  local list = {}
  for _, row in ipairs(failure.must(records.rounds(before))) do
    local change = { round = row.round, before = 0, now = 0, added = {}, lost = {} }
    local kept = {}
    for _, item in ipairs(failure.must(records.kept_in(before, row.round))) do
      kept[item.item_index], change.before = true, change.before + 1
    end
    for _, item in ipairs(failure.must(records.kept_in(now, row.round))) do
      change.now = change.now + 1
      if not kept[item.item_index] then
        table.insert(change.added, records.item_id(row.round, item.item_index))
      end
      kept[item.item_index] = nil
    end
    for _, item in ipairs(failure.must(records.kept_in(before, row.round))) do
      if kept[item.item_index] then
        table.insert(change.lost, records.item_id(row.round, item.item_index))
      end
    end
    json.array(change.added)
    json.array(change.lost)
    list[#list + 1] = change
  end
  return json.array(list)
end

--- A run's scratch folder, which `discard` removes.
---@return string
function replaying.scratch()
  local folder = ("%s/advisor-replay-%d-%s"):format(os.getenv("TMPDIR") or "/tmp",
    core.system.wall_ms(), core.text.hash(tostring({})):sub(1, 8))
  return folder
end

--- Removes a scratch folder whose store is closed.
function replaying.discard(folder)
  for _, name in ipairs(core.system.list(folder) or {}) do os.remove(folder .. "/" .. name) end
  os.remove(folder)
end

return replaying

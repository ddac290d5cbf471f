--- A run: rounds made up to `ahead` rounds before their turn, committed in
--- order, until enough is done, the run is stopped, or it has to pause.
local core = require("advisor_core")
local ask = require("advisor.models.ask")
local comparison = require("advisor.engine.comparison")
local connect = require("advisor.engine.connect")
local context = require("advisor.host.context")
local failure = require("advisor.output.failure")
local items = require("advisor.engine.items")
local journal = require("advisor.engine.journal")
local json = require("advisor.output.json")
local labelled = require("advisor.engine.labelled")
local ledger = require("advisor.engine.ledger")
local measuring = require("advisor.engine.measuring")
local parallel = require("advisor.engine.parallel")
local quirks = require("advisor.models.quirks")
local records = require("advisor.engine.records")
local responding = require("advisor.engine.responding")
local reuse = require("advisor.engine.reuse")
local roles = require("advisor.models.roles")
local round = require("advisor.engine.round")
local sandbox = require("advisor.host.sandbox")
local stages = require("advisor.engine.stages")
local states = require("advisor.engine.state")
local stopping = require("advisor.engine.stopping")
local vectors = require("advisor.engine.vectors")

local run = {}
run.__index = run

--- A script with its options, ready to be called.
local function attach(registry, kind, used)
  if not used then return nil end
  local script, problems = registry:find(kind, used.name)
  if not script then error({ message = table.concat(problems, "\n") }, 0) end
  return { name = used.name, options = used.options, script = script }
end

local function attach_all(self, registry)
  local resolved = self.resolved
  self.pipeline, self.principles, self.statements = { filter = {} }, { item = {}, dataset = {} }, {}
  for _, stage in ipairs({ "advise", "generate", "summarize", "respond" }) do
    self.pipeline[stage] = attach(registry, stage, resolved.pipeline[stage])
  end
  for i, used in ipairs(resolved.pipeline.filter) do
    self.pipeline.filter[i] = attach(registry, "filter", used)
  end
  local attached = {}
  for i, used in ipairs(resolved.principles) do
    local principle = attach(registry, "principle", used)
    table.insert(self.principles[used.level], principle)
    attached[i] = principle
    self.statements[i] = { name = used.name, level = used.level,
      statement = principle.script.table.statement }
  end
  self.pipeline.label = attach(registry, "label", resolved.coverage.label)
  self.label_options = labelled.options(self.pipeline.label, resolved.coverage.taxonomy.cells,
    resolved.coverage.examples)
  self.calibrated = {}
  for i, each in ipairs(resolved.calibration or {}) do
    self.calibrated[i] = attached[each.position]
  end
  local saturation = resolved.stop.saturation
  if saturation and saturation.strategy then
    self.next_advise = attach(registry, "advise", saturation.strategy)
  end
end

local function connections_of(resolved)
  local total = 0
  for _, role in pairs(resolved.models) do
    if type(role) == "table" then total = total + role.concurrency * #role.urls end
  end
  return math.max(total, 1)
end

local function open_calls(store, resolved)
  local given = { connections = connections_of(resolved) }
  for _, key in ipairs(roles.shared) do
    for _, role in pairs(resolved.models) do
      if type(role) == "table" then given[key] = given[key] or role[key] end
    end
  end
  return core.calls.new(store, given)
end

--- How a round's drafts, labels and summary come to be; a replay may have them
--- recorded.
run.draft, run.label, run.summarize = round.draft, stages.label, stages.summarize

--- Prepares a run over an open store: a new one, or one to be resumed. Must be
--- called from a task.
---@param given table `{ resolved, registry, store, progress, calls, caps, reuse }`: `calls` in the
---place of the network, for a replay; `caps` as the fact of that name; `reuse = { runs, any }` names
---runs whose replies are taken.
---@return table|nil run
---@return string|nil message
---@return string|nil code
function run.open(given)
  local resolved = given.resolved
  local self = setmetatable({
    resolved = resolved, store = given.store, progress = given.progress, seed = resolved.seed,
    policy = resolved.policy, instructions = resolved.policy.instructions,
    script_seconds = resolved.policy.script_seconds,
    ledger = ledger.new(resolved.models),
    stopping = stopping.new(resolved.stop),
    served = {}, rejected = {}, answered = false, indexes = {}, reference_indexes = {},
    made = {}, states = {}, gates = {}, caps = given.caps or {},
  }, run)
  core.sandbox.limit_memory(resolved.policy.memory_mb * 1024 * 1024)
  self.context = context.new()
  self.responding, self.vectors = responding.new(self), vectors.new(self)
  attach_all(self, given.registry)
  local why, code
  self.calls = given.calls
  if not self.calls then self.calls, why, code = open_calls(given.store, resolved) end
  if not self.calls then return nil, why, code end
  if given.reuse then
    self.reuse, why, code = reuse.open(given.reuse.runs, given.reuse.any, self.calls)
    if not self.reuse then return nil, why, code end
  end
  self.models, why = connect(resolved, given.registry, self.calls)
  if not self.models then return nil, why, "EINVAL" end
  local facts
  facts, why, code = records.facts(given.store)
  if not facts then return nil, why, code end
  quirks.open(self.models, facts.quirks and json.decode(facts.quirks) or {})
  self.timeline, self.states[0] = states.begin(resolved, items.new(given.store))
  self.committed = 0
  local read
  read, why, code = measuring.open(self)
  if not read then return nil, why, code end
  return self:replay_committed()
end

--- Rebuilds the state from committed rounds, and reads the journal of open ones.
function run:replay_committed()
  local rounds, why, code = records.rounds(self.store)
  if not rounds then return nil, why, code end
  local kept = {}
  local read, problem = records.each_kept(self.store, function(row)
    kept[row.round] = kept[row.round] or {}
    table.insert(kept[row.round], { id = records.item_id(row.round, row.item_index),
      text = row.text,
      target = row.target, cell = row.cell })
    return true
  end)
  if not read then return nil, problem, "EIO" end
  for _, row in ipairs(rounds) do
    local result = {
      number = row.round, state = row.state, kept = kept[row.round] or {},
      summary = json.decode(row.summary),
      advice = json.decode(row.advice), spent = json.decode(row.tokens),
      variants = json.decode(row.variants),
      drafts_made = 0,
    }
    for _, piece in ipairs(result.advice) do
      result.drafts_made = result.drafts_made + (piece.drafts or 0)
    end
    self:advance(result)
    self:after_commit(result)
  end
  self.journal, why, code = journal.load(self.store, ask.INTERRUPTED)
  if not self.journal then return nil, why, code end
  self.journal.open = self.resolved.ahead + 1
  return self
end

--- Takes a committed round into the state.
function run:advance(result)
  local previous = self.states[self.committed]
  if result.state == "committed" then
    for _, index in pairs(self.indexes) do
      for i, item in ipairs(result.kept) do
        failure.must(index:add(item.text, self.timeline.items.total + i))
      end
    end
    self.states[result.number] = states.next(self.timeline, previous, {
      number = result.number, advice = result.advice, kept = result.kept, summary = result.summary,
      drafts = result.drafts_made or #result.drafts, spent = result.spent,
      variants = result.variants,
    }, self.resolved.pool)
  else
    self.states[result.number] = states.skip(self.timeline, previous, result.number)
  end
  local oldest = result.number - self.resolved.ahead
  self.states[oldest - 1] = nil
  self.timeline.coverage:forget_before(oldest)
  self.committed = result.number
end

--- Decides what follows from a commit. The same when a run is resumed, so that
--- nothing of it needs to be stored.
function run:after_commit(result)
  if result.state ~= "committed" then return end
  self.stopping:add_round(result.number, result.kept)
  local decision = self.stopping:saturated(self.timeline.coverage)
  if not decision then return end
  if decision.action == "stop" then
    self.saturated = decision.text
  else
    -- Rounds up to `ahead` after this one may have begun already.
    self.stopping.switched_from = result.number + self.resolved.ahead + 1
    core.log.write("info", ("%s; from round %d on, advice comes from %s"):format(decision.text,
      self.stopping.switched_from, self.next_advise.name))
  end
end

--- The advise script of a round.
function run:advise_script(number)
  local from = self.stopping.switched_from
  return from and number >= from and self.next_advise or self.pipeline.advise
end

--- The state that a round reads: that of `ahead` + 1 rounds before it, the
--- initial one where there is none.
function run:state_for(number)
  return self.states[math.max(number - 1 - self.resolved.ahead, 0)]
end

--- A state as scripts see it.
function run:view(state, gaps)
  return states.view(self.timeline, state, gaps, self.statements)
end

run.comparison = comparison

--- Runs fn(1) … fn(n) at once. Those of a stage share a gate: a lane that could only
--- wait for a slot is not begun yet, which saves its memory. Twice as many as there
--- are slots keep the slots busy.
---@param n integer
---@param fn fun(i: integer)
---@param stage string|nil Only of lanes that no lane at the same gate waits for.
function run:parallel(n, fn, stage)
  local gate
  if stage then
    gate = self.gates[stage] or { limit = math.max(64, 2 * connections_of(self.resolved)) }
    self.gates[stage] = gate
  end
  parallel(n, fn, gate)
end

--- Begins nothing more on a full disk: what is in flight fits into the room that was
--- set aside for it.
local function stop_if_full(self)
  if not self.store:is_full() then return end
  self:halt({ state = "paused", code = "EFULL",
    message = "the disk is full; what was in flight is stored. Make room, then go on" })
end

function run:ask(lane, role, prompt, options)
  stop_if_full(self)
  local reply, why, code = ask.call(self, lane, role, prompt, options)
  if reply then self.ledger:spend(lane, role, reply.usage) end
  return reply, why, code
end

--- The vectors of texts; what the run has embedded before is not asked for again.
function run:embed(lane, role, texts)
  stop_if_full(self)
  return self.vectors:embed(lane, role, texts)
end

--- Keeps a fact about the run, as JSON. Yields until it is on disk.
---@return true|nil
---@return string|nil message
function run:remember(key, value)
  return records.set(self.store, { [key] = json.encode(value) })
end

function run:note(lane, remark)
  self.ledger:note(lane, remark)
end

--- Ends the run for a reason; the calling task never goes on. What is on disk
--- stays, so the run can be resumed.
---@param why table `{ state = "paused"|"stopped", code, message }`
function run:halt(why)
  if not self.halted then
    self.halted = why
    self:changed()
  end
  while true do core.loop.suspend() end
end

--- Wakes the loop that waits for rounds.
function run:changed()
  if self.waiter then core.loop.wake(self.waiter) end
end

local function failure_of(problem)
  if type(problem) == "table" and problem.failed == stages.Failed then return problem.message end
  return nil
end

--- Makes a round in a task of its own.
function run:start(number)
  local state = self:state_for(number)
  core.loop.spawn(function()
    local ok, made = xpcall(round.make, failure.traced, self, number, state)
    if ok then
      self.made[number] = made
    elseif failure_of(made) then
      self.made[number] = { number = number, read_round = state.round, failure = failure_of(made) }
    else
      self.broken = self.broken or made
    end
    self:changed()
  end)
end

--- A round that failed: its drafts are kept in the record, as surplus.
local function failed_round(self, made, why)
  for _, draft in ipairs(made.drafts or {}) do
    if draft.verdict == "kept" then draft.verdict, draft.reason = "surplus", "failed_round" end
  end
  return {
    number = made.number, read_round = made.read_round, state = "failed", why = why,
    gaps = made.gaps or {},
    advice = made.advice or {}, drafts = made.drafts or {}, kept = {}, variants = {},
    summary = self.states[self.committed].summary, spent = self.ledger:spent_in(made.number),
    notes = self.ledger:notes_of(made.number),
  }
end

--- Decides over the next round in order and puts it on disk.
---@param made table From `round.make`, or a failure.
---@return table|nil reason Why the run cannot go on, as for `halt`.
function run:commit(made)
  local result, why = made, made.failure
  if not why then
    local ok
    ok, result = pcall(round.decide, self, made, self.states[self.committed])
    why = not ok and failure_of(result)
    if not ok and not why then error(result, 0) end
  end
  if self.halted then self:halt(self.halted) end
  if why then
    if self.policy.failed_round == "stop" then
      return { state = "paused", code = "EFAILED", message = why }
    end
    core.log.write("warn", why)
    result = failed_round(self, made, why)
  end
  if failure.out_of_memory() then return failure.NO_MEMORY end
  result.vectors = self.vectors:of_round(result.number)
  core.system.crash_point("round_decided")
  local stored, problem, code = records.commit_round(self.store, result)
  core.system.crash_point("round_committed")
  if not stored then return { state = "paused", code = code, message = problem } end
  self:advance(result)
  self:after_commit(result)
  self.journal:forget(made.number)
  self.ledger:forget(made.number)
  self.vectors:forget(made.number)
  self.made[made.number] = nil
  self.responding:add_round(result.number, result.kept)
  if self.progress then self.progress(self, result) end
  return nil
end

--- Calls `fn(run, …)` in a task of its own and waits for it, since it may wait for a
--- model and the run must be able to stop meanwhile. What it returns halts the run.
function run:apart(fn, ...)
  local finished, given = false, table.pack(...)
  core.loop.spawn(function()
    local ok, reason = xpcall(fn, failure.traced, self, table.unpack(given, 1, given.n))
    if ok then
      self.halted = self.halted or reason
    else
      self.broken = self.broken or reason
    end
    finished = true
    self:changed()
  end)
  while not finished and not self.halted and not self.broken do core.loop.suspend() end
end

--- Measures the run's own scripts, before its first round. A script that fails pauses
--- the run: there is no round whose number could be used up.
---@return table|nil reason As for `halt`.
function run:measure()
  local ok, reason = xpcall(measuring.measure, failure.traced, self)
  if ok then return reason end
  if not failure_of(reason) then error(reason, 0) end
  return { state = "paused", code = "EFAILED", message = failure_of(reason) }
end

--- How many items are to be kept, as it was asked for when a round was decided: a
--- run that was extended had fewer in mind before.
---@return integer|nil
function run:accept_in(number)
  for _, cap in ipairs(self.caps) do
    if number <= cap.round then return cap.accept end
  end
  return self.resolved.accept
end

--- Whether the run has what it was asked for, or gets no more of it, and why.
---@return boolean done
---@return string|nil why
function run:finished()
  local resolved, state = self.resolved, self.states[self.committed]
  if resolved.accept and state.kept_size >= resolved.accept then
    return true, "as many as were asked for are kept"
  end
  if self.saturated then return true, self.saturated end
  if resolved.rounds == nil or self.committed < resolved.rounds then return false end
  if not resolved.accept then return true, "all rounds are made" end
  return true, ("the cap of %d rounds is used up; more are allowed by: advisor resume RUN --set "
    .. "rounds=…"):format(resolved.rounds)
end

--- Rounds that were in flight when the run had enough: paid for, not used.
---@return table|nil reason As for `halt`.
function run:record_surplus()
  for number = self.committed + 1, self.started do
    local made = self.made[number]
    if made and made.drafts then
      for _, draft in ipairs(made.drafts) do
        if draft.verdict == "kept" then draft.verdict = "surplus" end
      end
      made.state, made.summary, made.variants = "surplus", self.states[self.committed].summary, {}
      made.spent, made.notes = self.ledger:spent_in(number), self.ledger:notes_of(number)
      local stored, problem, code = records.commit_round(self.store, made)
      if not stored then return { state = "paused", code = code, message = problem } end
    end
  end
  return nil
end

--- Makes and commits rounds until there is a reason to end.
---@return string|nil why Words on why the run is done early.
function run:make_rounds()
  local last = self.resolved.rounds or math.maxinteger
  local done, why = self:finished()
  while not self.halted and not self.broken and not done do
    local problem = self.stopping:over_budget(self.states[self.committed])
    if problem then
      self.halted = { state = "paused", code = "EPAUSED", message = problem }
      return nil
    end
    while self.started < math.min(last, self.committed + 1 + self.resolved.ahead) do
      self.started = self.started + 1
      self:start(self.started)
    end
    while not self.halted and not self.broken and not self.made[self.committed + 1] do
      core.loop.suspend()
    end
    if not self.halted and not self.broken then
      self:apart(self.commit, self.made[self.committed + 1])
    end
    if not self.halted and not self.broken then self.responding:wait() end
    done, why = self:finished()
  end
  return why
end

--- Runs until the end, a stop or a pause. Must be called from a task.
---@return table outcome `{ state = "done"|"stopped"|"paused", code, message }`
function run:go()
  self.waiter = core.loop.current()
  self.started = self.committed
  self.responding:catch_up()
  self:apart(self.measure)
  local why = self:make_rounds()
  if not self.halted and not self.broken then self.responding:wait(0) end
  self.calls:stop()
  self.calls:drain()
  if self.broken and type(self.broken) == "table" and self.broken.stop == sandbox.Stop then
    self.halted, self.broken = { state = "paused", code = self.broken.code,
      message = self.broken.message }, nil
  end
  if self.broken then error(self.broken, 0) end
  if self.halted then return self.halted end
  return self:record_surplus() or { state = "done", message = why }
end

--- Asks the run to stop: what is in flight finishes and is recorded.
function run:stop()
  if not self.halted then
    self.halted = { state = "stopped", code = "ECANCELED", message = "stopped by the user" }
    self.calls:stop()
    self:changed()
  end
end

--- Cancels what is in flight.
function run:cancel()
  self.calls:cancel()
end

return run

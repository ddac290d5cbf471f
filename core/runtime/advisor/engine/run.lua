--- A run: rounds made up to `ahead` rounds before their turn, committed in
--- order, until enough is done, the run is stopped, or it has to pause.
local core = require("advisor_core")
local ask = require("advisor.models.ask")
local context = require("advisor.host.context")
local items = require("advisor.engine.items")
local journal = require("advisor.engine.journal")
local options = require("advisor.host.options")
local parallel = require("advisor.engine.parallel")
local records = require("advisor.engine.records")
local roles = require("advisor.models.roles")
local round = require("advisor.engine.round")
local sandbox = require("advisor.host.sandbox")
local stages = require("advisor.engine.stages")
local states = require("advisor.engine.state")

local run = {}
run.__index = run

--- Engines that ctx.dedup offers, by name.
local ENGINES = { exact = core.dedup.exact }

local function with_scripts(resolved, registry)
  local function attach(kind, used)
    if not used then return nil end
    local script, problems = registry:find(kind, used.name)
    if not script then error(table.concat(problems, "\n"), 0) end
    return { name = used.name, options = used.options, script = script }
  end
  local pipeline, principles = { filter = {} }, { item = {}, dataset = {} }
  for _, stage in ipairs({ "advise", "generate", "summarize" }) do
    pipeline[stage] = attach(stage, resolved.pipeline[stage])
  end
  for i, used in ipairs(resolved.pipeline.filter) do pipeline.filter[i] = attach("filter", used) end
  for _, used in ipairs(resolved.principles) do
    table.insert(principles[used.level], attach("principle", used))
  end
  return pipeline, principles
end

--- Gives each role its provider and its endpoints.
---@return table|nil models
---@return string|nil message
local function connect(resolved, registry, calls)
  local models = {}
  for _, name in ipairs(options.sorted_keys(resolved.models)) do
    local role = resolved.models[name]
    if type(role) == "table" then
      local script = registry:find("provider", role.api)
      local lane = sandbox.lane({ run = { instructions = 10000000 }, round = 0, stage = "load", path = "1",
        script = role.api })
      local ok, provider = sandbox.instantiate(lane, script.code, script.extra)
      if not ok then return nil, provider end
      local connected = { provider = provider, endpoints = {} }
      for i, url in ipairs(role.urls) do
        local index, why = calls:endpoint({
          url = url, key_env = role.key_env, is_local = role.is_local, concurrency = role.concurrency,
          plain_http = resolved.policy.plain_http, connect_ms = math.ceil(role.connect_seconds * 1000),
          first_byte_ms = math.ceil(role.first_byte_seconds * 1000), total_ms = math.ceil(role.total_seconds * 1000),
        })
        if not index then return nil, ("models.%s.url: %s"):format(name, why) end
        connected.endpoints[i] = index
      end
      role = setmetatable(connected, { __index = role })
    end
    models[name] = role
  end
  return models
end

local function connections_of(resolved)
  local total = 0
  for _, role in pairs(resolved.models) do
    if type(role) == "table" then total = total + role.concurrency * #role.urls end
  end
  return math.max(total, 1)
end

--- Prepares a run over an open store: a new one, or one to be resumed. Must be
--- called from a task.
---@param given table `{ resolved, registry, store, progress }`
---@return table|nil run
---@return string|nil message
---@return string|nil code
function run.open(given)
  local resolved = given.resolved
  local self = setmetatable({
    resolved = resolved, store = given.store, progress = given.progress, seed = resolved.seed,
    policy = resolved.policy, instructions = resolved.policy.instructions,
    served = {}, rejected = {}, answered = false, halted = nil, waiters = {},
    spending = {}, remarks = {}, indexes = {}, made = {}, states = {},
  }, run)
  core.sandbox.limit_memory(resolved.policy.memory_mb * 1024 * 1024)
  self.context = context.new()
  self.pipeline, self.principles = with_scripts(resolved, given.registry)
  local any
  for _, role in pairs(resolved.models) do if type(role) == "table" then any = role break end end
  local calls, why, code = core.calls.new(given.store, { connections = connections_of(resolved),
    proxy = any and any.proxy, ca_file = any and any.ca_file })
  if not calls then return nil, why, code end
  self.calls = calls
  self.models, why = connect(resolved, given.registry, calls)
  if not self.models then return nil, why, "EINVAL" end
  self.timeline, self.states[0] = states.begin(resolved, items.new(given.store))
  self.committed = 0
  return self:replay_committed()
end

--- Rebuilds the state from committed rounds, and reads the journal of open ones.
function run:replay_committed()
  local json = require("advisor.output.json")
  local rounds, why, code = records.rounds(self.store)
  if not rounds then return nil, why, code end
  local kept, yields = {}, {}
  local read, problem = records.each_kept(self.store, function(row)
    kept[row.round] = kept[row.round] or {}
    table.insert(kept[row.round], { id = records.item_id(row.round, row.item_index), text = row.text,
      target = row.target, meta = json.decode(row.meta) or {} })
    return true
  end)
  if not read then return nil, problem, "EIO" end
  for _, row in ipairs(records.yields(self.store)) do
    yields[row.round] = yields[row.round] or {}
    if row.advice then yields[row.round][row.advice] = { drafts = row.drafts, kept = row.kept } end
  end
  for _, row in ipairs(rounds) do
    local result = {
      number = row.round, state = row.state, kept = kept[row.round] or {}, yields = yields[row.round] or {},
      summary = json.decode(row.summary), advice = json.decode(row.advice), spent = json.decode(row.tokens),
      drafts_made = 0,
    }
    for _, made in pairs(result.yields) do result.drafts_made = result.drafts_made + made.drafts end
    self:advance(result)
  end
  self.journal, why, code = journal.load(self.store, self.committed, ask.INTERRUPTED)
  if not self.journal then return nil, why, code end
  return self
end

--- Takes a committed round into the state.
function run:advance(result)
  local previous = self.states[self.committed]
  local next_state
  if result.state == "committed" then
    for _, index in pairs(self.indexes) do
      for i, item in ipairs(result.kept) do assert(index:add(item.text, self.timeline.items.total + i)) end
    end
    next_state = states.next(self.timeline, previous, {
      number = result.number, advice = result.advice, kept = result.kept, summary = result.summary,
      drafts = result.drafts_made or #result.drafts, spent = result.spent, yields = result.yields,
    }, self.resolved.pool)
  else
    next_state = {}
    for key, value in pairs(previous) do next_state[key] = value end
    next_state.round = result.number
  end
  self.states[result.number] = next_state
  self.states[result.number - self.resolved.ahead - 1] = nil
  self.committed = result.number
end

--- The state that a round reads: that of `ahead` + 1 rounds before it, the
--- initial one where there is none.
function run:state_for(number)
  return self.states[math.max(number - 1 - self.resolved.ahead, 0)]
end

--- ctx.dedup(engine): see host/context.lua.
function run:comparison(lane, engine)
  local make = ENGINES[engine]
  if not make then error(("ctx.dedup: no engine is called '%s'"):format(tostring(engine)), 3) end
  if not self.indexes[engine] then
    self.indexes[engine] = assert(make())
    for i, item in self.timeline.items:each() do assert(self.indexes[engine]:add(item.text, i)) end
  end
  local index, before = self.indexes[engine], lane.before
  local batch, labels = assert(make()), {}
  return {
    nearest = function(candidate)
      local id, score = index:nearest(candidate, before)
      local item = id and self.timeline.items:get(id)
      if item then return { id = item.id, score = score, text = item.text } end
      id, score = batch:nearest(candidate)
      return id and { id = labels[id].id, score = score, text = labels[id].text } or nil
    end,
    add = function(candidate, label)
      labels[#labels + 1] = { id = label, text = candidate }
      assert(batch:add(candidate, #labels))
    end,
  }
end

function run:parallel(n, fn)
  parallel(n, fn)
end

function run:ask(lane, role, prompt, options)
  local reply, why, code = ask.call(self, lane, role, prompt, options)
  if reply then self:spend(lane.round, role, reply.usage) end
  return reply, why, code
end

--- Adds to what a round cost: the chosen attempts only, so that a resumed run
--- sees the same figures.
function run:spend(number, name, usage)
  local by_role = self.spending[number] or {}
  self.spending[number] = by_role
  local used = by_role[name] or { prompt = 0, completion = 0 }
  by_role[name] = used
  used.prompt = used.prompt + (usage.prompt_tokens or 0)
  used.completion = used.completion + (usage.completion_tokens or 0)
end

--- Money is counted from whole tokens in order of roles: a sum in order of replies
--- would differ in its last digits from run to run.
function run:spent_in(number)
  local spent, by_role = { prompt = 0, completion = 0, money = 0 }, self.spending[number] or {}
  for _, name in ipairs(options.sorted_keys(by_role)) do
    local used, price = by_role[name], roles.serving(self.resolved.models, name).price
    spent.prompt, spent.completion = spent.prompt + used.prompt, spent.completion + used.completion
    spent.money = spent.money and price
      and spent.money + (used.prompt * price.prompt + used.completion * price.completion) / 1e6
  end
  return spent
end

function run:note(lane, remark)
  local list = self.remarks[lane.round] or {}
  self.remarks[lane.round] = list
  list[#list + 1] = { stage = lane.stage, lane = lane.path, script = lane.script, text = remark, order = #list }
end

--- Notes in an order that does not depend on when replies came.
function run:notes_of(number)
  local list = self.remarks[number] or {}
  table.sort(list, function(a, b)
    if a.stage ~= b.stage then return a.stage < b.stage end
    if a.lane ~= b.lane then return a.lane < b.lane end
    return a.order < b.order
  end)
  for _, entry in ipairs(list) do entry.order = nil end
  return list
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
    local ok, made = xpcall(round.make, function(problem)
      return type(problem) == "table" and problem or debug.traceback(tostring(problem))
    end, self, number, state)
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

local function failed_round(self, made, why)
  return {
    number = made.number, read_round = made.read_round, state = "failed", why = why, gaps = made.gaps or {},
    advice = made.advice or {}, drafts = {}, kept = {}, yields = {}, summary = self.states[self.committed].summary,
    spent = self:spent_in(made.number), notes = self:notes_of(made.number),
  }
end

--- Decides over the next round in order and puts it on disk.
---@param made table From `round.make`, or a failure.
---@return table|nil reason Why the run cannot go on, as for `halt`.
function run:commit(made)
  local ok, result, why = true, made, made.failure
  if not why then
    ok, result = pcall(round.decide, self, made, self.states[self.committed])
    why = not ok and failure_of(result)
    if not ok and not why then error(result, 0) end
  end
  if self.halted then self:halt(self.halted) end
  if why then
    if self.policy.failed_round == "stop" then return { state = "paused", code = "EFAILED", message = why } end
    core.log.write("warn", why)
    result = failed_round(self, made, why)
  end
  local stored, problem, code = records.commit_round(self.store, result)
  if not stored then return { state = "paused", code = code, message = problem } end
  self:advance(result)
  self.journal:forget(made.number)
  self.spending[made.number], self.remarks[made.number], self.made[made.number] = nil, nil, nil
  if self.progress then self.progress(self, result) end
  return nil
end

--- Commits in a task of its own, since a strategy may wait there for a model, and
--- the run must be able to stop meanwhile.
function run:commit_next()
  local finished = false
  core.loop.spawn(function()
    local ok, reason = xpcall(self.commit, function(problem)
      return type(problem) == "table" and problem or debug.traceback(tostring(problem))
    end, self, self.made[self.committed + 1])
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

--- Whether the run has what it was asked for.
function run:finished()
  local resolved = self.resolved
  if resolved.accept and self.states[self.committed].kept_size >= resolved.accept then return true end
  return resolved.rounds ~= nil and self.committed >= resolved.rounds
end

--- Rounds that were in flight when the run had enough: paid for, not used.
function run:record_surplus()
  for number = self.committed + 1, self.started do
    local made = self.made[number]
    if made and made.drafts then
      for _, draft in ipairs(made.drafts) do
        if draft.verdict == "kept" then draft.verdict = "surplus" end
      end
      made.state, made.summary = "surplus", self.states[self.committed].summary
      made.spent, made.notes = self:spent_in(number), self:notes_of(number)
      records.commit_round(self.store, made)
    end
  end
end

--- Runs until the end, a stop or a pause. Must be called from a task.
---@return table outcome `{ state = "done"|"stopped"|"paused", code, message }`
function run:go()
  self.waiter = core.loop.current()
  self.started = self.committed
  local last = self.resolved.rounds or math.maxinteger
  while not self.halted and not self:finished() do
    while self.started < math.min(last, self.committed + 1 + self.resolved.ahead) do
      self.started = self.started + 1
      self:start(self.started)
    end
    while not self.halted and not self.broken and not self.made[self.committed + 1] do core.loop.suspend() end
    if self.broken then break end
    if not self.halted then self:commit_next() end
    if self.broken then break end
  end
  self.calls:stop()
  self.calls:drain()
  if self.broken and type(self.broken) == "table" and self.broken.stop == sandbox.Stop then
    self.halted, self.broken = { state = "paused", code = self.broken.code, message = self.broken.message }, nil
  end
  if self.broken then error(self.broken, 0) end
  if self.halted then return self.halted end
  self:record_surplus()
  return { state = "done" }
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

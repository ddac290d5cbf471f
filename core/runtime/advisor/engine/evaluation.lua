--- The world in which `advisor eval` runs a script, outside of any round.
---
--- Without an experiment no model can be asked. With one, its models serve, and
--- the calls are recorded in a run folder of their own, at `evaluation.PLACE`.
local core = require("advisor_core")
local context = require("advisor.host.context")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local parallel = require("advisor.engine.parallel")
local records = require("advisor.engine.records")
local references = require("advisor.engine.references")
local runs = require("advisor.engine.run")
local sandbox = require("advisor.host.sandbox")

local evaluation = {}

--- Where the calls of an evaluation belong.
evaluation.PLACE = { round = 1, stage = "eval" }

--- What a script may use up where no experiment says it: a labeller sees all rows
--- at once, where a round has a batch.
local INSTRUCTIONS, SECONDS, MEMORY = 20000000000, 3600, 4 * 1024 * 1024 * 1024

local NO_MODEL = "the script asks a model, and none is given: name an experiment with "
  .. "--experiment FILE"

--- A run that has no models and no store.
local function without_models()
  return {
    instructions = INSTRUCTIONS, script_seconds = SECONDS, script_memory = MEMORY, seed = 1,
    context = context.new(),
    ask = function() error({ stop = sandbox.Stop, code = "EINVAL", message = NO_MODEL }, 0) end,
    comparison = function() error("ctx.dedup: there are no kept items to compare with", 0) end,
    parallel = function(_, n, fn) parallel(n, fn) end,
    note = function() end,
    close = function() end,
  }
end

local function begin_record(store, given)
  local stored, why, code = references.store(store, given.resolved.references)
  if not stored then return nil, why, code end
  return records.begin(store, {
    name = given.resolved.name .. "-eval", resolved = json.encode(given.resolved), state = "done",
    experiment = given.source, why = "evaluation", rounds = "", accept = "",
    version = require("advisor.version").line(), created_ms = tostring(core.system.wall_ms()),
  }, { given.script })
end

--- A run with an experiment's models, over a new store in a folder.
---@param given table `{ folder, resolved, source, registry, script }`
local function with_models(given)
  local store, why, code = core.store.open(given.folder, "create")
  if not store then return nil, why, code end
  local stored, problem = begin_record(store, given)
  if not stored then return nil, problem end
  local run
  local resolved = json.decode(json.encode(given.resolved))
  run, why, code = runs.open({ resolved = resolved, registry = given.registry, store = store })
  if not run then return nil, why, code end
  function run:close()
    self.calls:stop()
    self.calls:drain()
    self.calls:close()
    store:close()
  end
  return run
end

--- Runs `work(run)` in a task of its own, so that a model that cannot be reached
--- ends the evaluation.
---@param given table|nil `{ folder, resolved, source, registry, script }`; nil: no models.
---@param work fun(run: table): any
---@return any|nil result
---@return string|nil message
function evaluation.with(given, work)
  local run, why
  if given then run, why = with_models(given) else run = without_models() end
  if not run then return nil, why end
  local finished, result, problem = false, nil, nil
  run.waiter = core.loop.current()
  core.loop.spawn(function()
    local ok, value = xpcall(work, failure.traced, run)
    if ok then result = value else problem = value end
    finished = true
    core.loop.wake(run.waiter)
  end)
  while not finished and not run.halted do core.loop.suspend() end
  run:close()
  if run.halted then return nil, run.halted.message end
  if problem then return nil, failure.words(problem) end
  return result
end

return evaluation

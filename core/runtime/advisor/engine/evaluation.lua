--- Runs a principle or a labeller over labelled rows, outside of any round.
---
--- Without an experiment no model can be asked. With one, its models serve, and
--- the calls are recorded in a run folder of their own, under round 1.
local core = require("advisor_core")
local context = require("advisor.host.context")
local json = require("advisor.output.json")
local parallel = require("advisor.engine.parallel")
local readonly = require("advisor.host.readonly")
local records = require("advisor.engine.records")
local runs = require("advisor.engine.run")
local sandbox = require("advisor.host.sandbox")

local evaluation = {}

--- What a script may use up where no experiment says it: a labeller sees all rows
--- at once, where a round has a batch.
local INSTRUCTIONS = 20000000000

--- Rows that are checked at once.
local CHUNK = 256

local NO_MODEL = "the script asks a model, and none is given: name an experiment with "
  .. "--experiment FILE"

--- A run that has no models and no store.
local function without_models()
  return {
    instructions = INSTRUCTIONS, seed = 1, context = context.new(),
    ask = function() error({ stop = sandbox.Stop, code = "EINVAL", message = NO_MODEL }, 0) end,
    comparison = function() error("ctx.dedup: there are no kept items to compare with", 0) end,
    parallel = function(_, n, fn) parallel(n, fn) end,
    note = function() end,
    close = function() end,
  }
end

local function begin_record(store, given)
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

--- Calls a script's entry in a lane of its own.
---@return boolean ok
---@return any ... What it returned, or the message.
local function call(run, used, path, ...)
  local lane = sandbox.lane({
    run = run, round = 1, stage = "eval", path = path, script = used.name,
  })
  local ok, script = sandbox.instantiate(lane, used.script.code, used.script.extra)
  if not ok then return false, script end
  return sandbox.call(lane, script.run or script.check, run.context, ...)
end

local function fail(used, row, message)
  local where = row and (" on line %d"):format(row.line) or ""
  error({ message = ("%s failed%s: %s"):format(used.name, where, tostring(message)) }, 0)
end

local VERDICTS = { pass = true, fail = true, unknown = true }

local function check(run, used, number, row)
  local ok, verdict = call(run, used, tostring(number), readonly.view(row.item),
    readonly.view(used.options))
  if not ok then fail(used, row, verdict) end
  if verdict == nil then return "unknown" end
  if not VERDICTS[verdict] then
    fail(used, row, "the verdict must be 'pass', 'fail' or 'unknown'")
  end
  return verdict
end

--- The verdict of a principle on each row.
---@param run table
---@param used table `{ name, script, options }`
---@param rows { line: integer, item: table }[]
---@return string[] verdicts
function evaluation.verdicts(run, used, rows)
  local verdicts = {}
  for first = 1, #rows, CHUNK do
    run:parallel(math.min(CHUNK, #rows - first + 1), function(i)
      local number = first + i - 1
      verdicts[number] = check(run, used, number, rows[number])
    end)
  end
  return verdicts
end

--- The cell of each row, or false.
---@param run table
---@param used table `{ name, script, options }`
---@param rows { line: integer, item: table }[]
---@param coverage { cells: table[], examples: table[] }
---@return (string|false)[] cells
function evaluation.labels(run, used, rows, coverage)
  local items, given = {}, { taxonomy = { cells = coverage.cells }, examples = coverage.examples }
  for key, value in pairs(used.options) do given[key] = value end
  for i, row in ipairs(rows) do items[i] = row.item end
  local ok, cells, why = call(run, used, "1", readonly.view(items), readonly.view(given))
  if not ok then fail(used, nil, cells) end
  local labels, problem = readonly.plain(cells, "labels")
  if type(labels) ~= "table" then
    fail(used, nil, problem or why or "it must return a list of cells")
  end
  for i in ipairs(rows) do
    local label = labels[i]
    if label and type(label) ~= "string" then
      fail(used, rows[i], "a label must be a cell's name or false")
    end
    labels[i] = label or false
  end
  return labels
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
    local ok, value = xpcall(work, function(message)
      return type(message) == "table" and message or debug.traceback(tostring(message))
    end, run)
    if ok then result = value else problem = value end
    finished = true
    core.loop.wake(run.waiter)
  end)
  while not finished and not run.halted do core.loop.suspend() end
  run:close()
  if run.halted then return nil, run.halted.message end
  if problem then return nil, type(problem) == "table" and problem.message or tostring(problem) end
  return result
end

return evaluation

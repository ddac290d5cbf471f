--- What `run` and `resume` share: signals, progress, the end of a run.
local core = require("advisor_core")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local progress = require("advisor.output.progress")
local records = require("advisor.engine.records")
local run = require("advisor.engine.run")

local session = {}

local EXIT = { done = 0, paused = 1, stopped = 130 }

--- The flags that both verbs have.
session.flags = {
  json = { doc = "Print one JSON line at the start, a round, and the end on standard output." },
  quiet = { short = "q", doc = "No progress." },
}

local function watch(current)
  core.system.watch_signals()
  core.loop.spawn(function()
    if not core.system.wait_signal() then return end
    io.stderr:write("\nadvisor: finishing the calls in flight; once more cancels them\n")
    current:stop()
    if not core.system.wait_signal() then return end
    io.stderr:write("advisor: canceling\n")
    current:cancel()
    if core.system.wait_signal() then core.system.exit(130) end
  end)
end

local function emit(args, event)
  if args.json then
    io.stdout:write(json.encode(event), "\n")
    io.stdout:flush()
  end
end

local function report_end(folder, outcome, summary, args)
  emit(args, { event = "done", run = folder, state = outcome.state, message = outcome.message,
    kept = summary.kept, drafts = summary.drafts, rounds = summary.rounds, digest = summary.digest })
  local words = progress.closing(summary)
  io.stderr:write(words, "\n")
  if outcome.state == "done" then
    if summary.accept and summary.kept < summary.accept then
      io.stderr:write(("advisor: %d items were asked for, %d were kept: the rounds are used up\n"):format(
        summary.accept, summary.kept))
    end
    return
  end
  io.stderr:write(("advisor: the run %s: %s\n"):format(
    outcome.state == "paused" and "is paused" or "was stopped", outcome.message or ""))
  io.stderr:write(("advisor: nothing is lost; go on with: advisor resume %s\n"):format(folder))
end

--- Runs an opened store to its end. Must be called from a task.
---@param given table `{ folder, store, resolved, registry, args }`
---@return integer exit
function session.go(given)
  local args, store = given.args, given.store
  local shown = not args.quiet and not args.json
  local line = progress.new(given.resolved, shown)
  local function close(current)
    line:stop()
    core.system.unwatch_signals()
    if current and current.calls then current.calls:close() end
    store:close()
  end
  local current, why, code = run.open({
    resolved = given.resolved, registry = given.registry, store = store,
    progress = function(self, result)
      line:round(self, result)
      emit(args, { event = "round", round = result.number, kept = #result.kept, drafts = #result.drafts })
    end,
  })
  if not current then
    close()
    error({ message = why, code = code }, 0)
  end
  if current.journal.interrupted > 0 then
    io.stderr:write(("advisor: %d calls were in flight when the run ended last time; they may have been paid "
      .. "and are sent again\n"):format(current.journal.interrupted))
  end
  emit(args, { event = "launch", run = given.folder, name = given.resolved.name, round = current.committed })
  records.set(store, { state = "running", why = "" })
  watch(current)
  line:start(current)
  local ok, outcome = xpcall(current.go, debug.traceback, current)
  if not ok then
    outcome = { state = "paused", message = tostring(outcome) }
  end
  local message = core.log.redact(outcome.message or "")
  outcome.message = message
  local set, problem = records.set(store, { state = outcome.state, why = message })
  if not set then io.stderr:write("advisor: the end of the run could not be recorded: ", problem, "\n") end
  core.log.write("info", ("the run is %s%s"):format(outcome.state, message ~= "" and ": " .. message or ""))
  local summary = records.summary(store)
  close(current)
  report_end(given.folder, outcome, summary, args)
  return EXIT[outcome.state]
end

--- The scripts that a resolved experiment uses.
---@return advisor.Script[]
function session.scripts_of(resolved, registry)
  local list, seen = {}, {}
  local function add(kind, name)
    local script = registry:find(kind, name)
    if script and not seen[kind .. "/" .. name] then
      seen[kind .. "/" .. name] = true
      script.kind, script.name = kind, name
      list[#list + 1] = script
    end
  end
  for _, stage in ipairs({ "advise", "generate", "summarize" }) do
    if resolved.pipeline[stage] then add(stage, resolved.pipeline[stage].name) end
  end
  for _, used in ipairs(resolved.pipeline.filter) do add("filter", used.name) end
  for _, used in ipairs(resolved.principles) do add("principle", used.name) end
  for _, name in ipairs(options.sorted_keys(resolved.models)) do
    local role = resolved.models[name]
    if type(role) == "table" then add("provider", role.api) end
  end
  return list
end

return session

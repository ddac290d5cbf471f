--- What `run` and `resume` share: signals, progress, the end of a run.
local account = require("advisor.engine.account")
local core = require("advisor_core")
local experiment = require("advisor.engine.experiment")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local preflight = require("advisor.engine.preflight")
local progress = require("advisor.output.progress")
local records = require("advisor.engine.records")
local references = require("advisor.engine.references")
local run = require("advisor.engine.run")

local version = require("advisor.version")
local words = require("advisor.output.account")

local session = {}

local EXIT = { done = 0, paused = 1, stopped = 130 }

--- The flags that several verbs have.
session.flags = {
  reuse = { value = "RUN", many = true, doc = "Take replies from this run where the whole call is the "
    .. "same." },
  ["reuse-any"] = { doc = "Also take refusals and replies without a text." },
  json = { doc = "Print one JSON line at the start, a round, and the end on standard output." },
  quiet = { short = "q", doc = "No progress." },
  ["no-preflight"] = { doc = "Do not look at disk, clock and the servers' lists of models before the first call." },
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
    io.stdout:write(json.line(event))
    io.stdout:flush()
  end
end

--- Why a run cannot go on whose folder was removed or renamed, so that what it writes goes
--- where nobody will look for it, or may not be entered any more.
local function vanished(folder)
  local info, why, code = core.system.info(folder .. "/run.db")
  if info then return nil end
  if code ~= "ENOTFOUND" then
    return { state = "paused", code = code,
      message = ("%s cannot be reached any more: %s; give it back its rights"):format(folder, why) }
  end
  return { state = "paused", code = "ENOTFOUND",
    message = ("%s is gone. If it was renamed, all is in it under its new name: advisor resume NEW_NAME; if it was "
      .. "removed, so is what it held"):format(folder) }
end

local function report_end(folder, outcome, found, args)
  local event = { event = "done", run = folder, message = outcome.message }
  for key, value in pairs(found) do event[key] = value end
  emit(args, event)
  io.stderr:write(words.closing(found), "\n")
  if outcome.state == "done" then return end
  if outcome.code == "ENOTFOUND" then
    io.stderr:write("advisor: the run is paused: ", outcome.message, "\n")
    return
  end
  io.stderr:write(("advisor: the run %s; nothing is lost, go on with: advisor resume %s\n"):format(
    outcome.state == "paused" and "is paused" or "was stopped", folder))
end

--- Begins to log into the run folder. Raises `{ message }`.
---@param folder string
function session.log_into(folder)
  local ok, why = core.log.file(folder .. "/run.log")
  if not ok then error({ message = why }, 0) end
end

--- What the flags say of replies to take from other runs; nil: none.
---@return { runs: string[], any: boolean|nil }|nil
function session.reuse_of(args)
  if not args.reuse then
    if args["reuse-any"] then error({ message = "--reuse-any goes with --reuse RUN" }, 0) end
    return nil
  end
  local runs = {}
  for i, folder in ipairs(args.reuse) do
    local real, why = core.system.realpath(folder)
    if not real then error({ message = ("--reuse %s: %s"):format(folder, why) }, 0) end
    runs[i] = real
  end
  return { runs = json.array(runs), any = args["reuse-any"] }
end

--- Looks at what is free before anything is paid.
---@return string|nil problem
local function look_ahead(given, current)
  if given.args["no-preflight"] then return nil end
  local problem, warnings = preflight.check(given.folder, current.models, given.resolved.policy)
  for _, warning in ipairs(warnings) do io.stderr:write("advisor: ", warning, "\n") end
  return problem and ("%s; then: advisor resume %s (--no-preflight goes on all the same)"):format(problem,
    given.folder)
end

--- Runs an opened store to its end. Must be called from a task.
---@param given table `{ folder, store, resolved, registry, args, reuse }`
---@return integer exit
function session.go(given)
  local args, store = given.args, given.store
  local shown = not args.quiet and not args.json
  local line = progress.new(given.resolved, shown)
  local function close(current)
    line:stop()
    core.system.unwatch_signals()
    if current and current.calls then current.calls:close() end
    if current and current.reuse then current.reuse:close() end
    store:close()
  end
  local opened, current, why, code = xpcall(run.open, failure.traced, {
    resolved = given.resolved, registry = given.registry, store = store, reuse = given.reuse,
    progress = function(self, result)
      line:round(self, result)
      self.halted = self.halted or vanished(given.folder)
      emit(args, { event = "round", round = result.number, kept = #result.kept,
        drafts = #result.drafts, covered = self.timeline.coverage:covered() })
    end,
  })
  if not opened then
    close()
    error(current, 0)
  end
  if current then why = look_ahead(given, current) end
  if not current or why then
    close(current)
    error({ message = why, code = code }, 0)
  end
  if current.journal.interrupted > 0 then
    io.stderr:write(("advisor: %d calls were in flight when the run ended last time; they may "
      .. "have been paid "
      .. "and are sent again\n"):format(current.journal.interrupted))
  end
  emit(args, { event = "launch", run = given.folder, name = given.resolved.name,
    round = current.committed })
  local begun, problem, status = records.set(store, { state = "running", why = "" })
  if not begun then
    close(current)
    error({ message = problem, code = status }, 0)
  end
  watch(current)
  line:start(current)
  local ok, outcome = xpcall(current.go, failure.traced, current)
  if not ok then outcome = { state = "paused", message = failure.words(outcome) } end
  local message = core.log.redact(outcome.message or "")
  outcome.message = message
  local set
  set, problem = records.set(store, { state = outcome.state, why = message })
  if not set then
    io.stderr:write("advisor: the end of the run could not be recorded: ", problem, "\n")
    if outcome.state == "done" then outcome.state = "paused" end
  end
  core.log.write("info", ("the run is %s%s"):format(outcome.state,
    message ~= "" and ": " .. message or ""))
  local counted, found = pcall(account.of, store)
  close(current)
  if not counted then error(found, 0) end
  found.state, found.why = outcome.state, message
  report_end(given.folder, outcome, found, args)
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
  for _, used in ipairs(experiment.uses(resolved)) do add(used.kind, used.name) end
  for _, name in ipairs(options.sorted_keys(resolved.models)) do
    local role = resolved.models[name]
    if type(role) == "table" then add("provider", role.api) end
  end
  return list
end

--- A folder under runs/ that is not there yet.
---@param name string
---@param parent string|nil In the place of runs/.
function session.free_folder(name, parent)
  parent = parent or "runs"
  local folder, n = parent .. "/" .. name, 1
  while core.system.kind(folder) do
    n = n + 1
    folder = ("%s/%s-%d"):format(parent, name, n)
  end
  return folder
end

local function write_file(path, content)
  local file, why = io.open(path, "wb")
  if not file then error({ message = why }, 0) end
  local ok, problem = file:write(content)
  file:close()
  if not ok then error({ message = path .. ": " .. problem }, 0) end
end

--- Copies for people; the store holds what the program itself reads.
local function write_copies(folder, source, resolved_text, scripts)
  write_file(folder .. "/experiment.lua", source)
  write_file(folder .. "/experiment.resolved.json", resolved_text .. "\n")
  core.system.make_folder(folder .. "/scripts")
  for _, script in ipairs(scripts) do
    write_file(("%s/scripts/%s-%s.lua"):format(folder, script.hash,
      script.name:gsub("[^%w_%-]", "_")), script.source)
  end
end

--- Whether a process was killed between making run.db and writing the first rows:
--- nothing was asked, so such a run is begun again.
local function never_began(folder)
  local store = core.store.open(folder, "read")
  local facts = store and records.facts(store)
  if store then store:close() end
  return facts ~= nil and next(facts) == nil
end

--- Facts that every run has about itself.
local function facts_of(resolved, resolved_text, state)
  return {
    name = resolved.name, resolved = resolved_text, state = state, why = "", version = version.line(),
    created_ms = tostring(core.system.wall_ms()),
    rounds = resolved.rounds and tostring(resolved.rounds) or "",
    accept = resolved.accept and tostring(resolved.accept) or "",
  }
end

--- Removes a copy whose process was killed before it was the run that it is to be:
--- nothing was asked.
local function discard_unfinished(folder)
  local store = core.store.open(folder, "read")
  local facts = store and records.facts(store)
  if store then store:close() end
  if not (facts and facts.unfinished) or core.system.is_locked(folder .. "/run.lock") then return end
  for _, name in ipairs({ "run.db", "run.db-wal", "run.db-shm" }) do os.remove(folder .. "/" .. name) end
end

--- Makes a run that begins with another one's first rounds, and goes on with it. Must
--- be called from a task.
---@param given table `{ run, folder, round, resolved, args, facts }`; `run` as of cli/recorded.lua.
---@return integer exit
function session.fork(given)
  local reuse = session.reuse_of(given.args)
  discard_unfinished(given.folder)
  local store, why, code = core.store.open(given.folder, "create", given.run.folder)
  if not store then error({ message = why, code = code }, 0) end
  local scripts = session.scripts_of(given.resolved, given.run.registry)
  local resolved_text = json.encode(given.resolved)
  local facts = facts_of(given.resolved, resolved_text, "running")
  facts.reuse = reuse and json.encode(reuse)
  for key, value in pairs(given.facts) do facts[key] = value end
  core.system.crash_point("cutting")
  local ok, problem = records.cut(store, given.round, true, facts,
    { "replayed", "reuse", "caps", "arguments" }, scripts)
  if not ok then error({ message = problem }, 0) end
  session.log_into(given.folder)
  write_copies(given.folder, given.run.facts.experiment or "", resolved_text, scripts)
  return session.go({ folder = given.folder, store = store, resolved = json.decode(resolved_text),
    registry = given.run.registry, args = given.args, reuse = reuse })
end

local function begin(folder, mode, resolved, source, found, args, more)
  local reuse = session.reuse_of(args)
  local store, why, code = core.store.open(folder, mode)
  if not store then error({ message = why, code = code }, 0) end
  local scripts = session.scripts_of(resolved, found)
  local resolved_text = json.encode(resolved)
  resolved = json.decode(resolved_text) -- as a resumed run will read it
  session.log_into(folder)
  write_copies(folder, source, resolved_text, scripts)
  local stored, problem = references.store(store, resolved.references)
  if not stored then error({ message = problem }, 0) end
  local facts = facts_of(resolved, resolved_text, "running")
  facts.experiment, facts.reuse = source, reuse and json.encode(reuse)
  if args.EXPERIMENT then
    facts.arguments = json.encode({ experiment = args.EXPERIMENT, set = args.set })
  end
  facts.isolated = args.inside and "yes" or nil
  for key, value in pairs(more or {}) do facts[key] = value end
  core.system.crash_point("beginning")
  stored, problem = records.begin(store, facts, scripts)
  if not stored then error({ message = problem }, 0) end
  core.system.crash_point("begun")
  return session.go({ folder = folder, store = store, resolved = resolved, registry = found,
    args = args, reuse = reuse })
end

--- Makes a run folder and runs the experiment in it.
---@param folder string
---@param resolved table
---@param source string The experiment as written.
---@param found table Registry.
---@param args table
---@param facts table<string, string>|nil More that the run holds about itself.
---@return integer exit
---@return boolean|nil other Whether the folder holds a run already, and nothing was done.
function session.start(folder, resolved, source, found, args, facts)
  local exists = core.system.kind(folder .. "/run.db")
  if exists and not never_began(folder) then
    io.stderr:write(("advisor: %s holds a run already: 'advisor resume %s' goes on with it, "
      .. "another -o begins a new one\n"):format(folder, folder))
    return 1, true
  end
  return core.loop.run(begin, folder, exists and "write" or "create", resolved, source, found, args,
    facts)
end

return session

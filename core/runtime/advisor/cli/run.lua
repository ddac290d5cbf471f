local core = require("advisor_core")
local experiment = require("advisor.engine.experiment")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local registry = require("advisor.host.registry")
local session = require("advisor.cli.session")
local version = require("advisor.version")

local verb = {
  usage = "run EXPERIMENT.lua [-o RUN] [--set key=value]…",
  summary = "Runs an experiment into a new run folder.",
  positional = { "EXPERIMENT" },
  flags = {
    output = { short = "o", value = "RUN", doc = "The run folder to make; default: runs/NAME, runs/NAME-2, …" },
    set = { value = "key=value", many = true, doc = "Set a key by its full path, as pipeline.advise=my_idea." },
    json = session.flags.json,
    quiet = session.flags.quiet,
  },
  notes = "Exit codes: 0 done, 1 error or paused, 2 usage, 130 interrupted. A run that ended early goes on\n"
    .. "with 'advisor resume RUN'.",
}

local function free_folder(name)
  local folder, n = "runs/" .. name, 1
  while core.system.kind(folder) do
    n = n + 1
    folder = ("runs/%s-%d"):format(name, n)
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
    write_file(("%s/scripts/%s-%s.lua"):format(folder, script.hash, script.name:gsub("[^%w_%-]", "_")), script.source)
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

local function begin(folder, mode, resolved, source, found, args)
  local store, why, code = core.store.open(folder, mode)
  if not store then error({ message = why, code = code }, 0) end
  local scripts = session.scripts_of(resolved, found)
  local resolved_text = json.encode(resolved)
  resolved = json.decode(resolved_text) -- as a resumed run will read it
  assert(core.log.file(folder .. "/run.log"))
  write_copies(folder, source, resolved_text, scripts)
  local stored, problem = records.begin(store, {
    name = resolved.name, resolved = resolved_text, experiment = source, state = "running", why = "",
    version = version.line(), created_ms = tostring(core.system.wall_ms()),
    rounds = resolved.rounds and tostring(resolved.rounds) or "", accept = resolved.accept and tostring(resolved.accept) or "",
  }, scripts)
  if not stored then error({ message = problem }, 0) end
  return session.go({ folder = folder, store = store, resolved = resolved, registry = found, args = args })
end

function verb.run(args, place)
  local path = args.EXPERIMENT
  local found = registry.new({ root = place.root, experiment = path:match("^(.*)/[^/]*$") or "." })
  local resolved, problems, source = experiment.read(path, args.set or {}, found, place.root)
  if not resolved then
    for _, problem in ipairs(problems) do io.stderr:write(core.log.redact(problem), "\n") end
    return 1
  end
  local folder = args.output or free_folder(resolved.name)
  local exists = core.system.kind(folder .. "/run.db")
  if exists and not never_began(folder) then
    io.stderr:write(("advisor run: %s holds a run already: 'advisor resume %s' goes on with it, "
      .. "another -o begins a new one\n"):format(folder, folder))
    return 1
  end
  return core.loop.run(begin, folder, exists and "write" or "create", resolved, source, found, args)
end

return verb

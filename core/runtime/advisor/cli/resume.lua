local core = require("advisor_core")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local registry = require("advisor.host.registry")
local session = require("advisor.cli.session")

local verb = {
  usage = "resume RUN",
  summary = "Goes on with a run that was stopped, paused or killed.",
  positional = { "RUN" },
  flags = { json = session.flags.json, quiet = session.flags.quiet },
  notes = "The scripts and the experiment stored in the run are used. Replies that are on disk are not asked\n"
    .. "for again; calls that were in flight when the process died are sent again and shown as possibly paid.",
}

local function go_on(folder, args, place)
  local store, why, code = core.store.open(folder, "write")
  if not store then error({ message = why, code = code }, 0) end
  local facts = assert(records.facts(store))
  if not facts.resolved then
    error({ message = ("%s: the run ended before it began, nothing was asked; begin it with: "
      .. "advisor run EXPERIMENT.lua -o %s"):format(folder, folder) }, 0)
  end
  local resolved, problem = json.decode(facts.resolved)
  if not resolved then error({ message = folder .. ": the stored experiment cannot be read: " .. tostring(problem) }, 0) end
  if facts.state == "done" then
    store:close()
    io.stderr:write(("advisor: %s is done already; 'advisor export %s --format jsonl' writes its items\n"):format(
      folder, folder))
    return 0
  end
  local found = registry.new({ root = place.root })
  found:use_stored(records.scripts(store))
  assert(core.log.file(folder .. "/run.log"))
  return session.go({ folder = folder, store = store, resolved = resolved, registry = found, args = args })
end

function verb.run(args, place)
  return core.loop.run(go_on, args.RUN, args, place)
end

return verb

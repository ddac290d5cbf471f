local core = require("advisor_core")
local experiment = require("advisor.engine.experiment")
local registry = require("advisor.host.registry")
local session = require("advisor.cli.session")

local verb = {
  usage = "run EXPERIMENT.lua [-o RUN] [--set key=value]…",
  summary = "Runs an experiment into a new run folder.",
  positional = { "EXPERIMENT" },
  flags = {
    output = { short = "o", value = "RUN", doc = "The run folder to make; default: runs/NAME, "
      .. "runs/NAME-2, …" },
    set = { value = "key=value", many = true, doc = "Set a key by its full path, as "
      .. "pipeline.advise=my_idea." },
    reuse = session.flags.reuse,
    ["reuse-any"] = session.flags["reuse-any"],
    json = session.flags.json,
    quiet = session.flags.quiet,
    ["no-preflight"] = session.flags["no-preflight"],
  },
  notes = "Exit codes: 0 done, 1 error or paused, 2 usage, 130 interrupted. A run that ended "
    .. "early goes on\n"
    .. "with 'advisor resume RUN'.",
}

function verb.run(args, place)
  local path = args.EXPERIMENT
  local found = registry.new({ root = place.root, experiment = path:match("^(.*)/[^/]*$") or "." })
  local resolved, problems, source = experiment.read(path, args.set or {}, found, place.root)
  if not resolved then
    for _, problem in ipairs(problems) do io.stderr:write(core.log.redact(problem), "\n") end
    return 1
  end
  local folder = args.output or session.free_folder(resolved.name)
  return session.start(folder, resolved, source, found, args)
end

return verb

local approval = require("advisor.cli.approval")
local isolation = require("advisor.cli.isolation")
local opening = require("advisor.cli.opening")
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

approval.with(verb.flags, approval.flags)
approval.with(verb.flags, isolation.flags)

function verb.run(args, place)
  local path = args.EXPERIMENT
  if args.wants then return isolation.tell(path, args, place) end
  if args.isolate then return isolation.experiment(path, args, place, "runs") end
  local resolved, problems, source, found = opening.experiment(path, args.set, args, place, true)
  if not resolved then
    for _, problem in ipairs(problems) do io.stderr:write(problem, "\n") end
    return 1
  end
  local folder = args.output or session.free_folder(resolved.name)
  return session.start(folder, resolved, source, found, args)
end

return verb

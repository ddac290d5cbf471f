local experiment = require("advisor.engine.experiment")
local core = require("advisor_core")
local registry = require("advisor.host.registry")
local sweep = require("advisor.experiments.sweep")
local sweeping = require("advisor.cli.sweeping")

local verb = {
  usage = "sweep EXPERIMENT.lua|SWEEP --vary key=v1,v2… [--seeds N] [-j N]",
  summary = "Runs an experiment with every combination of some settings and seeds, and compares.",
  positional = { "EXPERIMENT" },
  flags = {
    vary = { value = "key=v1,v2", many = true, doc = "A key and its values; or key=[…] with JSON." },
    share = { doc = "The other arms take the first one's replies where a whole call is the same." },
  },
  notes = "A sweep that ended early goes on by: advisor sweep SWEEP. What is done is not made again.",
}
for name, flag in pairs(sweeping.flags) do verb.flags[name] = flag end

local function fail(message) error({ message = message }, 0) end

--- Every arm is checked before anything is paid for.
local function check(path, arms, set, place)
  local name
  for _, arm in ipairs(arms) do
    local found = registry.new({ root = place.root, experiment = path:match("^(.*)/[^/]*$") or "." })
    local all = table.move(set, 1, #set, 1, {})
    table.move(arm.set, 1, #arm.set, #all + 1, all)
    local resolved, problems = experiment.read(path, all, found, place.root)
    if not resolved then fail(("arm '%s': %s"):format(arm.name, table.concat(problems, "\n"))) end
    name = resolved.name
  end
  return name
end

function verb.run(args, place)
  if sweep.is(args.EXPERIMENT) then
    local manifest, why = sweep.read(args.EXPERIMENT)
    if not manifest then fail(why) end
    return sweeping.go(args.EXPERIMENT, manifest, args, place)
  end
  if not args.vary then fail("--vary is missing: name a key and its values, as pipeline.advise=a,b") end
  local arms, problem = sweep.matrix(args.vary)
  if not arms then fail(problem) end
  local seeds, wrong = sweep.seeds(args.seeds)
  if not seeds then fail(wrong) end
  local name = check(args.EXPERIMENT, arms, args.set or {}, place)
  local manifest, why = sweep.plan({ kind = "sweep", experiment = args.EXPERIMENT, set = args.set,
    arms = arms, seeds = seeds, share = args.share })
  if not manifest then fail(why) end
  local folder = args.output or sweeping.free_folder(name)
  sweeping.begin(folder, manifest)
  io.stderr:write(("advisor: %d runs (%d arms, %d seeds) in %s\n"):format(#manifest.tasks, #arms, #seeds,
    core.system.realpath(folder)))
  return sweeping.go(folder, manifest, args, place)
end

return verb

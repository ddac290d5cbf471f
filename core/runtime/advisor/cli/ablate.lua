local ablation = require("advisor.experiments.ablation")
local opening = require("advisor.cli.opening")
local sweep = require("advisor.experiments.sweep")
local sweeping = require("advisor.cli.sweeping")

local verb = {
  usage = "ablate EXPERIMENT.lua [--drop principles|strategies] [--seeds N] [-j N]",
  summary = "Leaves out each principle or strategy, and keeps each alone: what does it do?",
  positional = { "EXPERIMENT" },
  flags = {
    drop = { value = "principles|strategies", doc = "What is left out; default principles." },
  },
  notes = "All arms have the same seeds and take the full run's replies where a whole call is the "
    .. "same (--reuse).\n"
    .. "Ends in a table of differences from the full experiment. One that ended early goes on by: "
    .. "advisor sweep FOLDER.",
}
for name, flag in pairs(sweeping.flags) do verb.flags[name] = flag end

local function fail(message) error({ message = message }, 0) end

function verb.run(args, place)
  sweeping.check(args)
  local drop = args.drop or "principles"
  local arms_of = ablation[drop]
  if not arms_of then fail(("--drop %s: there are principles and strategies"):format(drop)) end
  local path = args.EXPERIMENT
  local resolved, problems = opening.experiment(path, args.set, args, place, true)
  if not resolved then fail(table.concat(problems, "\n")) end
  local arms = arms_of(resolved)
  if #arms < 2 then fail(("the experiment has no %s that could be left out"):format(drop)) end
  local seeds, wrong = sweep.seeds(args.seeds)
  if not seeds then fail(wrong) end
  local manifest, why = sweep.plan({ kind = "ablation", experiments = { path }, set = args.set, arms = arms,
    seeds = seeds, share = true })
  if not manifest then fail(why) end
  local folder = args.output or sweeping.free_folder(resolved.name .. "-ablation")
  sweeping.begin(folder, manifest)
  sweeping.announce(folder, manifest)
  return sweeping.go(folder, manifest, args, place)
end

return verb

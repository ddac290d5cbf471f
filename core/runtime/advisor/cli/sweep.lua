local core = require("advisor_core")
local opening = require("advisor.cli.opening")
local sweep = require("advisor.experiments.sweep")
local sweeping = require("advisor.cli.sweeping")

local verb = {
  usage = "sweep EXPERIMENT.lua…|SWEEP [--vary key=v1,v2]… [--seeds N] [-j N]",
  summary = "Runs experiments with every combination of some settings and seeds, and compares.",
  positional = { "EXPERIMENT" },
  many = true,
  flags = {
    vary = { value = "key=v1,v2", many = true, doc = "A key and its values; or key=[…] with JSON." },
    share = { doc = "The other arms take the first one's replies where a whole call is the same." },
  },
  notes = "The first arm is what the others are compared with. A sweep that ended early goes on by:\n"
    .. "advisor sweep SWEEP. What is done is not made again.",
}
for name, flag in pairs(sweeping.flags) do verb.flags[name] = flag end

local function fail(message) error({ message = message }, 0) end

--- Every arm is checked before anything is paid for.
---@return string name Of the first experiment.
local function check(paths, arms, args, place)
  local first
  for _, arm in ipairs(arms) do
    local path = paths[arm.experiment]
    local set = args.set or {}
    local all = table.move(set, 1, #set, 1, {})
    table.move(arm.set, 1, #arm.set, #all + 1, all)
    local resolved, problems = opening.experiment(path, all, args, place, true)
    if not resolved then fail(("arm '%s': %s"):format(arm.name, table.concat(problems, "\n"))) end
    first = first or resolved.name
  end
  return first
end

--- What says what a sweep is, and so cannot be said to one that there is.
local PLANNED = { "vary", "seeds", "set", "share", "output" }

local function go_on(folder, args, place)
  for _, name in ipairs(PLANNED) do
    if args[name] then
      fail(("--%s: %s is a sweep already, whose runs are planned; name an experiment's file to begin another")
        :format(name, folder))
    end
  end
  local manifest, why = sweep.read(folder)
  if not manifest then fail(why) end
  return sweeping.go(folder, manifest, args, place)
end

local function check_files(paths)
  for _, path in ipairs(paths) do
    local kind = core.system.kind(path)
    if sweep.is(path) then fail(path .. ": is a sweep already; it goes on alone") end
    if kind ~= "file" then
      fail(path .. (kind and ": is neither an experiment's file nor a sweep (no sweep.json)"
        or ": there is no such file or sweep"))
    end
  end
end

local function begin(paths, args, place)
  local combinations, problem = sweep.matrix(args.vary or {})
  if not combinations then fail(problem) end
  local seeds, wrong = sweep.seeds(args.seeds)
  if not seeds then fail(wrong) end
  local arms = sweep.arms_of_all(paths, combinations)
  local name = check(paths, arms, args, place)
  local manifest, why = sweep.plan({ kind = "sweep", experiments = paths, set = args.set, arms = arms,
    seeds = seeds, share = args.share })
  if not manifest then fail(why) end
  local folder = args.output or sweeping.free_folder(name)
  sweeping.begin(folder, manifest)
  sweeping.announce(folder, manifest)
  return sweeping.go(folder, manifest, args, place)
end

function verb.run(args, place)
  sweeping.check(args)
  local paths = args.EXPERIMENT
  if #paths == 1 and sweep.is(paths[1]) then return go_on(paths[1], args, place) end
  check_files(paths)
  if #paths == 1 and not args.vary then
    io.stderr:write("advisor sweep: --vary is missing: name a key and its values, as pipeline.advise=a,b, "
      .. "or a second experiment\n")
    return 2
  end
  return begin(paths, args, place)
end

return verb

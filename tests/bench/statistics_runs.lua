--- Makes runs of a sweep's and an ablation's arms and prints what `compare` reads of
--- each, a JSON line a run. Run by tests/bench/statistics, which removes the folder.
---   lua5.4 statistics_runs.lua ROOT FOLDER EXPERIMENT FIRST_SEED LAST_SEED FIXED
--- FIXED is JSON: `{ "vary": as of sweep's --vary, "ablated": list as of ablate's --set }`.
local ablation = require("advisor.experiments.ablation")
local experiment = require("advisor.engine.experiment")
local figures = require("advisor.experiments.figures")
local json = require("advisor.output.json")
local registry = require("advisor.host.registry")
local sweep = require("advisor.experiments.sweep")
local verb = require("advisor.cli.run")

local root, folder, path, first, last, fixed = table.unpack(arg)
fixed = assert(json.decode(fixed))

--- The arms as `advisor ablate --drop strategies` makes them, without those that keep
--- one part alone.
local function arms_of_ablation()
  local found = registry.new({ root = root, experiment = path:match("^(.*)/") })
  local resolved, problems = experiment.read(path, fixed.ablated, found, root)
  if not resolved then error(table.concat(problems, "\n")) end
  local arms = {}
  for _, arm in ipairs(ablation.strategies(resolved)) do
    if not arm.name:find("^only ") then arms[#arms + 1] = arm end
  end
  return arms
end

local KINDS = {
  { name = "sweep", arms = assert(sweep.matrix({ fixed.vary })), set = {} },
  { name = "ablation", arms = arms_of_ablation(), set = fixed.ablated },
}

local function make(run, kind, arm, seed)
  local set = table.move(kind.set, 1, #kind.set, 1, {})
  table.move(arm.set, 1, #arm.set, #set + 1, set)
  set[#set + 1] = "seed=" .. seed
  assert(verb.run({ EXPERIMENT = path, output = run, set = set, quiet = true }, { root = root }) == 0)
  local found = assert(figures.of(run))
  -- A thousand databases would fill the memory that holds the folder.
  for _, name in ipairs({ "run.db", "run.db-wal", "run.db-shm" }) do os.remove(run .. "/" .. name) end
  return found.measures
end

for seed = tonumber(first), tonumber(last) do
  for _, kind in ipairs(KINDS) do
    for i, arm in ipairs(kind.arms) do
      local measures = make(("%s/%s-%d-%d"):format(folder, kind.name, seed, i), kind, arm, seed)
      print(json.encode({ kind = kind.name, arm = i, name = arm.name, seed = seed, measures = measures }))
    end
  end
end

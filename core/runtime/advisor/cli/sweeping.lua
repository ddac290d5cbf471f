--- What `sweep` and `ablate` share: working through the tasks of a manifest, here or on
--- a cluster, and the table at the end.
local compare = require("advisor.experiments.compare")
local core = require("advisor_core")
local json = require("advisor.output.json")
local local_executor = require("advisor.experiments.local_executor")
local slurm = require("advisor.experiments.slurm")
local sweep = require("advisor.experiments.sweep")
local words = require("advisor.output.comparison")

local sweeping = {}

--- The flags that both verbs have.
sweeping.flags = {
  seeds = { value = "N|LIST", doc = "Seeds 1 to N, or those of a list as 3,7,11; default 5." },
  set = { value = "key=value", many = true, doc = "Set a key in all arms." },
  output = { short = "o", value = "SWEEP", doc = "The folder to make, or to go on with; default: "
    .. "sweeps/NAME, …" },
  jobs = { short = "j", value = "N", doc = "Runs at once on this machine; default 1." },
  executor = { value = "local|slurm", doc = "Where runs are made; default local." },
  task = { value = "N", doc = "Only the run of this number, in this process." },
  json = { doc = "One JSON object on standard output." },
  ["slurm-option"] = { value = "OPTION", many = true, doc = "For sbatch, as --slurm-option=--time=2:00:00 "
    .. "or --partition=NAME." },
  ["slurm-setup"] = { value = "COMMAND", many = true, doc = "A shell line to run before each task, as "
    .. "'module load curl'." },
}

--- A folder under sweeps/ that is not there yet.
function sweeping.free_folder(name)
  local folder, n = "sweeps/" .. name, 1
  while core.system.kind(folder) do
    n = n + 1
    folder = ("sweeps/%s-%d"):format(name, n)
  end
  return folder
end

--- Makes, or goes on with, the run of one task.
local function one_task(folder, manifest, text, place)
  local number = math.tointeger(tonumber(text))
  local task = number and manifest.tasks[number]
  if not task then
    error({ message = ("--task %s: the sweep has tasks 1 to %d"):format(text, #manifest.tasks) }, 0)
  end
  local state = sweep.state(folder, task)
  if state == "done" then return 0 end
  if state ~= "absent" then
    return require("advisor.cli.resume").run({ RUN = folder .. "/" .. task.run, quiet = true }, place)
  end
  return require("advisor.cli.run").run(sweep.arguments(folder, manifest, number), place)
end

--- What is left to do by hand.
local function report_failures(folder, manifest)
  local failed = 0
  for i, task in ipairs(manifest.tasks) do
    local state, why = sweep.state(folder, task)
    if state ~= "done" then
      failed = failed + 1
      io.stderr:write(("advisor: task %d (%s, seed %d) is %s%s; again by: advisor sweep %s --task %d\n")
        :format(i, manifest.arms[task.arm].name, task.seed, state, why and why ~= "" and ": " .. why or "",
          folder, i))
    end
  end
  return failed
end

local EXECUTORS = { ["local"] = local_executor, slurm = slurm }

--- Works through a sweep.
---@param folder string
---@param manifest table
---@param args table
---@param place { root: string }
---@return integer exit
function sweeping.go(folder, manifest, args, place)
  local changed = sweep.changed(manifest)
  if changed then error({ message = changed }, 0) end
  if args.task then return one_task(folder, manifest, args.task, place) end
  local name = args.executor or "local"
  local executor = EXECUTORS[name]
  if not executor then
    error({ message = ("--executor %s: there are local and slurm"):format(name) }, 0)
  end
  local finished, why = core.loop.run(executor.run, folder, manifest, args)
  if not finished then
    io.stderr:write("advisor: ", why, "\n")
    if why == "interrupted" then return 130 end
  end
  local failed = report_failures(folder, manifest)
  local found, problem = compare.of({ folder })
  if not found then error({ message = problem }, 0) end
  io.stdout:write(args.json and json.encode(found) .. "\n" or words(found))
  return finished and failed == 0 and 0 or 1
end

--- Begins a sweep in a folder, or finds that it is the one there.
function sweeping.begin(folder, manifest)
  local ok, why = sweep.begin(folder, manifest)
  if not ok then error({ message = why }, 0) end
end

return sweeping

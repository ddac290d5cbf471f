--- What `sweep` and `ablate` share: working through the tasks of a manifest, here or on
--- a cluster, and the table at the end.
local approval = require("advisor.cli.approval")
local compare = require("advisor.experiments.compare")
local core = require("advisor_core")
local json = require("advisor.output.json")
local local_executor = require("advisor.experiments.local_executor")
local opening = require("advisor.cli.opening")
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
  jobs = { short = "j", value = "N", doc = "Runs at once; default 1 on this machine, and as many as "
    .. "the cluster lets." },
  executor = { value = "local|slurm", doc = "Where runs are made; default local." },
  task = { value = "N", doc = "Only the run of this number: in this process, or as one Slurm job." },
  json = { doc = "One JSON object on standard output." },
  time = { value = "LIMIT", doc = "Slurm: the longest that a run may take, as 2:00:00." },
  mem = { value = "SIZE", doc = "Slurm: memory for a run, as 2G." },
  partition = { value = "NAME", doc = "Slurm: where runs are queued." },
  ["slurm-option"] = { value = "OPTION", many = true, doc = "Slurm: any other option of sbatch, as "
    .. "--slurm-option=--account=NAME." },
  ["slurm-setup"] = { value = "COMMAND", many = true, doc = "Slurm: a shell line before each run, as "
    .. "'module load curl'." },
}

approval.with(sweeping.flags, approval.run_flags)

--- A folder under sweeps/ that is not there yet.
function sweeping.free_folder(name)
  local folder, n = "sweeps/" .. name, 1
  while core.system.kind(folder) do
    n = n + 1
    folder = ("sweeps/%s-%d"):format(name, n)
  end
  return folder
end

--- The number that --task names.
local function task_number(manifest, text)
  local number = math.tointeger(tonumber(text))
  if not number or not manifest.tasks[number] then
    error({ message = ("--task %s: the sweep has tasks 1 to %d"):format(text, #manifest.tasks) }, 0)
  end
  return number
end

--- Makes, or goes on with, the run of one task.
local function one_task(folder, manifest, number, args, place)
  local task = manifest.tasks[number]
  local state = sweep.state(folder, task)
  if state == "done" then return 0 end
  local verb, told = "run", sweep.arguments(folder, manifest, number)
  if state ~= "absent" then verb, told = "resume", { RUN = folder .. "/" .. task.run, quiet = true } end
  for name in pairs(approval.run_flags) do told[name] = args[name] end
  -- A stranger's plan may set hosts for an experiment of the user's own.
  told.foreign = told.foreign or opening.is_strangers(folder .. "/sweep.json", place)
  return require("advisor.cli." .. verb).run(told, place)
end

--- What is left to do by hand.
local function report_failures(folder, manifest, args)
  local where = args.executor == "slurm" and " --executor slurm" or ""
  local failed, begun = 0, false
  for i, task in ipairs(manifest.tasks) do
    local state, why = sweep.state(folder, task)
    if state ~= "done" then
      failed, begun = failed + 1, begun or state ~= "absent"
      io.stderr:write(("advisor: task %d (%s, seed %d) is %s%s; again by: advisor sweep %s%s --task %d\n")
        :format(i, manifest.arms[task.arm].name, task.seed, state,
          why and why ~= "" and ": " .. sweep.first_line(why) or "", folder, where, i))
    end
  end
  if begun then
    io.stderr:write("advisor: a run that has begun goes on with the scripts it began with; after a change "
      .. "of one,\n  delete its folder in ", folder, "/runs first\n")
  end
  return failed
end

local EXECUTORS = { ["local"] = local_executor, slurm = slurm }

--- Checks the flags that say how tasks are run, before anything is made. Raises
--- `{ message }`.
---@param args table `jobs`, where given, becomes an integer.
function sweeping.check(args)
  local name, jobs = args.executor or "local", math.tointeger(tonumber(args.jobs or 1))
  if not EXECUTORS[name] then
    error({ message = ("--executor %s: there are local and slurm"):format(name) }, 0)
  end
  if not jobs or jobs < 1 then
    error({ message = ("-j %s: a number from 1 on is expected"):format(args.jobs) }, 0)
  end
  args.jobs, args.trust = args.jobs and jobs, approval.words(args)
  local problem = slurm.problem(args)
  if problem then error({ message = problem }, 0) end
end

--- Says what was planned.
function sweeping.announce(folder, manifest)
  local function counted(list, what)
    return ("%d %s%s"):format(#list, what, #list == 1 and "" or "s")
  end
  io.stderr:write(("advisor: %s (%s, %s) in %s\n"):format(counted(manifest.tasks, "run"),
    counted(manifest.arms, "arm"), counted(manifest.seeds, "seed"), folder))
end

--- Says why an executor gave up, and what comes next.
local function ended_early(folder, why, advice)
  io.stderr:write("advisor: ", why, "\n")
  if why ~= "interrupted" then return 1 end
  io.stderr:write("advisor: ", advice or "go on with: advisor sweep " .. folder, "\n")
  return 130
end

--- Works through a sweep.
---@param folder string
---@param manifest table
---@param args table As `sweeping.check` leaves them.
---@param place { root: string }
---@return integer exit
function sweeping.go(folder, manifest, args, place)
  local changed = sweep.changed(manifest)
  if changed then error({ message = changed }, 0) end
  args.task = args.task and task_number(manifest, args.task)
  if args.task and args.executor ~= "slurm" then return one_task(folder, manifest, args.task, args, place) end
  local executor = EXECUTORS[args.executor or "local"]
  local finished, why, advice = core.loop.run(executor.run, folder, manifest, args)
  if not finished then return ended_early(folder, why, advice) end
  if args.task then return sweep.state(folder, manifest.tasks[args.task]) == "done" and 0 or 1 end
  local failed = report_failures(folder, manifest, args)
  local found, problem = compare.of({ folder })
  if not found then error({ message = problem }, 0) end
  io.stdout:write(args.json and json.line(found) or words(found))
  return failed == 0 and 0 or 1
end

--- Begins a sweep in a folder, or finds that it is the one there.
function sweeping.begin(folder, manifest)
  local ok, why = sweep.begin(folder, manifest)
  if not ok then error({ message = why }, 0) end
end

return sweeping

--- Slurm's own commands: sbatch and squeue.
local core = require("advisor_core")

local cluster = {}

--- A controller that does not answer keeps its clients waiting about so long.
local LIMIT_MS = 120000

--- States in which a job is not going to run again by itself.
local ENDED = {
  BOOT_FAIL = true, CANCELLED = true, COMPLETED = true, DEADLINE = true, FAILED = true, NODE_FAIL = true,
  OUT_OF_MEMORY = true, PREEMPTED = true, TIMEOUT = true,
}

--- Whether a state is a job's last one.
---@param state string As squeue's %T.
---@return boolean
function cluster.ended(state) return ENDED[state] or false end

--- What is missing on this machine, or nil.
---@return string|nil problem
function cluster.missing()
  for _, name in ipairs({ "sbatch", "squeue" }) do
    local found
    for folder in (os.getenv("PATH") or ""):gmatch("[^:]+") do
      found = found or core.system.kind(folder .. "/" .. name) == "file"
    end
    if not found then
      return ("%s is not in PATH: --executor slurm needs Slurm's commands on this machine "
        .. "(Debian: apt-get install slurm-client); --executor local makes the runs here"):format(name)
    end
  end
  return nil
end

--- Runs one of the commands. Yields.
---@param argv string[]
---@param keyless boolean Whether it gets no variable that may hold a key.
---@return string|nil output
---@return string|nil message What it said, else what kept it from running.
local function run(argv, keyless)
  local done, why = core.system.run(argv, { limit_ms = LIMIT_MS, keyless = keyless })
  if not done then return nil, why end
  if done.status == 0 and not done.signal then return done.output end
  local said = done.errors:gsub("%s+$", ""):gsub("\n", "; ")
  return nil, said ~= "" and said or ("%s: exit %d"):format(argv[1], done.status)
end

--- Submits an array. Yields.
---@param given { script: string, array: string, after: integer[] } `array` as --array;
---`after`: jobs that must have ended, whatever came of them.
---@return integer|nil job
---@return string|nil problem In place of the cluster's name, which is given where sbatch names one.
function cluster.submit(given)
  local argv = { "sbatch", "--parsable", "--array=" .. given.array }
  if #given.after > 0 then
    argv[#argv + 1] = "--dependency=afterany:" .. table.concat(given.after, ":")
  end
  argv[#argv + 1] = given.script
  -- The jobs get this environment, and need the keys in it.
  local output, why = run(argv, false)
  if not output then
    if why:find("Invalid job array specification", 1, true) then
      why = why .. " (the cluster's MaxArraySize, see 'scontrol show config', must be above the highest task)"
    end
    return nil, why
  end
  local job, name = output:match("^(%d+);?([^%s]*)")
  if not job then return nil, "sbatch printed no job's number: " .. output end
  return math.tointeger(job), name ~= "" and name or nil
end

--- Asks squeue for one line a task, those that have ended and are not forgotten among
--- them.
local function queue(filter, where)
  local argv = { "squeue", "--noheader", "--array", "--states=all", "--format=%F|%K|%T|%j|%r", filter }
  if where then argv[#argv + 1] = "--clusters=" .. where end
  return run(argv, true)
end

--- The job that was submitted under a name. Yields.
---@param name string
---@return integer|false|nil job false: there is none; nil, message: Slurm did not answer.
---@return string|nil message
function cluster.find(name)
  local output, why = queue("--name=" .. name)
  if not output then return nil, why end
  return math.tointeger(output:match("^(%d+)|")) or false
end

--- How the tasks of jobs are; those that Slurm has forgotten are not among them. Yields.
---@param jobs integer[]
---@param where string|nil The cluster's name, where there are several.
---@return { job: integer, task: integer, state: string, name: string, reason: string }[]|nil
---@return string|nil message Slurm did not answer.
function cluster.tasks(jobs, where)
  local output, why = queue("--jobs=" .. table.concat(jobs, ","), where)
  if not output then
    if why:find("Invalid job id", 1, true) then return {} end
    return nil, why
  end
  local found = {}
  for job, task, state, name, reason in output:gmatch("(%d+)|(%d+)|([%u_]+)|([^|\n]*)|([^\n]*)") do
    found[#found + 1] = { job = math.tointeger(job), task = math.tointeger(task), state = state, name = name,
      reason = reason }
  end
  return found
end

return cluster

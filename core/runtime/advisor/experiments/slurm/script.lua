--- The batch script of a sweep's job array, and what its options may be. Pure.
local script = {}

--- What `--time` and its like are called in the script, in order.
local NAMED = { "time", "mem", "partition" }

--- What the program says to sbatch itself; a second value would break how it follows.
local RESERVED = {
  array = true, a = true, output = true, o = true, error = true, e = true, chdir = true, D = true,
  parsable = true, ["job-name"] = true, J = true, wrap = true, dependency = true, d = true,
}

--- What is wrong with a `--slurm-option`, or nil.
---@param option string
---@return string|nil problem
function script.problem(option)
  local name = option:match("^%-%-([%w%-]+)") or option:match("^%-(%a)")
  if not name or option:find("[\n\r]") then
    return ("--slurm-option %s: one option as sbatch takes it is expected, as --slurm-option=--account=NAME")
      :format(option)
  end
  if RESERVED[name] then
    return ("--slurm-option %s: the sweep sets this itself"):format(option)
  end
  return nil
end

--- Numbers as Slurm's --array takes them: "1-3,7".
---@param numbers integer[] Ascending.
---@return string
function script.ranges(numbers)
  local parts, i = {}, 1
  while i <= #numbers do
    local last = i
    while numbers[last + 1] == numbers[last] + 1 do last = last + 1 end
    parts[#parts + 1] = last > i and ("%d-%d"):format(numbers[i], numbers[last]) or ("%d"):format(numbers[i])
    i = last + 1
  end
  return table.concat(parts, ",")
end

--- The numbers of such a list.
---@param ranges string
---@return integer[]
function script.numbers(ranges)
  local numbers = {}
  for first, last in ranges:gmatch("(%d+)%-?(%d*)") do
    for i = math.tointeger(first), math.tointeger(last) or math.tointeger(first) do
      numbers[#numbers + 1] = i
    end
  end
  return numbers
end

--- A word for the shell.
local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- A word for sbatch, which reads quotes and backslashes as a shell does.
local function for_sbatch(text) return '"' .. text:gsub('[\\"]', "\\%0") .. '"' end

--- sbatch reads "--mem 4G" as one unknown option when it is quoted whole, so only a
--- value is quoted, and only where it has to be.
local function directive(option)
  local name, value = option:match("^(%-%-[%w%-]+=)(.*)$")
  if not name or not value:find("[%s#\"'\\]") then return "#SBATCH " .. option end
  return "#SBATCH " .. name .. for_sbatch(value)
end

--- Where the log of a task is.
---@param folder string The sweep's.
---@param job integer
---@param number integer The task's.
---@return string path
function script.log(folder, job, number) return ("%s/slurm/%d_%d.out"):format(folder, job, number) end

--- Why a sweep cannot be run from a folder, or nil: a line end in its name would begin
--- a line of the batch script.
---@param folder string
---@return string|nil problem
function script.unfit(folder)
  if not folder:find("%c") then return nil end
  return ("%s: Slurm takes no folder with a control character in its name"):format(folder)
end

--- The batch script.
---@param given { folder: string, program: string, start: string, name: string, options: table } `folder`
---of the sweep, `program`, and `start`, the folder that the sweep began in: all absolute; `options`:
---`{ time, mem, partition, options, setup }`.
---@return string
function script.text(given)
  local options, output = given.options, given.folder:gsub("%%", "%%%%") .. "/slurm/%A_%a.out"
  local lines = {
    "#!/bin/bash",
    "# A task of this array is a run of the sweep: made, or resumed where it ended early.",
    "# By hand, for task 3: sbatch --array=3 " .. quoted(given.folder .. "/slurm/array.sh"),
    "#SBATCH --job-name=" .. given.name,
    "#SBATCH --chdir=" .. for_sbatch(given.start),
    "#SBATCH --output=" .. for_sbatch(output),
    "#SBATCH --open-mode=append",
    "#SBATCH --requeue",
  }
  for _, name in ipairs(NAMED) do
    if options[name] then lines[#lines + 1] = directive(("--%s=%s"):format(name, options[name])) end
  end
  for _, option in ipairs(options.options or {}) do lines[#lines + 1] = directive(option) end
  lines[#lines + 1] = "set -e"
  for _, line in ipairs(options.setup or {}) do lines[#lines + 1] = line end
  if #(options.setup or {}) > 0 then lines[#lines + 1] = "# Modules and environments use unset variables." end
  lines[#lines + 1] = "set -u"
  lines[#lines + 1] = ("exec %s sweep %s --task \"$SLURM_ARRAY_TASK_ID\""):format(quoted(given.program),
    quoted(given.folder))
  return table.concat(lines, "\n") .. "\n"
end

return script

--- Which jobs a sweep has submitted: SWEEP/slurm/jobs.json, written as a whole before
--- and after each submission, so that no task is submitted twice because a process died.
local cluster = require("advisor.experiments.slurm.cluster")
local core = require("advisor_core")
local json = require("advisor.output.json")
local script = require("advisor.experiments.slurm.script")
local whole = require("advisor.output.whole")

local jobs = {}

local function path_of(folder) return folder .. "/slurm/jobs.json" end

local function write(folder, book)
  return whole.file(path_of(folder), true, function(file)
    return whole.write(file, path_of(folder), json.encode(book), "\n")
  end)
end

--- Reads what was submitted.
---@param folder string The sweep's.
---@return table|nil book `{ options, submissions: { name, tasks, job, cluster }[] }`; `tasks` as --array.
---@return string|nil problem
function jobs.read(folder)
  local file = io.open(path_of(folder), "rb")
  if not file then return { options = {}, submissions = json.array({}) } end
  local text = file:read("a")
  file:close()
  local book, why = json.decode(text)
  if type(book) ~= "table" or type(book.submissions) ~= "table" then
    return nil, ("%s cannot be read: %s"):format(path_of(folder), why or "it lists no submissions")
  end
  json.array(book.submissions)
  return book
end

--- Looks up submissions of which a process died before it had noted the job. Yields.
---@param folder string
---@param book table
---@return true|nil
---@return string|nil problem
function jobs.recover(folder, book)
  local kept, changed = {}, false
  for _, submission in ipairs(book.submissions) do
    if not submission.job then
      local job, why = cluster.find(submission.name)
      if job == nil then return nil, why end
      submission.job, changed = job or nil, true
    end
    if submission.job then kept[#kept + 1] = submission end
  end
  if not changed then return true end
  book.submissions = json.array(kept)
  return write(folder, book)
end

--- A name by which the submission is found again: the sweep's, and a number.
local function name_of(folder, book)
  local base = folder:match("([^/]+)/*$"):gsub("[^%w_%.%-]+", "-"):sub(1, 30)
  return ("%s-%s-%d"):format(base, core.text.hash(folder):sub(1, 8), #book.submissions + 1)
end

--- Writes the batch script.
local function write_script(folder, manifest, options, name)
  local program, why = core.system.program()
  if not program then return nil, why end
  for _, place in ipairs({ folder, program, manifest.folder }) do
    local problem = script.unfit(place)
    if problem then return nil, problem end
  end
  local path = folder .. "/slurm/array.sh"
  local text = script.text({ folder = folder, program = program, start = manifest.folder, name = name,
    options = options })
  local written, problem = whole.file(path, true, function(file) return whole.write(file, path, text) end)
  if not written then return nil, problem end
  return path
end

--- Submits tasks as one array and notes its job. Yields.
---@param folder string Absolute.
---@param manifest table
---@param book table The submission is added.
---@param numbers integer[] Tasks.
---@param given { jobs: integer|nil, after: integer[] } `jobs`: how many may run at once.
---@return table|nil submission
---@return string|nil problem
function jobs.submit(folder, manifest, book, numbers, given)
  local submission = { name = name_of(folder, book), tasks = script.ranges(numbers) }
  local path, why = write_script(folder, manifest, book.options, submission.name)
  if not path then return nil, why end
  local list = book.submissions
  list[#list + 1] = submission
  local noted, problem = write(folder, book)
  if not noted then return nil, problem end
  local job, more = cluster.submit({ script = path, after = given.after,
    array = submission.tasks .. (given.jobs and "%" .. given.jobs or "") })
  -- One that failed stays in doubt: Slurm may have it, though its answer was lost.
  if not job then return nil, more end
  submission.job, submission.cluster = job, more
  noted, problem = write(folder, book)
  if not noted then return nil, ("job %d is submitted, but: %s"):format(job, problem) end
  return submission
end

return jobs

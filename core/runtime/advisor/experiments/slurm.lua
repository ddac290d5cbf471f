--- Makes the runs of a sweep on a cluster, as Slurm job arrays: submits the tasks that
--- are neither done nor submitted, and follows them. The jobs need nobody who follows.
local cluster = require("advisor.experiments.slurm.cluster")
local core = require("advisor_core")
local jobs = require("advisor.experiments.slurm.jobs")
local json = require("advisor.output.json")
local script = require("advisor.experiments.slurm.script")
local sweep = require("advisor.experiments.sweep")

local slurm = {}

--- Milliseconds between two looks at the queue: at first, and at most, which spares a
--- controller that many users ask.
local FIRST_WAIT, LONGEST_WAIT = 1000, 15000

--- Looks at a run whose job has ended before it is taken for not done: a shared file
--- system may show it late.
local LOOKS = 3

--- Reasons why a task waits that pass by themselves.
local ORDINARY = {
  None = true, Priority = true, Resources = true, JobArrayTaskLimit = true, Dependency = true,
  BeginTime = true, Cleaning = true, Prolog = true, NonZeroExitCode = true,
}

local FLAGS = { "time", "mem", "partition", "slurm-option", "slurm-setup" }

--- What is wrong with the flags, or nil; looks for Slurm's commands too.
---@param args table
---@return string|nil problem
function slurm.problem(args)
  if args.executor ~= "slurm" then
    for _, name in ipairs(FLAGS) do
      if args[name] then return ("--%s goes with --executor slurm"):format(name) end
    end
    return nil
  end
  for _, option in ipairs(args["slurm-option"] or {}) do
    local problem = script.problem(option)
    if problem then return problem end
  end
  for _, name in ipairs({ "time", "mem", "partition" }) do
    local problem = args[name] and script.problem(("--%s=%s"):format(name, args[name]))
    if problem then return problem end
  end
  return cluster.missing()
end

--- The options of this command, else those of the one before.
local function options_of(args, before)
  for _, name in ipairs(FLAGS) do
    if args[name] then
      return { time = args.time, mem = args.mem, partition = args.partition,
        options = json.array(args["slurm-option"] or {}), setup = json.array(args["slurm-setup"] or {}) }
    end
  end
  return before
end

--- Jobs by the cluster that has them; false stands for the only one. And their names:
--- a number alone may be somebody else's job, where a sweep was moved to another cluster.
local function by_cluster(book)
  local groups, order, names = {}, {}, {}
  for _, submission in ipairs(book.submissions) do
    local where = submission.cluster or false
    if submission.job and not groups[where] then
      groups[where] = {}
      order[#order + 1] = where
    end
    if submission.job then
      table.insert(groups[where], submission.job)
      names[submission.name] = submission.job
    end
  end
  return groups, order, names
end

--- How each task is that Slurm knows; where it was in several jobs, the one that has
--- not ended, else the latest. Yields.
---@return table<integer, { job: integer, state: string, reason: string }>|nil
---@return string|nil why
local function look(book)
  local found, groups, order, names = {}, by_cluster(book)
  for _, where in ipairs(order) do
    local list, why = cluster.tasks(groups[where], where or nil)
    if not list then return nil, why end
    table.sort(list, function(a, b) return a.job < b.job end)
    for _, entry in ipairs(list) do
      local known = found[entry.task]
      if names[entry.name] == entry.job and (not known or cluster.ended(known.state)) then
        found[entry.task] = entry
      end
    end
  end
  return found
end

local function is_active(entry) return entry ~= nil and not cluster.ended(entry.state) end

--- The jobs that have a task of the first arm still before them.
local function first_arm_jobs(manifest, found)
  local list, seen = {}, {}
  for number, entry in pairs(found) do
    if manifest.tasks[number].arm == 1 and is_active(entry) and not seen[entry.job] then
      seen[entry.job] = true
      list[#list + 1] = entry.job
    end
  end
  table.sort(list)
  return list
end

--- The tasks to follow, and those of them that are to be submitted: neither done nor
--- in the queue. Runs that a job may be writing are not opened.
---@return integer[] followed
---@return integer[] missing
local function choose(self, only, found)
  local followed, missing = {}, {}
  for number, task in ipairs(self.manifest.tasks) do
    if not only or only == number then
      local active = is_active(found[number])
      if not active and sweep.state(self.folder, task) ~= "done" then missing[#missing + 1] = number end
      if active or missing[#missing] == number then followed[#followed + 1] = number end
    end
  end
  return followed, missing
end

--- Submits tasks, in one array or, where some take replies of others, in two. Yields.
---@return true|nil
---@return string|nil why
local function submit(self, missing, at_once, found)
  local after = first_arm_jobs(self.manifest, found)
  for phase, numbers in ipairs(sweep.phases(self.manifest, missing)) do
    if #numbers > 0 then
      local submission, why = jobs.submit(self.folder, self.manifest, self.book, numbers,
        { jobs = at_once, after = phase == 2 and after or {} })
      if not submission then return nil, why end
      if phase == 1 then after[#after + 1] = submission.job end
      io.stderr:write(("advisor: task%s %s submitted as Slurm job %d\n"):format(#numbers == 1 and "" or "s",
        submission.tasks, submission.job))
    end
  end
  return true
end

local function log_line(path)
  local file = io.open(path, "rb")
  if not file then return ("it has no log, %s"):format(path) end
  local size = file:seek("end")
  file:seek("set", math.max(0, size - 4096))
  local text = file:read("a")
  file:close()
  return ("%s: %s"):format(path, sweep.last_line(text))
end

--- The last job that a task was in.
local function job_of(book, number)
  for i = #book.submissions, 1, -1 do
    for _, other in ipairs(script.numbers(book.submissions[i].tasks)) do
      if other == number then return book.submissions[i].job end
    end
  end
  return nil
end

--- Says what came of a task whose job has ended.
---@return boolean known false: to be looked at again.
local function judge(self, number, entry)
  local state, why = sweep.state(self.folder, self.manifest.tasks[number])
  self.looks[number] = (self.looks[number] or 0) + 1
  if state ~= "done" and self.looks[number] < LOOKS then return false end
  local words = "done"
  if state ~= "done" then
    local job = entry and entry.job or job_of(self.book, number)
    words = ("%s%s; its job ended%s; %s"):format(state, why and why ~= "" and ": " .. sweep.first_line(why)
      or "", entry and " as " .. entry.state or "", log_line(script.log(self.folder, job, number)))
  end
  io.stderr:write(sweep.line(self.manifest, number, words))
  return true
end

--- Says, once, what keeps tasks from beginning that does not pass by itself.
local function tell_reasons(self, found)
  for _, number in ipairs(self.waiting) do
    local entry = found[number]
    if entry and entry.state == "PENDING" and not ORDINARY[entry.reason] and not self.told[entry.reason] then
      self.told[entry.reason] = true
      io.stderr:write(("advisor: task %d waits, Slurm says: %s (scontrol show job %d_%d)\n"):format(number,
        entry.reason, entry.job, number))
    end
  end
end

--- One look at the queue. Yields.
local function step(self)
  local found, why = look(self.book)
  if not found then
    if not self.silent then
      io.stderr:write("advisor: Slurm does not answer, asking again: ", why, "\n")
    end
    self.silent = true
    return
  end
  self.silent = false
  tell_reasons(self, found)
  local waiting = {}
  for _, number in ipairs(self.waiting) do
    local entry = found[number]
    if is_active(entry) then
      self.looks[number] = nil
      waiting[#waiting + 1] = number
    elseif not judge(self, number, entry) then
      waiting[#waiting + 1] = number
    end
  end
  self.waiting = waiting
end

--- Follows tasks until their jobs have ended, or somebody interrupts. Yields.
local function follow(self)
  local me, wait = core.loop.current(), FIRST_WAIT
  while #self.waiting > 0 and not self.stopped do
    core.loop.spawn(function()
      core.loop.sleep(wait)
      core.loop.wake(me)
    end)
    core.loop.suspend()
    if not self.stopped then step(self) end
    wait = math.min(wait * 5 // 4, LONGEST_WAIT)
  end
end

--- Ctrl-C ends the following, not the jobs.
local function watch(self)
  local me = core.loop.current()
  core.system.watch_signals()
  core.loop.spawn(function()
    while core.system.wait_signal() do
      self.stopped = true
      core.loop.wake(me)
    end
  end)
end

--- What an interrupted user needs to know.
local function advice(self, given)
  local ids, seen = {}, {}
  for _, number in ipairs(self.waiting) do
    local job = job_of(self.book, number)
    if job and not seen[job] then
      seen[job] = true
      ids[#ids + 1] = ("%d"):format(job)
    end
  end
  if #ids == 0 then return "go on with: advisor sweep " .. given .. " --executor slurm" end
  return ("the jobs go on; follow them again with: advisor sweep %s --executor slurm; cancel them with: "
    .. "scancel %s"):format(given, table.concat(ids, " "))
end

--- Finds the jobs that there are, and submits the rest. Yields.
local function begin(self, args)
  local made, why = core.system.make_folder(self.folder .. "/slurm")
  if not made then return nil, why end
  self.book, why = jobs.read(self.folder)
  if not self.book then return nil, why end
  local ok, problem = jobs.recover(self.folder, self.book)
  if not ok then return nil, problem end
  self.book.options = options_of(args, self.book.options)
  local found
  found, why = look(self.book)
  if not found then return nil, why end
  local missing
  self.waiting, missing = choose(self, args.task, found)
  local queued = #self.waiting - #missing
  if queued > 0 then
    io.stderr:write(("advisor: %d task%s in Slurm's queue already\n"):format(queued,
      queued == 1 and " is" or "s are"))
  end
  return submit(self, missing, args.jobs, found)
end

--- Works through a sweep, or one task of it. Yields.
---@param folder string
---@param manifest table
---@param args table `jobs`: how many tasks may run at once, nil: as many as the cluster lets; `task`: an
---integer, only this one; and the flags `time`, `mem`, `partition`, `slurm-option`, `slurm-setup`.
---@return boolean finished
---@return string|nil why "interrupted", or what went wrong.
---@return string|nil advice What an interrupted user does next.
function slurm.run(folder, manifest, args)
  local self = { folder = assert(core.system.realpath(folder)), manifest = manifest, looks = {}, told = {},
    stopped = false }
  watch(self)
  local begun, why = begin(self, args)
  if begun then follow(self) end
  core.system.unwatch_signals()
  if not begun then return false, why end
  if self.stopped and #self.waiting > 0 then return false, "interrupted", advice(self, folder) end
  return true
end

return slurm

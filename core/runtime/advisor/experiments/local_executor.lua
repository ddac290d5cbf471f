--- Makes the runs of a sweep on this machine, several at once, each in a process of its
--- own: a run that fails takes no other one with it.
local core = require("advisor_core")
local sweep = require("advisor.experiments.sweep")

local executor = {}

local function not_done(folder, manifest)
  local numbers = {}
  for i, task in ipairs(manifest.tasks) do
    if sweep.state(folder, task) ~= "done" then numbers[#numbers + 1] = i end
  end
  return numbers
end

--- What came of a task: its run says more than the end of its process.
---@param done table|nil As of `core.system.run`.
---@param why string|nil
local function words_of(folder, task, done, why)
  if not done then return "failed: " .. why end
  local state, reason = sweep.state(folder, task)
  if state == "done" then return "done" end
  if done.signal then reason = ("its process was ended by signal %d"):format(done.signal) end
  if state == "absent" then return "failed: " .. (done.signal and reason or sweep.last_line(done.errors)) end
  return ("%s: %s"):format(state, sweep.first_line(reason or ""))
end

--- Runs tasks, `jobs` at once; `trust` are words for each.
local function work_through(folder, manifest, numbers, jobs, trust, control)
  local next_task, me, active = 1, core.loop.current(), 0
  local program = assert(core.system.program())
  local function work()
    while next_task <= #numbers and not control.stopped do
      local number = numbers[next_task]
      next_task = next_task + 1
      local argv = { program, "sweep", folder, "--task", tostring(number) }
      local done, why = core.system.run(table.move(trust, 1, #trust, #argv + 1, argv))
      io.stderr:write(sweep.line(manifest, number,
        words_of(folder, manifest.tasks[number], done, why)))
    end
    active = active - 1
    if active == 0 then core.loop.wake(me) end
  end
  for _ = 1, math.min(jobs, #numbers) do
    active = active + 1
    core.loop.spawn(work)
  end
  while active > 0 do core.loop.suspend() end
end

--- Ctrl-C begins no more tasks, and is passed on to those that run: a run finishes what
--- is in flight.
local function watch(control)
  core.system.watch_signals()
  core.loop.spawn(function()
    while core.system.wait_signal() do
      if not control.stopped then
        io.stderr:write("\nadvisor: finishing the calls in flight; once more cancels them\n")
      end
      control.stopped = true
      core.system.signal_programs()
    end
  end)
end

--- Works through a sweep. Yields.
---@param folder string
---@param manifest table
---@param args table `jobs`, an integer; nil: one; `trust`: words that each run's command line gets too.
---@return boolean finished
---@return string|nil why
function executor.run(folder, manifest, args)
  local control = { stopped = false }
  watch(control)
  for _, numbers in ipairs(sweep.phases(manifest, not_done(folder, manifest))) do
    if not control.stopped then work_through(folder, manifest, numbers, args.jobs or 1, args.trust or {}, control) end
  end
  core.system.unwatch_signals()
  if control.stopped then return false, "interrupted" end
  return true
end

return executor

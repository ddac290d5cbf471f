--- Makes the runs of a sweep on this machine, several at once, each in a process of its
--- own: a run that fails takes no other one with it.
local core = require("advisor_core")
local sweep = require("advisor.experiments.sweep")

local executor = {}

--- Tasks of the first arm come before the others where these take its replies.
local function phases_of(folder, manifest)
  local first, rest = {}, {}
  for i, task in ipairs(manifest.tasks) do
    if sweep.state(folder, task) ~= "done" then
      local list = manifest.share and task.arm > 1 and rest or first
      list[#list + 1] = i
    end
  end
  return { first, rest }
end

local function last_line(text)
  return text:match("([^\n]+)%s*$") or ""
end

--- Runs tasks, `jobs` at once.
local function work_through(folder, manifest, numbers, jobs, control)
  local next_task, me, active = 1, core.loop.current(), 0
  local program = assert(core.system.program())
  local function work()
    while next_task <= #numbers and not control.stopped do
      local number = numbers[next_task]
      next_task = next_task + 1
      local task = manifest.tasks[number]
      local done, why = core.system.run({ program, "sweep", folder, "--task", tostring(number) })
      local words = done and (done.status == 0 and "done" or "failed: " .. last_line(done.errors))
        or "failed: " .. why
      io.stderr:write(("task %d/%d: %s, seed %d: %s\n"):format(number, #manifest.tasks,
        manifest.arms[task.arm].name, task.seed, words))
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
---@param args table `jobs`
---@return boolean finished
---@return string|nil why
function executor.run(folder, manifest, args)
  local jobs = math.tointeger(tonumber(args.jobs or 1))
  if not jobs or jobs < 1 then return false, ("-j %s: a number from 1 on is expected"):format(args.jobs) end
  local control = { stopped = false }
  watch(control)
  for _, numbers in ipairs(phases_of(folder, manifest)) do
    if not control.stopped then work_through(folder, manifest, numbers, jobs, control) end
  end
  core.system.unwatch_signals()
  if control.stopped then return false, "interrupted" end
  return true
end

return executor

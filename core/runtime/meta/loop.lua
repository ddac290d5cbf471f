---@meta
--- The coroutine scheduler. Tasks are coroutines that wait without blocking the
--- loop; they run one at a time, between two turns of the loop.
local loop = {}

--- A coroutine that the scheduler runs. It is kept until it ends.
---@class advisor.Task

--- Runs `fn(...)` as a task and the loop until that task ends; tasks that it has
--- spawned may be left over and go on in the next run. An error of `fn` is
--- raised here as it was, with no position added; so is a task that waits while
--- nothing is left that could wake it. Raises when called from inside a task.
---@param fn fun(...): ...
---@param ... any Arguments of `fn`.
---@return any ... What `fn` returned.
function loop.run(fn, ...) end

--- Starts `fn(...)` as a task of its own, on the loop's next turn. If it fails, its
--- traceback goes to the log and nothing else happens. Its results are dropped.
---@param fn fun(...)
---@param ... any Arguments of `fn`.
---@return advisor.Task
function loop.spawn(fn, ...) end

--- The running task, nil outside of tasks.
---@return advisor.Task|nil
function loop.current() end

--- Yields until another task calls `loop.wake` for this one. A wake that came
--- before is not lost: it ends the next suspend at once. Several count as one.
--- Raises outside of a task, in a coroutine of the task's own, and inside a
--- function that C has called.
function loop.suspend() end

--- Ends a task's `loop.suspend`, or its next one. A task that waits for something
--- else goes on waiting for it. Does nothing for a task that has ended.
---@param task advisor.Task
function loop.wake(task) end

--- Yields for at least so long; 0 lets the other tasks and the loop have a turn.
--- Raises where `loop.suspend` does, and for a negative time.
---@param ms integer Milliseconds.
function loop.sleep(ms) end

--- The monotonic clock: only differences mean something.
---@return number seconds
function loop.now() end

return loop

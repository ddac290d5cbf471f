---@meta
--- What scripts from users need that plain Lua cannot give: a count of instructions
--- that no pcall escapes, a fixed order of keys, a limit on memory.
local sandbox = {}

--- Counts the instructions of one coroutine's path.
---@class advisor.LaneHandle

--- Makes a count.
---@param instructions integer Limit, rounded up to whole ticks of 10,000.
---@param info table What `current` gives while it runs.
---@return advisor.LaneHandle
function sandbox.lane(instructions, info) end

--- A coroutine whose instructions are counted, and those of coroutines made in it.
--- It may be one that has returned before, so nobody keeps it after that.
---@param fn function
---@return thread
function sandbox.thread(fn) end

--- Resumes a thread from `thread`. Once the limit is reached every instruction raises,
--- so no pcall goes on, and the thread is never resumed again: "killed", "file:line".
--- So it is once the memory limit was hit, which `memory` tells.
---@param lane advisor.LaneHandle
---@param thread thread
---@param ... any
---@return "yielded"|"returned"|"failed"|"killed" status
---@return any ... Values, the error, or where it was killed.
function sandbox.resume(lane, thread, ...) end

--- The `info` of the lane that runs, nil outside of scripts.
---@return table|nil
function sandbox.current() end

--- Adds to the running lane's count; does nothing outside of scripts.
---@param ticks integer Of 10,000 instructions.
function sandbox.charge(ticks) end

--- As `pairs`, in a fixed order: numbers, strings in order of bytes, false, true. Keys
--- removed meanwhile are passed over, keys added are not met. Honours __pairs. Raises
--- for keys of other types.
---@param t table
---@return function
---@return table|nil
---@return any
function sandbox.pairs(t) end

--- As `next`, in the same order; the key need not be there any more. Takes time in
--- proportion to the table.
---@param t table
---@param key any
---@return any key nil at the end.
---@return any value
function sandbox.next(t, key) end

--- A `string.format` that has no %p and gives what is neither text, number, boolean nor
--- nil to a function first, since its address differs from run to run.
---@param to_string fun(value: any): string
---@return fun(template: string, ...): string
function sandbox.formatter(to_string) end

--- Bytes in use, and whether the limit was hit since it was set.
---@return integer bytes
---@return boolean exhausted
function sandbox.memory() end

--- Limits the memory of the whole Lua state. Raises unless positive.
---@param bytes integer No less than what is in use already.
function sandbox.limit_memory(bytes) end

return sandbox

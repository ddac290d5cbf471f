---@meta
--- What scripts from users need that plain Lua cannot give: a count of instructions
--- that no pcall escapes, a fixed order of keys, a limit on memory.
local sandbox = {}

--- Counts the instructions of one coroutine's path, and watches its CPU time and memory.
---@class advisor.LaneHandle

--- Makes a count.
---@param instructions integer Limit, rounded up to whole ticks of 10,000.
---@param info table What `current` gives while it runs; its fields `script`, `stage` and `round`
---are named where the process must be ended.
---@param seconds number|nil CPU time of one resumption, those inside of it included; nil or 0:
---no limit. What cannot be ended a quarter beyond it ends the process (base/watchdog.h).
---@param growth integer|nil Bytes that a resumption may add to the memory in use; nil or 0: as
---`limit_memory` has it.
---@return advisor.LaneHandle
function sandbox.lane(instructions, info, seconds, growth) end

--- A coroutine whose instructions are counted, and those of coroutines made in it.
--- It may be one that has returned before, so nobody keeps it after that.
---@param fn function
---@return thread
function sandbox.thread(fn) end

--- Resumes a thread from `thread`. Once the limit is reached every instruction raises,
--- so no pcall goes on, and the thread is never resumed again: "killed", "file:line" of
--- the script, and which limit it was: "instructions", "time" or "memory".
---@param lane advisor.LaneHandle
---@param thread thread
---@param ... any
---@return "yielded"|"returned"|"failed"|"killed" status
---@return any ... Values, the error, or where it was killed and why.
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

--- A function that does what a function of Lua's C libraries does, whose work counts:
--- 64 bytes of its first argument, and of a text that it returns, as an instruction.
--- Limits are looked at before and after.
---@param fn function In C, without upvalues.
---@return function
function sandbox.guarded(fn) end

--- As `pcall`, but nothing is caught once a limit is reached; an error costs a script
--- 100 instructions, 20,000 in a deep stack.
---@param fn any
---@param ... any
---@return boolean ok
---@return any ...
function sandbox.pcall(fn, ...) end

--- As `setmetatable`, with a copy of the metatable: metamethods that it gets later count
--- from the next call with it on. The copy has neither __gc nor __mode.
---@param t table
---@param meta table|nil
---@return table t
function sandbox.setmetatable(t, meta) end

--- What `setmetatable` was given for a table, or that one's __metatable; nil for what has
--- none from there.
---@param value any
---@return any
function sandbox.getmetatable(value) end

--- Bytes in use, and whether the limit was hit since it was set.
---@return integer bytes
---@return boolean exhausted
function sandbox.memory() end

--- Limits the memory of the whole Lua state. Raises unless positive.
---@param bytes integer No less than what is in use already.
function sandbox.limit_memory(bytes) end

return sandbox

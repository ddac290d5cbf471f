--- Runs a script's code: compiled once, instantiated afresh for every stage
--- call, in a lane of its own, on a coroutine whose instructions are counted.
---
--- Host functions that a script calls (ask, map) run on the host's coroutine:
--- the script yields a request and is resumed with the answer. So the host's
--- own work is neither counted nor stopped by the script's limits.
---
--- Three limits end a script that no pcall can keep alive: on instructions, a lane's own,
--- which fails the script with file and line; on CPU time between two waits and on
--- memory, which depend on the machine and end the run. What hangs inside a C function
--- is ended with the process (core/base/watchdog.h).
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local library = require("advisor.host.library")

local sandbox = {}

local dump = string.dump
local HOST = library.HOST

--- CPU seconds of a script between two waits, where nobody says otherwise.
sandbox.SECONDS = 10

--- The limits of files that only build a table: an experiment's, and a script's top level.
--- `memory` is what they may add, in bytes.
sandbox.LOADING = {
  experiment = { instructions = 10000000, seconds = 1, memory = 16 * 1024 * 1024 },
  script = { instructions = 1000000, seconds = 10, memory = 64 * 1024 * 1024 },
}

--- A lane is one coroutine's deterministic path: it names its calls and its
--- random streams, whatever the order in which replies come.
---@class advisor.Lane
---@field round integer
---@field stage string
---@field path string
---@field script string Name of the script, for messages.
---@field asks integer Calls made so far.
---@field maps integer Uses of ctx.map so far.
---@field streams table<string, table>|nil Random streams by purpose.
---@field run table The run that it belongs to; of its fields the limits `instructions`,
---`script_seconds` (default sandbox.SECONDS) and `script_memory` (bytes that a script may add;
---default: as much as the process may hold).

--- Makes a lane.
---@param fields table `{ run, round, stage, path, script }`
---@return advisor.Lane
function sandbox.lane(fields)
  fields.asks, fields.maps = 0, 0
  local run = fields.run
  fields.handle = core.sandbox.lane(run.instructions, fields, run.script_seconds or sandbox.SECONDS,
    run.script_memory)
  return fields
end

--- The lane of the i-th element of a lane's next ctx.map.
---@param parent advisor.Lane
---@param map integer
---@param i integer
function sandbox.child(parent, map, i)
  return sandbox.lane({
    run = parent.run, round = parent.round, stage = parent.stage, script = parent.script,
    path = parent.path .. "/" .. map .. "." .. i, asks = 0, maps = 0, handle = false,
  })
end

--- Compiles source text (never bytecode).
---@param source string
---@param name string Shown in messages: the file's path.
---@return string|nil code For `sandbox.instantiate`.
---@return string|nil message
function sandbox.compile(source, name)
  if #source > 1024 * 1024 then return nil, name .. ": a script is at most 1 MiB" end
  local chunk, message = load(source, "@" .. name, "t", {})
  if not chunk then return nil, sandbox.with_full_name(message, name) end
  return dump(chunk)
end

--- Lua shortens long names of chunks in its messages; this puts the path back.
---@param message string
---@param name string As given to `sandbox.compile`.
---@return string
function sandbox.with_full_name(message, name)
  if #name < 60 then return message end
  local short = debug.getinfo(load("", "@" .. name), "S").short_src
  if message:sub(1, #short) ~= short then return message end
  return name .. message:sub(#short + 1)
end

--- An error that a script must not catch: the run stops or pauses.
sandbox.Stop = setmetatable({}, { __name = "advisor.stop" })

local function describe(message)
  if type(message) == "string" then return message end
  return "error value of type " .. type(message)
end

local function served(ok, value, ...)
  if ok then return true, value, ... end
  if type(value) == "table" and value.stop == sandbox.Stop then error(value, 0) end
  -- The world has failed the host, not the script, whose round must not pay for it.
  local world = failure.out_of_memory() and failure.NO_MEMORY or type(value) == "table" and value
  if world and world.message then
    error({ stop = sandbox.Stop, code = world.code or "EIO", message = world.message }, 0)
  end
  return false, describe(value)
end

--- Serves one request of a script on the host's coroutine.
local function serve(lane, fn, ...)
  return served(pcall(fn, lane, ...))
end

--- Ends a lane's run: no other lane of it goes on either.
local function stop(run, code, message, ...)
  run.script_ended = { stop = sandbox.Stop, code = code, message = message:format(...) }
  error(run.script_ended, 0)
end

--- Why a script was ended. Only the count of instructions is the same on every machine;
--- the other limits end the run.
local function killed(lane, where, why)
  local run = lane.run
  if why == "memory" and run.script_memory then
    stop(run, "ENOMEM", "%s: the script %s used up its %d MiB of memory", where, lane.script,
      run.script_memory // (1024 * 1024))
  elseif why == "memory" then
    stop(run, "ENOMEM", "the script %s used up the memory limit at %s (policy.memory_mb)", lane.script, where)
  elseif why == "time" then
    stop(run, "ELIMIT", "%s: the script %s (round %d, %s) used up its %g s of CPU time%s", where,
      lane.script, lane.round, lane.stage, run.script_seconds or sandbox.SECONDS,
      lane.stage == "load" and "" or " (policy.script_seconds)")
  end
  return false, ("%s: exceeded the limit of %d instructions"):format(where, run.instructions)
end

local resume_thread = core.sandbox.resume

local function resume(lane, thread, ...)
  if lane.run.script_ended then error(lane.run.script_ended, 0) end
  return resume_thread(lane.handle, thread, ...)
end

--- Goes on from what a resumption gave, until the script's coroutine ends. Values
--- are passed on as they are and not packed: this is on the path of every call.
local function go_on(lane, thread, status, value, ...)
  if status == "returned" then return true, value, ... end
  if status == "killed" then return killed(lane, value, ...) end
  if status == "failed" then return false, debug.traceback(thread, describe(value)) end
  if not rawequal(value, HOST) then -- no metamethod runs here, beyond all limits
    return false, debug.traceback(thread, "coroutine.yield outside of a coroutine")
  end
  return go_on(lane, thread, resume(lane, thread, serve(lane, ...)))
end

--- Calls a script's function in a lane.
---@param lane advisor.Lane
---@param fn function
---@return boolean ok
---@return any ... What it returned, or the message with a traceback.
function sandbox.call(lane, fn, ...)
  local thread = core.sandbox.thread(fn)
  return go_on(lane, thread, resume(lane, thread, ...))
end

--- Loads a chunk afresh and gives what it returns.
---@param lane advisor.Lane
---@param code string From `sandbox.compile`.
---@param extra table<string, any>|nil Names that the chunk sees besides.
---@return boolean ok
---@return any value The chunk's value, or a message.
function sandbox.instantiate(lane, code, extra)
  local chunk = assert(load(code, "script", "b", library.environment(extra)))
  local ok, value = sandbox.call(lane, chunk)
  if ok and type(value) == "table" and debug.getmetatable(value) then
    return false, "must return a plain table, without a metatable"
  end
  return ok, value
end

--- Runs the top level of a file, outside of any run: whatever limit it exceeds is a
--- message.
---@param name string The script's name, or the file's path.
---@param code string From `sandbox.compile`.
---@param kind "experiment"|"script"
---@param extra table<string, any>|nil As for `sandbox.instantiate`.
---@return boolean ok
---@return any value The chunk's value, or a message.
function sandbox.load(name, code, kind, extra)
  local limits = sandbox.LOADING[kind]
  local lane = sandbox.lane({ round = 0, stage = "load", path = "1", script = name,
    run = { instructions = limits.instructions, script_seconds = limits.seconds,
      script_memory = limits.memory } })
  local ended, ok, value = pcall(sandbox.instantiate, lane, code, extra)
  if ended then return ok, value end
  if type(ok) == "table" and ok.stop == sandbox.Stop then return false, ok.message end
  return error(ok, 0)
end

--- Makes a function for scripts that is served by the host: what `fn(lane, …)`
--- raises is raised where the script called it.
---@param name string As scripts call it, for the message where it cannot wait.
---@param fn fun(lane: advisor.Lane, ...): ...
---@return function
function sandbox.served(name, fn)
  local function finish(ok, ...)
    if ok then return ... end
    -- The call above is a tail call, so level 2 is the script's line. What failed in
    -- a function given to ctx.map names its own.
    local message = ...
    error(message, message:find("^%S+:%d+: ") and 0 or 2)
  end
  return function(...)
    if not coroutine.isyieldable() then
      error(name
        .. " cannot wait here: it was called back from C (a metamethod such as __tostring, "
        .. "or a pattern's callback); call it before and use its result", 2)
    end
    return finish(coroutine.yield(HOST, fn, ...))
  end
end

return sandbox

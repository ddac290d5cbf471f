--- What is said of an error that ended what the program was doing.
local core = require("advisor_core")

local failure = {}

--- Why a run pauses that got no memory, as for its `halt`.
failure.NO_MEMORY = { state = "paused", code = "ENOMEM", message = "out of memory" }

--- What Lua, the C library and the program's own C say where they get no memory; `require`
--- puts a module's name before it.
local NO_MEMORY = { "not enough memory", "Cannot allocate memory", "out of memory" }

--- Whether the process was refused memory. What Lua code caught of that may have been
--- taken for something else, so nothing that follows from it may be put on disk.
---@return boolean
function failure.out_of_memory()
  local _, refused = core.sandbox.memory()
  return refused
end

--- As assert, for what the world may refuse: raises `{ message, code }`, so that the user
--- sees the message alone.
---@param value any nil, message, code: raised.
function failure.must(value, message, code)
  if value == nil then error({ message = message, code = code }, 0) end
  return value
end

--- For xpcall: the world's failures, which are tables with a message, stay as they are; all
--- else is a fault and gets a traceback.
function failure.traced(problem)
  return type(problem) == "table" and problem or debug.traceback(tostring(problem))
end

--- The words for what `failure.traced` gave, or pcall.
---@param problem any
---@return string
function failure.words(problem)
  if type(problem) == "table" then return tostring(problem.message or "failed") end
  local words = tostring(problem)
  for _, said in ipairs(NO_MEMORY) do
    if words:find(said, 1, true) then return failure.NO_MEMORY.message end
  end
  return words
end

return failure

--- Runs a function for 1 … n at once, each in a task of its own, and waits for
--- all. An error that a function raises is raised here, the first in order.
local loop = require("advisor_core").loop

local function with_traceback(message)
  return type(message) == "table" and message or debug.traceback(tostring(message))
end

---@param n integer
---@param fn fun(i: integer)
return function(n, fn)
  if n == 1 then return fn(1) end
  local waiting, me, failures = n, loop.current(), {}
  local function run_one(i)
    local ok, message = xpcall(fn, with_traceback, i)
    if not ok then failures[i] = message end
    waiting = waiting - 1
    if waiting == 0 then loop.wake(me) end
  end
  for i = 1, n do loop.spawn(run_one, i) end
  while waiting > 0 do loop.suspend() end
  for i = 1, n do
    if failures[i] then error(failures[i], 0) end
  end
end

--- Runs a function for 1 … n at once, each in a task of its own, and waits for
--- all. An error that a function raises is raised here, the first in order.
local loop = require("advisor_core").loop
local failure = require("advisor.output.failure")

--- Starts what may start: in order of the calls that wait at a gate, and of i.
local function start(gate)
  while gate.active < gate.limit do
    local waiting = gate[gate.first]
    if not waiting then return end
    gate.active = gate.active + 1
    waiting.started = waiting.started + 1
    loop.spawn(waiting.fn, waiting.started)
    if waiting.started == waiting.n then
      gate[gate.first] = nil
      gate.first = gate.first + 1
    end
  end
end

local function wait_at(gate, n, fn)
  gate.first, gate.last = gate.first or 1, (gate.last or 0) + 1
  gate.active = gate.active or 0
  gate[gate.last] = { n = n, fn = fn, started = 0 }
  start(gate)
end

--- Several calls may share a gate, `{ limit = … }`: no more functions than that have
--- begun and not ended. One that runs must not wait for another at the same gate.
---@param n integer
---@param fn fun(i: integer)
---@param gate table|nil
return function(n, fn, gate)
  if n == 0 then return end
  if n == 1 then return fn(1) end
  local waiting, me, failures = n, loop.current(), {}
  local function run_one(i)
    local ok, message = xpcall(fn, failure.traced, i)
    if not ok then failures[i] = message end
    waiting = waiting - 1
    if waiting == 0 then loop.wake(me) end
    if gate then
      gate.active = gate.active - 1
      start(gate)
    end
  end
  if gate then
    wait_at(gate, n, run_one)
  else
    for i = 1, n do loop.spawn(run_one, i) end
  end
  while waiting > 0 do loop.suspend() end
  for i = 1, n do
    if failures[i] then error(failures[i], 0) end
  end
end

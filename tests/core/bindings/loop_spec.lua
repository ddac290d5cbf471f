local loop = require("advisor_core").loop

describe("loop", function()
  it("runs a function as a task and returns its results", function()
    local got = table.pack(loop.run(function(...) return select("#", ...), ... end, 1, nil, "x"))
    assert.same({ n = 4, 3, 1, nil, "x" }, got)
    assert.same({ n = 0 }, table.pack(loop.run(function() end)))
  end)

  it("raises the error of the main task as it was", function()
    local ok, message = pcall(loop.run, function() error("broken", 0) end)
    assert.is_false(ok)
    assert.equal("broken", message)
    local problem = {}
    ok, message = pcall(loop.run, function()
      loop.sleep(1)
      error(problem)
    end)
    assert.is_false(ok)
    assert.equal(problem, message)
  end)

  it("runs spawned tasks in order, between the steps of the others", function()
    local seen = {}
    loop.run(function()
      for i = 1, 3 do
        loop.spawn(function(name)
          seen[#seen + 1] = name .. "1"
          loop.sleep(0)
          seen[#seen + 1] = name .. "2"
        end, "t" .. i)
      end
      seen[#seen + 1] = "main"
      loop.sleep(20)
    end)
    assert.same({ "main", "t11", "t21", "t31", "t12", "t22", "t32" }, seen)
  end)

  it("sleeps at least so long, and shorter sleepers wake first", function()
    local seen, began = {}, loop.now()
    loop.run(function()
      local me, left = loop.current(), 3
      for _, ms in ipairs({ 30, 10, 20 }) do
        loop.spawn(function()
          loop.sleep(ms)
          seen[#seen + 1] = ms
          left = left - 1
          if left == 0 then loop.wake(me) end
        end)
      end
      loop.suspend()
    end)
    assert.same({ 10, 20, 30 }, seen)
    assert.is_true(loop.now() - began >= 0.029)
  end)

  it("sleeps its whole time after a long computation", function()
    local slept
    loop.run(function()
      loop.sleep(0)
      local busy = loop.now() + 0.04
      while loop.now() < busy do end -- luacheck: ignore 542
      local began = loop.now()
      loop.sleep(30)
      slept = loop.now() - began
    end)
    assert.is_true(slept >= 0.029)
  end)

  it("refuses a negative sleep", function()
    local ok, message = pcall(loop.run, function() loop.sleep(-1) end)
    assert.is_false(ok)
    assert.matches("must not be negative", message)
  end)

  it("loses no wake that comes before the suspend", function()
    loop.run(function()
      loop.wake(loop.current())
      loop.wake(loop.current())
      loop.suspend()
    end)
    -- Two wakes before it count as one: the second suspend has nothing to wait for.
    local ok, message = pcall(loop.run, function()
      loop.wake(loop.current())
      loop.wake(loop.current())
      loop.suspend()
      loop.suspend()
    end)
    assert.is_false(ok)
    assert.matches("waits for nothing", message)
  end)

  it("does not cut a sleep short by a wake, and keeps the wake", function()
    local slept
    loop.run(function()
      local me = loop.current()
      loop.spawn(function() loop.wake(me) end)
      local began = loop.now()
      loop.sleep(40)
      slept = loop.now() - began
      loop.suspend()
    end)
    assert.is_true(slept >= 0.039)
  end)

  it("takes a task that waits for nothing as an error", function()
    local ok, message = pcall(loop.run, function() loop.suspend() end)
    assert.is_false(ok)
    assert.matches("the task waits for nothing", message)
  end)

  it("lets the others go on when a spawned task fails", function()
    local core = require("advisor_core")
    core.log.level("silent")
    finally(function() core.log.level("warn") end)
    local finished = 0
    loop.run(function()
      loop.spawn(function() error("one fails") end)
      loop.spawn(function() error({}) end)
      loop.spawn(function() finished = finished + 1 end)
      loop.sleep(1)
      finished = finished + 1
    end)
    assert.equal(2, finished)
  end)

  it("logs the traceback of a spawned task that fails", function()
    local host = require("tests.support.host")
    local code, _, errors = host.process([[
      local loop = require("advisor_core").loop
      local function deep() error("no luck") end
      loop.run(function() loop.spawn(deep) loop.sleep(1) end)]])
    assert.equal(0, code)
    assert.matches("a task failed: .*no luck", errors)
    assert.matches("stack traceback", errors)
    local _, lines = errors:gsub("\n", "")
    assert.equal(1, lines)
  end)

  it("leaves tasks over for the next run", function()
    local steps = 0
    loop.run(function()
      loop.spawn(function()
        for _ = 1, 3 do
          steps = steps + 1
          loop.sleep(5)
        end
      end)
    end)
    assert.is_true(steps < 3)
    loop.run(function() loop.sleep(60) end)
    assert.equal(3, steps)
  end)

  it("names where one cannot wait", function()
    local function message_of(fn)
      local ok, message = pcall(fn)
      assert.is_false(ok)
      return message
    end
    assert.matches("loop.suspend: must be called from a task", message_of(loop.suspend))
    assert.matches("loop.run: called from inside a task", message_of(function()
      loop.run(function() loop.run(function() end) end)
    end))
    assert.matches("inside a function called from C", message_of(function()
      loop.run(function() table.sort({ 1, 2 }, function() loop.sleep(1) end) end)
    end))
    assert.matches("inside a coroutine of the task's own", message_of(function()
      loop.run(function() coroutine.wrap(function() loop.sleep(1) end)() end)
    end))
  end)

  it("waits inside pcall, for iterators and metamethods", function()
    local got = loop.run(function()
      local t = setmetatable({}, { __index = function(_, k)
        loop.sleep(1)
        return k .. "!"
      end })
      local ok, value = pcall(function()
        loop.sleep(1)
        return t.a
      end)
      return { ok, value }
    end)
    assert.same({ true, "a!" }, got)
  end)

  it("knows the running task", function()
    assert.is_nil(loop.current())
    local inner, outer
    loop.run(function()
      outer = loop.current()
      loop.spawn(function() inner = loop.current() end)
      loop.sleep(1)
    end)
    assert.equal("userdata", type(outer))
    assert.equal("userdata", type(inner))
    assert.are_not.equal(inner, outer)
    loop.wake(inner) -- it has ended: nothing happens
  end)

  it("runs many tasks, many times over", function()
    local done = 0
    for _ = 1, 3 do
      loop.run(function()
        local me, left = loop.current(), 3000
        for _ = 1, left do
          loop.spawn(function()
            loop.sleep(0)
            done, left = done + 1, left - 1
            if left == 0 then loop.wake(me) end
          end)
        end
        loop.suspend()
      end)
      collectgarbage()
    end
    assert.equal(9000, done)
  end)
end)

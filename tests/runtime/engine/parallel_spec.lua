local loop = require("advisor_core").loop
local parallel = require("advisor.engine.parallel")

describe("parallel", function()
  it("runs all at once and waits for the last", function()
    local running, most, done = 0, 0, {}
    loop.run(function()
      parallel(5, function(i)
        running = running + 1
        most = math.max(most, running)
        loop.sleep((6 - i) * 3)
        running = running - 1
        done[#done + 1] = i
      end)
      assert(running == 0)
    end)
    assert.equal(5, most)
    assert.same({ 5, 4, 3, 2, 1 }, done)
  end)

  it("has nothing to do for none, and needs no task for one", function()
    loop.run(function() parallel(0, error) end)
    local got
    parallel(1, function(i) got = i end)
    assert.equal(1, got)
  end)

  it("lets all end, then raises the first error in order", function()
    local ended = 0
    local problem = { code = "EX" }
    local ok, raised = pcall(loop.run, parallel, 4, function(i)
      loop.sleep((5 - i) * 3)
      ended = ended + 1
      if i == 2 then error(problem) end
      if i == 4 then error("a later one") end
    end)
    assert.is_false(ok)
    assert.equal(problem, raised)
    assert.equal(4, ended)
  end)

  it("adds a traceback to messages", function()
    local ok, raised = pcall(loop.run, parallel, 2, function() error("broken") end)
    assert.is_false(ok)
    assert.matches("broken\nstack traceback", raised)
  end)

  it("nests", function()
    local n = 0
    loop.run(parallel, 10, function()
      parallel(10, function()
        loop.sleep(0)
        n = n + 1
      end)
    end)
    assert.equal(100, n)
  end)

  it("is not ended early by a wake from elsewhere", function()
    local done = 0
    loop.run(function()
      local me = loop.current()
      loop.spawn(function() loop.wake(me) end)
      parallel(2, function()
        loop.sleep(5)
        done = done + 1
      end)
      assert(done == 2)
    end)
    assert.equal(2, done)
  end)

  it("lets no more than a gate's limit run at once, in order of calls and of elements", function()
    local order, running, most, gate = {}, 0, 0, { limit = 3 }
    local function work(name)
      return function(i)
        order[#order + 1] = name .. i
        running = running + 1
        most = math.max(most, running)
        loop.sleep((i * 7) % 5)
        running = running - 1
        if i == 4 then error(name .. " broke", 0) end
      end
    end
    local function fails(name)
      local ok, why = pcall(parallel, 5, work(name), gate)
      return not ok and why:match("^[^\n]*")
    end
    loop.run(parallel, 2, function(i)
      local name = ({ "a", "b" })[i]
      assert.equal(name .. " broke", fails(name))
    end)
    assert.equal("a1 a2 a3 a4 a5 b1 b2 b3 b4 b5", table.concat(order, " "))
    assert.equal(3, most)
    assert.equal(0, gate.active)
    loop.run(parallel, 0, error, gate)
    assert.is_nil(gate[gate.first])
  end)
end)

local core = require("advisor_core")
local executor = require("advisor.experiments.local_executor")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local runs = require("tests.support.runs")

describe("the local executor", function()
  local folder, real_run, real_program
  before_each(function()
    folder = host.folder()
    real_run, real_program = core.system.run, core.system.program
    core.system.program = function() return "advisor" end
  end)
  after_each(function()
    core.system.run, core.system.program = real_run, real_program
    host.remove(folder)
  end)

  local function manifest(share)
    local tasks = {}
    for arm = 1, 2 do
      for seed = 1, 2 do tasks[#tasks + 1] = { arm = arm, seed = seed, run = ("run-%d-%d"):format(arm, seed) } end
    end
    return { share = share, arms = { { name = "one" }, { name = "two" } }, tasks = tasks }
  end

  --- Works through tasks in a world where a program does what `fn` does; gives what was begun, how many
  --- ran at once, and what was said.
  local function go(given, jobs, fn)
    local begun, now, most, said = {}, 0, 0, {}
    core.system.run = function(argv)
      now, begun[#begun + 1] = now + 1, table.concat(argv, " ", 2)
      most = math.max(most, now)
      core.loop.sleep(2)
      now = now - 1
      return fn(tonumber(argv[#argv]))
    end
    local stderr = io.stderr
    io.stderr = { write = function(_, text) said[#said + 1] = text end } -- luacheck: ignore 122
    local ok, finished, why = pcall(core.loop.run, executor.run, folder, given, { jobs = jobs })
    io.stderr = stderr -- luacheck: ignore 122
    assert(ok, finished)
    return { begun = begun, most = most, said = table.concat(said), finished = finished, why = why }
  end

  local function done(given, number)
    runs.make(folder .. "/" .. given.tasks[number].run, { name = "x" })
  end

  local function ended() return { status = 0, output = "", errors = "" } end

  it("runs each task that is not done in a process of its own, so many at once", function()
    local given = manifest(false)
    done(given, 2)
    local found = go(given, 2, ended)
    assert.is_true(found.finished)
    table.sort(found.begun)
    assert.same({ ("sweep %s --task 1"):format(folder), ("sweep %s --task 3"):format(folder),
      ("sweep %s --task 4"):format(folder) }, found.begun)
    assert.equal(2, found.most)
  end)

  it("ends the first arm before others take its replies", function()
    local found = go(manifest(true), 4, ended)
    assert.equal(2, found.most)
    assert.matches("task [12]", found.begun[1])
    assert.matches("task [12]", found.begun[2])
    assert.equal(4, go(manifest(false), 4, ended).most)
  end)

  it("says of each what its run came to, and goes on", function()
    local given = manifest(false)
    runs.make(folder .. "/run-1-2", { name = "x", state = "paused", facts = { why = "no money\nat all" } })
    local found = go(given, 1, function(number)
      if number == 1 then
        done(given, 1)
      elseif number == 3 then
        return { status = 1, output = "", errors = "first\nno such file\n" }
      elseif number == 4 then
        return { status = 0, signal = 9, output = "", errors = "" }
      end
      return ended()
    end)
    assert.is_true(found.finished)
    assert.equal("task 1/4: one, seed 1: done\ntask 2/4: one, seed 2: paused: no money\n"
      .. "task 3/4: two, seed 1: failed: no such file\n"
      .. "task 4/4: two, seed 2: failed: its process was ended by signal 9\n", found.said)
  end)

  it("begins no more after a signal", function()
    local watch, wait, unwatch, tell = core.system.watch_signals, core.system.wait_signal,
      core.system.unwatch_signals, core.system.signal_programs
    local told, asked = 0, 0
    core.system.watch_signals, core.system.unwatch_signals = function() end, function() end
    core.system.signal_programs = function() told = told + 1 end
    core.system.wait_signal = function()
      asked = asked + 1
      return asked == 1
    end
    local found = go(manifest(false), 1, ended)
    core.system.watch_signals, core.system.wait_signal, core.system.unwatch_signals,
      core.system.signal_programs = watch, wait, unwatch, tell
    assert.same({ false, "interrupted", 1 }, { found.finished, found.why, told })
    assert.is_true(#found.begun <= 1, json.encode(json.array(found.begun)))
  end)
end)

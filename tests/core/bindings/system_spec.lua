local core = require("advisor_core")
local host = require("tests.support.host")
local loop, system = core.loop, core.system

describe("system", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  it("tells kinds and lists folders in order of bytes", function()
    for _, name in ipairs({ "b", "a", "B", ".hidden", "é" }) do host.write(folder .. "/" .. name,
      "") end
    assert.same({ "B", "a", "b", "é" }, system.list(folder))
    assert.equal("folder", system.kind(folder))
    assert.equal("file", system.kind(folder .. "/a"))
    assert.equal("other", system.kind("/dev/null"))
    assert.is_nil(system.kind(folder .. "/none"))
    local names, message, code = system.list(folder .. "/none")
    assert.is_nil(names)
    assert.matches("none: No such file", message)
    assert.equal("ENOTFOUND", code)
  end)

  it("tells what a path is itself, and the room on its disk", function()
    host.write(folder .. "/file", "abc")
    host.command(("chmod 604 %s/file; ln -s file %s/link"):format(folder, folder))
    assert.same({ mode = 388, size = 3, own = true, link = false, owner = system.user() },
      system.info(folder .. "/file"))
    assert.is_true(system.info(folder .. "/link").link)
    local info, message, code = system.info(folder .. "/none")
    assert.same({ nil, "ENOTFOUND" }, { info, code })
    assert.matches("none: No such file", message)
    assert.is_true(system.disk_free(folder) > 0)
    assert.is_true(system.file_limit() >= 16)
    assert.same({ nil, "ENOTFOUND" }, { system.disk_free(folder .. "/none"),
      select(3, system.disk_free(folder .. "/none")) })
  end)

  it("reads files whole, and says whose they are", function()
    host.write(folder .. "/file", "a\0b\n")
    host.command(("ln -s file %s/link; mkfifo %s/fifo"):format(folder, folder))
    assert.same({ "a\0b\n", system.user() }, { system.read(folder .. "/link") })
    assert.same({ "root", 0 }, { (assert(system.read("/etc/passwd")):match("^%w+")), (select(2,
      system.read("/etc/passwd"))) })
    for name, message in pairs({ none = "No such file", fifo = "no file that can be read", [""] = "no file that" }) do
      local content, why = system.read(folder .. "/" .. name)
      assert.is_nil(content)
      assert.matches(message, why)
    end
    local user = assert(io.popen("id -u"))
    assert.equal(user:read("n"), system.user())
    user:close()
  end)

  it("attends to a program that says which one it has begun, and signals that one", function()
    local function attend(line, environment)
      return assert(system.attend({ "sh", "-c", line }, environment or {}))
    end
    local out = folder .. "/out"
    local done = loop.run(attend, ('echo "$GREETING$HOME" > %s; cat >> %s; exit 3'):format(out, out),
      { "GREETING=hello", "PATH=/usr/bin:/bin" })
    assert.same({ status = 3 }, done)
    assert.equal("hello\n", (system.read(out)))
    -- It dies of the signal before it has told, and lives on where another one is to have it.
    for line, expected in pairs({
      ["sleep 20"] = { status = 0, signal = 9 },
      ["trap 'exit 7' INT; echo '{ \"child-pid\": '$$' }' >&3; while :; do sleep 0.01; done"] = { status = 7 },
    }) do
      done = loop.run(function()
        loop.spawn(function()
          repeat loop.sleep(300) until system.signal_attended("INT")
        end)
        return attend(line, { "PATH=/usr/bin:/bin" })
      end)
      assert.same(expected, done)
    end
    assert.is_false(system.signal_attended("INT"))
    local none, message, code = loop.run(function() return system.attend({ "/no/such/program" }, {}) end)
    assert.same({ nil, "ENOTFOUND" }, { none, code })
    assert.matches("/no/such/program", message)
    assert.has_error(function() loop.run(function() return system.attend({}, {}) end) end)
    assert.has_error(function() loop.run(function() return system.attend({ "a\0b" }, {}) end) end)
  end)

  it("makes folders with their parents, for their owner only", function()
    assert.is_true(system.make_folder(folder .. "/a/b/c"))
    assert.is_true(system.make_folder(folder .. "/a/b/c"))
    assert.is_true(system.make_folder(folder .. "/a/d/"))
    assert.equal("folder", system.kind(folder .. "/a/d"))
    local _, output = host.command("stat -c %a " .. folder .. "/a/b")
    assert.equal("700\n", output)
    host.write(folder .. "/file", "")
    local ok, message, code = system.make_folder(folder .. "/file/x")
    assert.is_nil(ok)
    assert.equal("string", type(message))
    assert.equal("EIO", code)
    ok, message, code = system.make_folder("")
    assert.is_nil(ok)
    assert.matches("without a name", message)
    assert.equal("EINVAL", code)
    ok, message, code = system.make_folder(("x"):rep(5000))
    assert.is_nil(ok)
    assert.equal("string", type(message))
    assert.equal("ELIMIT", code)
  end)

  it("resolves paths", function()
    host.command(("ln -s %s %s/link"):format(folder, folder))
    assert.equal(system.realpath(folder), system.realpath(folder .. "/link"))
    local path, message, code = system.realpath(folder .. "/none")
    assert.is_nil(path)
    assert.equal("string", type(message))
    assert.equal("ENOTFOUND", code)
    assert.matches("^/.*lua", system.program())
  end)

  it("syncs files and folders", function()
    assert.is_true(system.sync(folder))
    assert.is_true(system.sync(host.write(folder .. "/file", "x")))
    assert.is_nil((system.sync(folder .. "/none")))
  end)

  it("sees a lock", function()
    assert.is_false(system.is_locked(folder .. "/none"))
    local s = loop.run(function() return assert(core.store.open(folder .. "/run", "create")) end)
    assert.is_true(system.is_locked(folder .. "/run/run.lock"))
    loop.run(function() s:close() end)
    assert.is_false(system.is_locked(folder .. "/run/run.lock"))
  end)

  it("knows time, use and terminals", function()
    assert.is_true(math.abs(system.wall_ms() / 1000 - os.time()) < 5)
    local use = system.usage()
    assert.is_true(use.cpu_s > 0 and use.peak_kb > 1000)
    assert.equal("boolean", type(system.is_terminal(1)))
    assert.is_false(system.is_terminal(999))
  end)

  it("ends a process at once", function()
    assert.equal(7, (host.process('require("advisor_core").system.exit(7) print("not reached")')))
  end)

  it("counts signals, wakes who waits for them, and ends", function()
    local code, output, errors = host.process([[
      local core = require("advisor_core")
      local loop, system = core.loop, core.system
      local pid = io.open("/proc/self/stat"):read("n")
      print(pcall(loop.run, system.wait_signal))
      loop.run(function()
        system.watch_signals()
        system.watch_signals()
        os.execute("kill -TERM " .. pid .. "; kill -HUP " .. pid) -- os.execute ignores SIGINT
        loop.sleep(50)
        print(system.wait_signal(), "first")
        print(system.wait_signal(), "second")
        local main = loop.current()
        loop.spawn(function()
          print(system.wait_signal(), "third")
          print(system.wait_signal(), "after the end")
          loop.wake(main)
        end)
        loop.sleep(5)
        os.execute("kill -HUP " .. pid)
        loop.sleep(50)
        system.unwatch_signals()
        system.unwatch_signals()
        loop.suspend()
      end)
      os.execute("kill -TERM " .. pid)
      print("not reached")]])
    assert.matches("^false\t.*watch_signals%(%) comes first\ntrue\tfirst\ntrue\tsecond\n"
      .. "true\tthird\nfalse\tafter the end\n$", output)
    assert.equal("Terminated\n", errors)
    assert.are_not.equal(0, code)
  end)

  it("runs a program without a shell, with its own streams", function()
    local done = loop.run(function()
      return assert(system.run({ "sh", "-c", 'pwd; echo "$1" "$GREETING"; echo no >&2; exit 3', "sh", "$(id) *" },
        { folder = folder, environment = { "GREETING=hello", "PATH=/usr/bin:/bin" } }))
    end)
    assert.same({ status = 3, output = system.realpath(folder) .. "\n$(id) * hello\n", errors = "no\n",
      cut = false }, done)
    local inherited = loop.run(function() return system.run({ "env" }) end).output
    local keyless = loop.run(function() return system.run({ "env" }, { keyless = true }) end).output
    assert.equal(os.getenv("PATH"), keyless:match("%f[^\0\n]PATH=([^\n]*)"))
    for name in ("\n" .. inherited):gmatch("\n([%w_]+)=") do
      assert.equal(system.names_secret(name), not ("\n" .. keyless):find("\n" .. name .. "=", 1, true), name)
    end
    assert.is_true(system.names_secret("OPENAI_API_KEY"))
    assert.is_false(system.names_secret("PATH"))
    done = loop.run(function() return system.run({ "cat" }) end)
    assert.same({ status = 0, output = "", errors = "", cut = false }, done)
    done = loop.run(function() return system.run({ "sh", "-c", "kill -9 $$" }) end)
    assert.same({ 0, 9 }, { done.status, done.signal })
  end)

  it("keeps the beginning of a long output, and reads it all", function()
    local done = loop.run(function()
      return assert(system.run({ "head", "-c", "9000000", "/dev/zero" }))
    end)
    assert.same({ 0, true }, { done.status, done.cut })
    assert.is_true(#done.output > 4000000 and #done.output <= 4 * 1024 * 1024)
  end)

  it("runs programs at once", function()
    local codes = loop.run(function()
      local main, left, found = loop.current(), 8, {}
      for i = 1, 8 do
        loop.spawn(function()
          found[i] = assert(system.run({ "sh", "-c", "exit " .. i })).status
          left = left - 1
          loop.wake(main)
        end)
      end
      while left > 0 do loop.suspend() end
      return found
    end)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, codes)
  end)

  it("says why a program could not be run, and ends one that takes too long", function()
    local done, message, code = loop.run(function() return system.run({ "no-such-program-1" }) end)
    assert.is_nil(done)
    assert.matches("no%-such%-program%-1: no such file", message)
    assert.equal("ENOTFOUND", code)
    done, message, code = loop.run(function()
      return system.run({ "sh", "-c", "sleep 60 & sleep 60" }, { limit_ms = 50 })
    end)
    assert.same({ "sh: timed out", "ETIMEDOUT" }, { message, code })
    assert.is_nil(done)
    local began = loop.now() -- what has left the group, and holds the pipes, is not waited for
    done, message, code = loop.run(function()
      return system.run({ "setsid", "sh", "-c", "sleep 20" }, { limit_ms = 50 })
    end)
    assert.same({ false, "setsid: timed out", "ETIMEDOUT" }, { done or false, message, code })
    assert.is_true(loop.now() - began < 15)
    done, message = loop.run(function() return system.run({ "true" }, { folder = folder .. "/none" }) end)
    assert.is_nil(done)
    assert.equal("string", type(message))
  end)

  it("leaves a detached program to itself", function()
    local done = loop.run(function()
      local started = assert(system.run({ "sh", "-c", "sleep 0.05; echo $$ > pid" },
        { folder = folder, detached = true }))
      for _ = 1, 200 do
        if (system.kind(folder .. "/pid")) then break end
        loop.sleep(10)
      end
      loop.sleep(20)
      return started
    end)
    local file = assert(io.open(folder .. "/pid"))
    assert.equal(done.pid, file:read("n"))
    file:close()
    local _, _, code = loop.run(function() return system.run({ "no-such-program-1" }, { detached = true }) end)
    assert.equal("ENOTFOUND", code)
  end)

  it("refuses to run what is no list of texts", function()
    local function failure(...)
      local _, problem = pcall(loop.run, system.run, ...)
      return problem
    end
    assert.matches("is empty", failure({}))
    assert.matches("list of texts", failure({ "a", 1 }))
    assert.matches("NUL byte", failure({ "a\0b" }))
    assert.matches("environment must be a list", failure({ "a" }, { environment = "A=1" }))
    assert.matches("must not be negative", failure({ "a" }, { limit_ms = -1 }))
    assert.matches("must be called from a task", select(2, pcall(system.run, { "true" })))
  end)
end)

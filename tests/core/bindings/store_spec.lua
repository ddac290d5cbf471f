local core = require("advisor_core")
local host = require("tests.support.host")
local loop, store = core.loop, core.store

describe("store", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local PUT = "INSERT INTO run (key, value) VALUES (?, ?)"
  local ALL = "SELECT key, value FROM run ORDER BY key"

  --- Runs `fn` with a new store and closes it, whatever happens.
  local function with_store(fn, mode)
    return loop.run(function()
      local opened = assert(store.open(folder, mode or "create"))
      local ok, message = pcall(fn, opened)
      opened:close()
      assert(ok, message)
      return message
    end)
  end

  it("writes what can be read at once and after opening again", function()
    with_store(function(s)
      assert.is_true(s:write({ { PUT, "a", "1" }, { PUT, "b", "2" } }))
      assert.same({ { key = "a", value = "1" }, { key = "b", value = "2" } }, s:query(ALL))
    end)
    with_store(function(s)
      assert.same({ { key = "b", value = "2" } }, s:query("SELECT * FROM run WHERE key = ?", "b"))
    end, "read")
    with_store(function(s) assert.is_true(s:write({ { PUT, "c", "3" } })) end, "write")
    with_store(function(s) assert.equal(3, #s:query(ALL)) end, "read")
  end)

  it("keeps types: integers, reals, bytes, booleans as 0 and 1, nil", function()
    with_store(function(s)
      local rows = s:query("SELECT ? AS i, ? AS r, ? AS t, ? AS b, ? AS n, x'00ff' AS blob",
        math.maxinteger, 0.1, "a\0b\xff", true, nil)
      assert.same({ { i = math.maxinteger, r = 0.1, t = "a\0b\xff", b = 1, blob = "\0\xff" } },
        rows)
      assert.equal("integer", math.type(rows[1].i))
    end)
  end)

  it("takes trailing nils where n is given", function()
    with_store(function(s)
      local ok, message = s:write({ { "INSERT INTO item (round, item_index, verdict, text, "
        .. "verdicts, meta, target) "
        .. "VALUES (?, ?, ?, ?, ?, ?, ?)", 1, 1, "kept", "x", "[]", "{}", nil, n = 8 } })
      assert.is_true(ok, message)
      assert.is_nil(s:query("SELECT target FROM item")[1].target)
    end)
  end)

  it("undoes a batch with a failing statement, and only that", function()
    with_store(function(s)
      local other
      local me, left = loop.current(), true
      loop.spawn(function()
        other = s:write({ { PUT, "other", "1" } })
        left = false
        loop.wake(me)
      end)
      local ok, message, code = s:write({ { PUT, "a", "1" }, { PUT, "a", "2" } })
      assert.is_nil(ok)
      assert.matches("^store: .*UNIQUE", message)
      assert.equal("string", type(code))
      while left do loop.suspend() end
      assert.is_true(other)
      assert.same({ { key = "other", value = "1" } }, s:query(ALL))
      assert.is_true(s:write({ { PUT, "a", "3" } }))
    end)
  end)

  it("reports a statement that is no SQL", function()
    with_store(function(s)
      local ok, message = s:write({ { "INSERT INTO nowhere VALUES (1)" } })
      assert.is_nil(ok)
      assert.matches("no such table", message)
      local rows, why, code = s:query("SELECT")
      assert.is_nil(rows)
      assert.matches("^store: ", why)
      assert.equal("string", type(code))
    end)
  end)

  it("refuses to write through a query", function()
    with_store(function(s)
      local rows = s:query("INSERT INTO run VALUES ('x', 'y')")
      assert.is_nil(rows)
      assert.same({}, s:query(ALL))
    end)
  end)

  it("is not deceived by a wake from another task", function()
    with_store(function(s)
      local answers, me, left = {}, loop.current(), 1
      local task = loop.spawn(function()
        answers = table.pack(s:write({ { "INSERT INTO nowhere VALUES (1)" } }))
        left = left - 1
        loop.wake(me)
      end)
      loop.sleep(0)
      loop.wake(task)
      while left > 0 do loop.suspend() end
      assert.is_nil(answers[1])
      assert.matches("no such table", answers[2])
    end)
  end)

  it("posts without waiting, in order with what is written", function()
    with_store(function(s)
      assert.is_true(s:post({ { PUT, "a", "1" } }))
      assert.same({}, s:query(ALL))
      assert.is_true(s:write({ { "UPDATE run SET value = '2' WHERE key = 'a'" } }))
      assert.same({ { key = "a", value = "2" } }, s:query(ALL))
      assert.is_true(s:post({ { PUT, "last", "1" } }))
    end)
    with_store(function(s) assert.equal(2, #s:query(ALL)) end, "read")
  end)

  it("commits what waits together", function()
    with_store(function(s)
      local me, left = loop.current(), 200
      for i = 1, 200 do
        loop.spawn(function()
          assert(s:write({ { PUT, "k" .. i, "v" } }))
          left = left - 1
          if left == 0 then loop.wake(me) end
        end)
      end
      while left > 0 do loop.suspend() end
      local counts = s:counts()
      assert.equal(200, counts.batches)
      assert.equal(200, counts.statements)
      assert.is_true(counts.commits < 20)
      assert.equal(200, s:query("SELECT count(*) AS n FROM run")[1].n)
    end)
  end)

  it("raises for what cannot be stored, and stays usable", function()
    with_store(function(s)
      for _, bad in ipairs({ { {} }, { print }, { coroutine.create(print) } }) do
        local ok, message = pcall(s.write, s, { { PUT, "a", bad[1] } })
        assert.is_false(ok)
        assert.matches("cannot be stored", message)
      end
      assert.is_false((pcall(s.write, s, { { 1, 2, n = 40 } })))
      assert.is_false((pcall(s.write, s, { {} })))
      assert.is_false((pcall(s.write, s, { { print } })))
      assert.is_false((pcall(s.write, s)))
      assert.is_false((pcall(s.query, s)))
      assert.is_true(s:write({ { PUT, "a", "1" } }))
      assert.is_true(s:write({}))
    end)
  end)

  it("raises once it is closed; closing again is fine", function()
    loop.run(function()
      local s = assert(store.open(folder, "create"))
      assert.is_true(s:close())
      assert.is_true(s:close())
      local ok, message = pcall(s.query, s, ALL)
      assert.is_false(ok)
      assert.matches("the store is closed", message)
      assert.is_false((pcall(s.write, s, {})))
      assert.is_false((pcall(core.calls.new, s, {})))
    end)
  end)

  it("says what is wrong where it cannot be opened", function()
    local function refused(mode, path)
      local s, message, code = store.open(path or folder, mode)
      assert.is_nil(s)
      assert.equal("string", type(message))
      return code
    end
    assert.equal("ENOTFOUND", refused("write"))
    assert.equal("ENOTFOUND", refused("read"))
    with_store(function(s)
      assert.equal("EBUSY", refused("write"))
      local reader = assert(store.open(folder, "read"))
      assert.same({}, reader:query(ALL))
      assert.is_true(s:write({ { PUT, "a", "1" } }))
      assert.equal(1, #reader:query(ALL))
      reader:close()
    end)
    assert.equal("EEXISTS", refused("create"))
    assert.is_false((pcall(store.open, folder, "append")))
  end)

  it("refuses a file that is not a run", function()
    host.write(folder .. "/run.db", ("no database at all. "):rep(100))
    local s, message, code = store.open(folder, "read")
    assert.is_nil(s)
    assert.matches(folder, message, 1, true)
    assert.equal("string", type(code))
    os.remove(folder .. "/run.db")
    host.command(("python3 -c 'import sqlite3; c = sqlite3.connect(\"%s/run.db\"); "):format(folder)
      .. "c.execute(\"create table t (x)\"); c.commit()'")
    s, message, code = store.open(folder, "write")
    assert.is_nil(s)
    assert.equal("string", type(message))
    assert.equal("EVERSION", code)
  end)

  it("waits only in tasks", function()
    local s = loop.run(function() return assert(store.open(folder, "create")) end)
    local ok, message = pcall(s.write, s, { { PUT, "a", "1" } })
    assert.is_false(ok)
    assert.matches("must be called from a task", message)
    loop.run(function() s:close() end)
  end)
end)

local host = require("tests.support.host")
local sandbox = require("advisor_core").sandbox

local function keys(t, iterate)
  local list = {}
  for key in (iterate or sandbox.pairs)(t) do list[#list + 1] = key end
  return list
end

local function by_next(t)
  return sandbox.next, t, nil
end

describe("sandbox.pairs and next", function()
  it("give numbers, then strings by bytes, then false and true", function()
    local t = { [true] = 1, [false] = 1, b = 1, a = 1, [""] = 1, ["a\0"] = 1, ["\xff"] = 1, B = 1,
      [3] = 1, [1] = 1, [-2] = 1, [2.5] = 1, [math.huge] = 1, [-math.huge] = 1,
        [math.maxinteger] = 1 }
    local order = { -math.huge, -2, 1, 2.5, 3, math.maxinteger, math.huge, "", "B", "a", "a\0", "b",
      "\xff",
      false, true }
    assert.same(order, keys(t))
    assert.same(order, keys(t, by_next))
  end)

  it("give values with the keys", function()
    local got = {}
    for key, value in sandbox.pairs({ x = 1, y = false }) do got[#got + 1] = { key, value } end
    assert.same({ { "x", 1 }, { "y", false } }, got)
    assert.same({ "x", 1 }, { sandbox.next({ x = 1, y = 2 }) })
    assert.is_nil((sandbox.next({})))
    assert.is_nil((sandbox.next({ a = 1 }, "a")))
  end)

  it("tell integers from floats beyond their range", function()
    local order = { -2 ^ 64, math.mininteger, -0.5, 0.5, (1 << 53) + 1, math.maxinteger - 1, math.maxinteger,
      2 ^ 63, 2 ^ 64 }
    for shift = 0, #order - 1 do
      local t = {}
      for i = 1, #order do t[order[(i + shift) % #order + 1]] = true end
      assert.same(order, keys(t))
      assert.same(order, keys(t, by_next))
    end
  end)

  it("do not depend on how a table came to be", function()
    local up, down = {}, {}
    for i = 1, 200 do up["k" .. i] = i end
    for i = 200, 1, -1 do down["k" .. i] = i end
    for i = 1, 100 do down["x" .. i] = i end
    for i = 1, 100 do down["x" .. i] = nil end
    assert.same(keys(up), keys(down))
    assert.same(keys(up), keys(up, by_next))
  end)

  it("meet every element of a list with holes", function()
    assert.same({ 1, 3 }, keys({ 1, nil, 3 }))
    assert.same({ 1, 2, 4 }, keys({ 1, 2, nil, 4 }))
    assert.same({ 1, 2, 3 }, keys({ 1, 2, 3 }))
    assert.same({}, keys({}))
    assert.same({ 2, 3 }, keys({ nil, 2, 3 }))
  end)

  it("allow keys to be removed meanwhile", function()
    local t, seen = { a = 1, b = 2, c = 3, [1] = 1, [2] = 2 }, {}
    for key in sandbox.pairs(t) do
      seen[#seen + 1] = key
      t[key] = nil
      if key == 1 then t.b = nil end
    end
    assert.same({ 1, 2, "a", "c" }, seen)
    assert.is_nil(next(t))
    local list, met = { 1, 2, 3, 4 }, {}
    for i in sandbox.pairs(list) do
      met[#met + 1] = i
      if i == 1 then list[2] = nil end
    end
    assert.same({ 1, 3, 4 }, met)
    -- next goes on from a key that is not there any more.
    local left = { a = 1, b = 2 }
    left.a = nil
    assert.equal("b", (sandbox.next(left, "a")))
  end)

  it("end where elements are added meanwhile", function()
    local list, n = { 1, 2, 3 }, 0
    for _ in sandbox.pairs(list) do
      n = n + 1
      if n < 100 then list[#list + 1] = n end
    end
    assert.equal(3, n)
  end)

  it("refuse keys that have no order", function()
    for _, key in ipairs({ {}, print, coroutine.create(print), io.stdout }) do
      local ok, message = pcall(keys, { [key] = 1 })
      assert.is_false(ok)
      assert.matches("have no fixed order", message)
      assert.is_false((pcall(sandbox.next, { [key] = 1 })))
    end
  end)

  it("honour __pairs, and refuse what is no table", function()
    local t = setmetatable({}, { __pairs = function() return function(_, k) return not k and "once"
      or nil end end })
    assert.same({ "once" }, keys(t))
    assert.is_false((pcall(sandbox.pairs, 5)))
    assert.is_false((pcall(sandbox.pairs)))
    assert.is_false((pcall(sandbox.next, nil)))
  end)
end)

describe("a lane", function()
  local info = { "info" }

  local function start(source, limit)
    local lane = sandbox.lane(limit or 1000000, info)
    local thread = sandbox.thread(assert(load(source, "=spec")))
    return lane, thread
  end

  local function run(source, limit)
    local lane, thread = start(source, limit)
    return sandbox.resume(lane, thread)
  end

  it("runs a thread and tells how it went", function()
    assert.same({ "returned", 1, 2 }, { run("return 1, 2") })
    assert.same({ "failed", "spec:1: broken" }, { run("error('broken')") })
    local lane, thread = start("local got = coroutine.yield(1) return got")
    assert.same({ "yielded", 1 }, { sandbox.resume(lane, thread) })
    assert.same({ "returned", "reply" }, { sandbox.resume(lane, thread, "reply") })
    assert.equal("failed", (run("error()")))
  end)

  it("knows what runs", function()
    local seen
    local lane = sandbox.lane(100000, info)
    sandbox.resume(lane, sandbox.thread(function()
      seen = sandbox.current()
      local inner = { "inner" }
      sandbox.resume(sandbox.lane(100000, inner), sandbox.thread(function()
        assert(sandbox.current() == inner)
      end))
      assert(sandbox.current() == info)
    end))
    assert.equal(info, seen)
    assert.is_nil(sandbox.current())
  end)

  local endless = {
    ["a loop"] = "while true do end",
    ["goto"] = "::again:: goto again",
    ["for"] = "for i = 1, math.huge do end",
    ["repeat"] = "repeat until false",
    ["an iterator"] = "for _ in function() return 1 end do end",
    ["a tail call"] = "local function f() return f() end return f()",
    ["pcall"] = "while true do pcall(function() while true do end end) end",
    ["a coroutine"] = "coroutine.wrap(function() while true do end end)()",
    ["many coroutines"] = "while true do coroutine.wrap(function() for i = 1, 100 do end end)() "
      .. "end",
    ["caught in a coroutine"] = [[while true do
      coroutine.resume(coroutine.create(function() while true do end end)) end]],
    ["a metamethod"] = "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end "
      .. "}) "
      .. "while true do pcall(function() return t[1] end) end",
    ["closing"] = [[local t = setmetatable({}, { __close = function() while true do end end })
      while true do pcall(function() local c <close> = t while true do end end) end]],
    ["tostring"] = "tostring(setmetatable({}, { __tostring = function() while true do end end }))",
    ["a comparator"] = "table.sort({ 1, 2, 3 }, function() while true do end end)",
    ["gsub"] = "('x'):gsub('x', function() while true do end end)",
    ["load"] = "load(function() while true do end end)",
  }
  for name, source in pairs(endless) do
    it("stops what never ends: " .. name, function()
      local status, where = run(source)
      assert.equal("killed", status)
      assert.matches("^spec:%d+$", where)
    end)
  end

  it("counts the same for the same work", function()
    local function survives(n, limit)
      return run(("local x = 0 for i = 1, %d do x = x + i end return x"):format(n),
        limit) == "returned"
    end
    assert.is_true(survives(400000, 1000000))
    assert.is_false(survives(600000, 1000000))
    for _ = 1, 3 do
      assert.is_true(survives(495000, 1000000))
      assert.is_false(survives(505000, 1000000))
    end
  end)

  it("counts over several resumes, and per lane", function()
    local source = "for i = 1, 5 do for j = 1, 200000 do end coroutine.yield(i) end return 'end'"
    local one, thread = start(source, 1000000)
    local other, second = start(source, 1000000)
    for i = 1, 4 do
      assert.same({ "yielded", i }, { sandbox.resume(one, thread) })
      assert.same({ "yielded", i }, { sandbox.resume(other, second) })
    end
    local dying, last = start(source, 500000)
    local status
    repeat status = sandbox.resume(dying, last) until status ~= "yielded"
    assert.equal("killed", status)
  end)

  it("charges what was not counted", function()
    assert.equal("returned", (run("for i = 1, 100000 do end", 1000000)))
    local lane = sandbox.lane(1000000, info)
    local status = sandbox.resume(lane, sandbox.thread(function()
      sandbox.charge(99)
      for _ = 1, 100000 do end -- luacheck: ignore 542
    end))
    assert.equal("killed", status)
    sandbox.charge(1) -- nothing runs: nothing happens
  end)

  it("uses threads again, with a fresh count and an empty stack", function()
    for _ = 1, 50 do
      assert.same({ "returned" }, { run("for i = 1, 90000 do end", 100000) })
      assert.equal("killed", (run("while true do end", 100000)))
      assert.same({ "returned", 0 }, { run("return select('#', ...)") })
    end
  end)
end)

describe("limits on time and memory of a lane", function()
  local function run(source, seconds, growth)
    local lane = sandbox.lane(1 << 50, { script = "spec", stage = "generate", round = 1 }, seconds, growth)
    return sandbox.resume(lane, sandbox.thread(assert(load(source, "=spec"))))
  end

  it("end what takes too much CPU time, in Lua and between calls of C", function()
    for _, source in ipairs({ "while true do end", "while true do pcall(function() while true do end end) end",
      "local find = require('advisor_core').sandbox.guarded(string.find) "
        .. "local s = ('x'):rep(150) while true do find(s, '.-.-y') end" }) do
      local start = os.clock()
      local status, where, why = run(source, 0.1)
      assert.same({ "killed", "spec:1", "time" }, { status, where, why })
      assert.is_true(os.clock() - start >= 0.09)
    end
  end)

  it("begin anew at each resumption", function()
    local lane = sandbox.lane(1 << 50, {}, 0.2)
    local thread = sandbox.thread(function()
      for _ = 1, 4 do
        local start = os.clock()
        while os.clock() - start < 0.1 do end -- luacheck: ignore 542
        coroutine.yield()
      end
    end)
    for _ = 1, 4 do assert.equal("yielded", (sandbox.resume(lane, thread))) end
    assert.equal("returned", (sandbox.resume(lane, thread)))
  end)

  it("are the outermost lane's for what runs inside of it", function()
    local inner = sandbox.lane(1 << 50, {}, 100)
    local outer = sandbox.lane(1 << 50, {}, 0.1)
    local status, _, why = sandbox.resume(outer, sandbox.thread(function()
      sandbox.resume(inner, sandbox.thread(function() while true do end end))
      return "went on"
    end))
    assert.same({ "killed", "time" }, { status, why })
  end)

  it("end what adds too much memory, and then forget it", function()
    local bomb = "local s = 'x' while true do s = s .. s end"
    for _, source in ipairs({ bomb, "while true do pcall(function() " .. bomb .. " end) end" }) do
      local status, where, why = run(source, 10, 8 << 20)
      assert.same({ "killed", "spec:1", "memory" }, { status, where, why })
      assert.is_false(select(2, sandbox.memory()))
    end
    assert.same({ "returned", 100 }, { run("return #('x'):rep(100)", 10, 8 << 20) })
  end)

  it("refuse what is no limit", function()
    for _, given in ipairs({ { -1 }, { 0 / 0 }, { 1e10 }, { 1, -1 }, { "x" } }) do
      assert.is_false((pcall(sandbox.lane, 1000, {}, given[1], given[2])))
    end
  end)
end)

describe("sandbox.guarded", function()
  it("counts what a function of C does", function()
    local lane, find = sandbox.lane(1000000, {}), sandbox.guarded(string.find)
    local done = 0
    local status, _, why = sandbox.resume(lane, sandbox.thread(function()
      local long = ("x"):rep(6400000) -- 100,000 instructions each
      while true do
        find(long, "y", 1, true)
        done = done + 1
      end
    end))
    assert.same({ "killed", "instructions" }, { status, why })
    assert.is_true(done == 9 or done == 10, done)
  end)

  it("does what the function does, and refuses what is none of C", function()
    local rep = sandbox.guarded(string.rep)
    assert.equal("xxx", rep("x", 3))
    assert.matches("number expected", select(2, pcall(rep, "x", {})))
    assert.is_false((pcall(sandbox.guarded, function() end)))
    assert.is_false((pcall(sandbox.guarded)))
  end)
end)

describe("sandbox.pcall", function()
  it("is as Lua's outside of scripts and in coroutines", function()
    assert.same({ true, 1, nil, 3, n = 4 }, table.pack(sandbox.pcall(function(...) return ... end, 1, nil, 3)))
    assert.same({ false, "broken" }, { sandbox.pcall(error, "broken") })
    assert.same({ false }, { sandbox.pcall(error) })
    assert.is_false((sandbox.pcall(nil)))
    assert.is_false((pcall(sandbox.pcall)))
    local co = coroutine.wrap(function()
      return sandbox.pcall(function() error(coroutine.yield(1), 0) end)
    end)
    assert.equal(1, co())
    assert.same({ false, "after" }, { co("after") })
  end)
end)

describe("sandbox.setmetatable", function()
  it("takes metamethods as they are, and shows what it was given", function()
    local meta = { __index = { a = 1 }, __mode = "k", __gc = print }
    local t = sandbox.setmetatable({}, meta)
    assert.equal(1, t.a)
    assert.equal(meta, sandbox.getmetatable(t))
    assert.is_nil(getmetatable(t).__mode)
    assert.is_nil(getmetatable(t).__gc)
    meta.__index, meta.__call = nil, function() return "called" end
    assert.equal(1, t.a)
    local other = sandbox.setmetatable({}, meta)
    assert.equal("called", other())
    assert.equal("called", t())
    assert.is_nil(t.a)
    assert.is_nil(sandbox.getmetatable(sandbox.setmetatable(t, nil)))
    assert.is_nil(sandbox.getmetatable("x"))
    assert.is_nil(sandbox.getmetatable(setmetatable({}, {})))
  end)

  it("respects __metatable and refuses what is no table", function()
    local t = sandbox.setmetatable({}, { __metatable = "mine" })
    assert.equal("mine", sandbox.getmetatable(t))
    assert.matches("protected", select(2, pcall(sandbox.setmetatable, t, {})))
    assert.is_false((pcall(sandbox.setmetatable, 1, {})))
    assert.is_false((pcall(sandbox.setmetatable, {}, 1)))
  end)

  it("keeps nothing alive", function()
    local seen = setmetatable({}, { __mode = "k" })
    for _ = 1, 100 do
      local meta = {}
      seen[meta] = true
      sandbox.setmetatable({}, meta)
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(seen))
  end)
end)

describe("sandbox.formatter", function()
  local format = sandbox.formatter(function(value) return "<" .. type(value) .. ">" end)

  it("formats as string.format what has no address", function()
    for _, case in ipairs({ { "%d %5.2f %x", 3, 2.5, 255 }, { "%s %q", "a", "b\n\0" },
      { "%%%s%%", "x" },
      { "%s %s", nil, true }, { "%q %q %q", true, 1, 0.1 }, { "100%%" }, { "%-5s|%5s", "a", "b" },
      { "5%%per" }, { "%%p" } }) do
      local n = select(2, case[1]:gsub("%%%%", ""):gsub("%%", "")) + 1
      assert.equal(string.format(table.unpack(case, 1, n)), format(table.unpack(case, 1, n)))
    end
    assert.equal("1 nil", format("%s %s", 1, nil))
    assert.is_false((pcall(format, "%d", "x")))
    assert.is_false((pcall(format, "%s")))
    assert.is_false((pcall(format)))
  end)

  it("hides addresses", function()
    assert.equal("<table> <function> <thread>", format("%s %s %s", {}, print,
      coroutine.create(print)))
    for _, template in ipairs({ "%p", "%-20p", "%5p", "%%%p", "%s %p" }) do
      local ok, message = pcall(format, template, "text", "text")
      assert.is_false(ok)
      assert.matches("%%p", message)
    end
  end)
end)

describe("sandbox.limit_memory", function()
  local PRELUDE = [[
    local sandbox = require("advisor_core").sandbox
    sandbox.limit_memory(48 * 1024 * 1024)
    local function run(fn)
      local lane = sandbox.lane(1000000000, {})
      local status, where = sandbox.resume(lane, sandbox.thread(fn))
      local _, hit = sandbox.memory()
      print(status, tostring(where):match(":(%d+)$") ~= nil, hit)
    end
  ]]

  local function said(source)
    local code, output, errors = host.process(PRELUDE .. source)
    assert.equal("", errors)
    assert.equal(0, code)
    return output
  end

  it("ends a script that takes too much", function()
    assert.equal("killed\ttrue\ttrue\n", said([[
      run(function() local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end end)]]))
    assert.equal("killed\ttrue\ttrue\n", said([[
      run(function() local s = "x" while true do s = s .. s end end)]]))
  end)

  it("ends one that catches the error", function()
    assert.equal("killed\ttrue\ttrue\n", said([[
      run(function()
        local ok = pcall(string.rep, "x", 100000000)
        assert(not ok)
        local t = {}
        for i = 1, 100 do t[i] = { i } end
        coroutine.yield("went on")
      end)]]))
    assert.equal("killed\ttrue\ttrue\n", said([[
      run(function()
        pcall(function() local t = {} for i = 1, math.huge do t[i] = {} end end)
        coroutine.yield("went on")
      end)]]))
  end)

  it("lets garbage be", function()
    assert.equal("returned\tfalse\tfalse\n", said([[
      run(function() for i = 1, 3000 do local s = ("x"):rep(100000) .. i end end)]]))
  end)

  it("tells what is in use", function()
    local bytes, hit = sandbox.memory()
    assert.is_true(bytes > 100000)
    assert.equal("boolean", type(hit))
    assert.is_false((pcall(sandbox.limit_memory, 0)))
  end)
end)

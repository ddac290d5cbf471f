local host = require("tests.support.host")
local sandbox = require("advisor.host.sandbox")
local loop = require("advisor_core").loop
local value, failure = host.value, host.failure

describe("sandbox", function()
  it("runs a script and gives what it returns", function()
    assert.same({ true, 1, nil, 3, n = 4 }, table.pack(
      sandbox.call(host.lane(host.run()), function() return 1, nil, 3 end)))
    assert.equal("x", value("return 'x'"))
  end)

  it("tells errors with file, line and traceback", function()
    local ok, message = host.script("local function f()\n  error('broken')\nend\nf()")
    assert.is_false(ok)
    assert.matches("^spec.lua:2: broken\nstack traceback:.*spec.lua:4: ", message)
  end)

  it("ends the run where the world fails the host, whatever the script catches", function()
    local serve = sandbox.served("ctx.x", function() error({ message = "disk I/O error", code = "EIO" }, 0) end)
    local ok, why = pcall(sandbox.call, host.lane(host.run()), function() return pcall(serve) end)
    assert.is_false(ok)
    assert.same({ stop = sandbox.Stop, code = "EIO", message = "disk I/O error" }, why)
  end)

  it("tells error values of any type, never calling what is in them", function()
    assert.equal("error value of type nil", failure("error(nil)"))
    assert.equal("error value of type table", failure("error({})"))
    assert.equal("error value of type table",
      failure("error(setmetatable({}, { __tostring = function() error('again') end }))"))
    assert.equal("error value of type table",
      failure("error(setmetatable({}, { __tostring = function() while true do end end }))"))
    assert.equal("error value of type function", failure("error(pairs)"))
    assert.equal("error value of type number", failure("error(5)"):gsub("^spec.lua:1: ", ""))
    assert.matches("stack overflow", failure("local function f() return 1 + f() end f()"))
  end)

  it("refuses what is no Lua, with its line", function()
    local code, message = sandbox.compile("return 1\nreturn 2", "folder/x.lua")
    assert.is_nil(code)
    assert.matches("^folder/x.lua:2: ", message)
    local long = ("folder/"):rep(20) .. "x.lua"
    code, message = sandbox.compile("\nx x", long)
    assert.is_nil(code)
    assert.equal(long .. ":2: ", message:sub(1, #long + 4))
    code, message = sandbox.compile((" "):rep(1024 * 1024 + 1), "x.lua")
    assert.is_nil(code)
    assert.matches("at most 1 MiB", message)
  end)

  it("refuses a script that hides behind a metatable", function()
    local ok, message = host.script("return setmetatable({}, { __index = function() while true do "
      .. "end end })")
    assert.is_false(ok)
    assert.matches("without a metatable", message)
  end)
end)

describe("the limit on instructions", function()
  local endless = {
    "while true do end", "repeat until false", "::again:: goto again",
      "for i = 1, math.huge do end",
    "for _ in function() return 1 end do end", "local function f() return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "xpcall(function() while true do end end, function() while true do end end)",
    "while true do xpcall(error, function() while true do end end) end",
    "while true do pcall(pcall, pcall, error) end",
    "coroutine.wrap(function() while true do end end)()",
    "while true do coroutine.wrap(function() end)() end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "while true do pcall(coroutine.wrap(function() error() end)) end",
    "local co = coroutine.create(function() while true do coroutine.yield() end end) "
      .. "while true do coroutine.resume(co) end",
    "local function f() pcall(f) end while true do f() end",
    "local t = setmetatable({}, { __close = function() while true do end end }) do local c "
      .. "<close> = t end",
    "while true do pcall(function() local c <close> = setmetatable({}, { __close = function() "
      .. "while true do end "
      .. "end }) error() end) end",
    "tostring(setmetatable({}, { __tostring = function() while true do end end }))",
    "('%s'):format(setmetatable({}, { __tostring = function() while true do end end }))",
    "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
    "local t = setmetatable({}, { __len = function() while true do end end }) return #t",
    "local t = setmetatable({}, { __eq = function() while true do end end }) return t == "
      .. "setmetatable({}, "
      .. "{ __eq = function() while true do end end })",
    "local t = setmetatable({}, { __concat = function() while true do end end }) return t .. ''",
    "for _ in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end",
    "for _ in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end "
      .. "})) do end",
    "table.sort({ 1, 2, 3 }, function() while true do end end)",
    "table.sort(setmetatable({}, { __len = function() return 1 << 40 end }), function() return "
      .. "true end)",
    "table.concat(setmetatable({}, { __len = function() return 1 << 23 end, __index = function() "
      .. "return '' end }))",
    "local s = ('x'):rep(1 << 20) while true do s:find('y') end",
    "local t = {} for i = 1, 100000 do t['k' .. i] = i end for k in next, t do t[k] = 1 end",
    "('x'):gsub('x', function() while true do end end)",
    "('x'):gsub('x', setmetatable({}, { __index = function() while true do end end }))",
    "load(function() while true do end end)", "load(function() return ' ' end)",
    "load('while true do end')()", "for _ in ('x'):gmatch('x') do while true do end end",
    "ctx.map({ 1 }, function() while true do end end)",
    "ctx.map(setmetatable({}, { __len = function() while true do end end }), tostring)",
    "ctx.map(setmetatable({}, { __len = function() return 1 << 40 end }), tostring)",
    "ctx.map(setmetatable({}, { __len = function() return 1 end, __index = function() while true "
      .. "do end end }), "
      .. "tostring)",
    "ctx.ask('x', setmetatable({ {} }, { __index = function() while true do end end })) while "
      .. "true do end",
    "ctx.rng('x'):shuffle(setmetatable({}, { __len = function() while true do end end }))",
    "ctx.json.encode(setmetatable({}, { __pairs = function() while true do end end })) while true "
      .. "do end",
    "ctx.text.fill('{a}', setmetatable({}, { __index = function() while true do end end }))",
    "ctx.log(setmetatable({}, { __tostring = function() while true do end end }))",
  }
  for _, source in ipairs(endless) do
    it("ends " .. source, function()
      local run = host.run(3000000)
      local message
      loop.run(function() message = failure(source, run) end)
      assert.matches("exceeded the limit of 3000000 instructions", message)
      assert.matches("^[%w_./()]+:%d+: ", message)
    end)
  end

  it("is deterministic", function()
    local source = "local n = 0 for i = 1, %d do n = n + (i %% 7) end return n"
    for _ = 1, 3 do
      assert.is_true((host.script(source:format(325000), host.run(1000000))))
      assert.is_false((host.script(source:format(345000), host.run(1000000))))
    end
  end)

  it("is each lane's own, and the host's work is not counted", function()
    local run = host.run(1000000)
    function run:ask() -- luacheck: ignore 212
      local n = 0
      for i = 1, 2000000 do n = n + i end
      return { text = tostring(n) }
    end
    assert.equal("2000001000000", value("return ctx.ask('generator', 'x').text", run))
    local got = loop.run(function()
      return value([[return ctx.map({ 1, 2, 3, 4, 5 }, function(i)
        for _ = 1, 150000 do end
        return i
      end)]], run)
    end)
    assert.same({ 1, 2, 3, 4, 5 }, got)
  end)
end)

describe("sandbox.load", function()
  local function loaded(source)
    return sandbox.load("spec", assert(sandbox.compile(source, "spec.lua")), "experiment", { given = 5 })
  end

  it("runs the top level of a file", function()
    assert.same({ true, 5 }, { loaded("return given") })
    assert.matches("spec.lua:1: broken", select(2, loaded("error('broken')")))
  end)

  it("tells which limit a file exceeds", function()
    assert.matches("exceeded the limit of 10000000 instructions", select(2, loaded("while true do end")))
    assert.matches("^spec.lua:1: the script spec used up its 16 MiB of memory$",
      select(2, loaded("local s = 'x' while true do s = s .. s end")))
    assert.matches("^spec.lua:1: the script spec %(round 0, load%) used up its 1 s of CPU time$",
      select(2, loaded("local s = ('x'):rep(200) while true do s:find('.-.-y') end")))
    assert.same({ true, 5 }, { loaded("return given") })
  end)
end)

describe("bombs", function()
  it("of memory end the script, or the process where the limit is set", function()
    for _, source in ipairs({ "local s = 'x' while true do s = s .. s end",
      "local t = {} while true do t[#t + 1] = ('x'):rep(1000000) .. #t end",
      "local t = {} while true do t = { t, t } t[1] = { t } end",
      "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end" }) do
      local code, output, errors = host.process(([[
        local host = require("tests.support.host")
        require("advisor_core").sandbox.limit_memory(64 * 1024 * 1024)
        local ok, problem = pcall(host.script, %q, host.run(1 << 40))
        assert(type(problem) == "table", problem)
        print(ok, problem.code, problem.message)
      ]]):format(source))
      assert.equal(0, code, errors)
      assert.matches("^false\tENOMEM\tthe script spec used up the memory limit at [%w_./]+:%d+ "
        .. "%(policy.memory_mb%)\n$",
        output)
    end
  end)

  it("of a result that is returned end as well", function()
    local readonly = require("advisor.host.readonly")
    local bomb = value("local t = {} for _ = 1, 30 do t = { t, t } end return { text = t }")
    local copy, problem = readonly.plain(bomb, "drafts")
    assert.is_nil(copy)
    assert.matches("too many values", problem)
    local trap = value("return { x = setmetatable({ 'kept' }, { __pairs = function() return "
      .. "function(_, k) "
      .. "return (k or 0) + 1, 1 end end, __index = function() while true do end end }) }")
    assert.same({ x = { "kept" } }, readonly.plain(trap, "drafts"))
  end)
end)

describe("waiting in a script", function()
  it("works in plain code, protected calls and loops", function()
    assert.equal("re: x", value("return ctx.ask('generator', 'x').text"))
    assert.equal("re: x", value("return select(2, pcall(ctx.ask, 'generator', 'x')).text"))
    assert.equal("re: re: x", value([[
      local ok, reply = xpcall(function()
        local first = ctx.ask("generator", "x")
        return ctx.ask("generator", first.text)
      end, error)
      return reply.text]]))
    assert.same({ "re: 1", "re: 2" }, value([[
      local got = {}
      local function each()
        local i = 0
        return function()
          i = i + 1
          if i < 3 then return ctx.ask("g", i).text end
        end
      end
      for text in each() do got[#got + 1] = text end
      return got]]))
  end)

  it("works in metamethods, closing values and loaded code", function()
    assert.equal("re: k", value("return setmetatable({}, { __index = function(_, k) "
      .. "return ctx.ask('g', k).text end }).k"))
    assert.equal("re: x",
      value("local got do local c <close> = setmetatable({}, { __close = function() "
      .. "got = ctx.ask('g', 'x').text end }) end return got"))
    assert.equal("re: x",
      value("return load('return (...)(\"g\", \"x\").text', 'n', 't', {})(ctx.ask)"))
    assert.equal("re: x", value("return tostring(setmetatable({}, { __tostring = function() "
      .. "return ctx.ask('g', 'x').text end }))"))
  end)

  it("works in a comparator and in gsub's function", function()
    local run = host.run()
    assert.same({ 1, 2, 3, 4 }, value([[
      local list = { 3, 1, 4, 2 }
      table.sort(list, function(a, b)
        ctx.ask("judge", a .. " or " .. b)
        return a < b
      end)
      return list]], run))
    assert.is_true(#run.asked > 3)
    assert.equal("<re: a>-<re: b>", value("return (('a-b'):gsub('%w', function(c) "
      .. "return '<' .. ctx.ask('g', c).text .. '>' end))"))
  end)

  it("is a clear error where C called back", function()
    for _, source in ipairs({
      "return ('%s'):format(setmetatable({}, { __tostring = function() return ctx.ask('g', "
        .. "'x').text end }))",
      "return (('a'):gsub('a', setmetatable({}, { __index = function() return ctx.ask('g', "
        .. "'x').text end })))",
      "for _ in pairs(setmetatable({}, { __pairs = function() ctx.ask('g', 'x') end })) do end",
    }) do
      assert.matches("^spec.lua:1: ctx.ask cannot wait here", failure(source))
    end
  end)

  it("passes through a script's own coroutines, 50 deep", function()
    assert.same({ "re: deep", "yielded" }, value([[
      local function nest(depth)
        if depth == 0 then
          local text = ctx.ask("g", "deep").text
          coroutine.yield("yielded")
          return text
        end
        local inner = coroutine.wrap(function() return nest(depth - 1) end)
        local first = inner()
        coroutine.yield(first)
        return inner()
      end
      local outer = coroutine.create(function() return nest(50) end)
      local _, first = coroutine.resume(outer)
      local _, second = coroutine.resume(outer)
      return { second, first }]]))
    assert.equal("re: x", value("return coroutine.wrap(ctx.ask)('g', 'x').text"))
  end)

  it("keeps a script's coroutines as Lua has them", function()
    assert.same({ 1, 2, 3 }, value([[
      local co = coroutine.wrap(function(a)
        local b = coroutine.yield(a)
        coroutine.yield(b)
        return 3
      end)
      return { co(1), co(2), co() }]]))
    assert.same({ false, "cannot resume dead coroutine" }, value([[
      local co = coroutine.create(function() end)
      coroutine.resume(co)
      return { coroutine.resume(co) }]]))
    assert.equal("dead",
      value("local co = coroutine.create(error) coroutine.resume(co) return coroutine.status(co)"))
    assert.matches("broken", failure("coroutine.wrap(function() error('broken') end)()"))
  end)

  it("is an error with nobody to yield to", function()
    assert.matches("coroutine.yield outside of a coroutine", failure("coroutine.yield(1)"))
    assert.matches("coroutine.yield outside of a coroutine", failure("coroutine.yield(nil, {})"))
  end)

  it("raises the host's error where the script called", function()
    local run = host.run()
    function run:ask() error("ctx.ask: wrong use", 0) end -- luacheck: ignore 212
    assert.equal("spec.lua:3: ctx.ask: wrong use", failure("local function f()\n  local x = 1\n"
      .. "  local r = ctx.ask('g', 'x')\n  return r, x\nend\nlocal r = f()\nreturn r", run))
    assert.is_true(value("return (select(2, pcall(ctx.ask, 'g', 'x'))):find('wrong use') ~= nil",
      run))
  end)

  it("does not let a script catch a stop of the run", function()
    local run = host.run()
    function run:ask() error({ stop = sandbox.Stop, code = "EX" }, 0) end -- luacheck: ignore 212
    local ok, problem = pcall(host.script, "pcall(ctx.ask, 'g', 'x') return 1", run)
    assert.is_false(ok)
    assert.equal("EX", problem.code)
  end)
end)

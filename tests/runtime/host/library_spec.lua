-- The world that a script sees: that it is plain Lua, and cannot be changed.
local host = require("tests.support.host")
local value, failure = host.value, host.failure

describe("a script's world", function()
  it("has no system, no files, no clock, and says what to use instead", function()
    for name, hint in pairs({ os = "no clock", io = "no files", print = "use ctx.log",
      require = "one file",
      debug = "not for scripts", package = "one file", dofile = "one file", loadfile = "one file",
      collectgarbage = "host's business", warn = "use ctx.log" }) do
      assert.matches(("^spec.lua:1: %s is not available: .*%s"):format(name, hint),
        failure("return " .. name))
    end
    assert.matches("use ctx.rng", failure("return math.random()"))
    assert.matches("use ctx.rng", failure("math.randomseed(1)"))
    assert.is_nil(value("return coroutine.close or coroutine.running or string.dump"))
  end)

  it("raises for names that are not there, and lets a chunk have its own", function()
    assert.matches("^spec.lua:1: undefined global 'promt'", failure("return promt"))
    assert.equal(5, value("x = 5 return x"))
    assert.equal(5, value("_G.x = 5 return _G._G.x"))
    assert.equal(6, value("rawset(_G, 'x', 6) return x"))
    assert.matches("undefined global 'x'", failure("return x"))
    assert.is_nil(value("return rawget(_G, 'os')"))
  end)

  it("has frozen libraries", function()
    for _, library in ipairs({ "string", "math", "table", "coroutine", "utf8", "ctx", "ctx.text",
      "ctx.json" }) do
      assert.matches("cannot be changed", failure(library .. ".x = 1"))
      assert.matches("cannot be changed", failure("rawset(" .. library .. ", 'x', 1)"))
      assert.matches("cannot be changed", failure("table.insert(" .. library .. ", 1)"))
      assert.matches("protected metatable", failure("setmetatable(" .. library .. ", {})"))
      assert.is_nil(value("return getmetatable(" .. library .. ") or nil"))
      assert.is_true(value("local n = 0 for _ in pairs(" .. library
        .. ") do n = n + 1 end return n > 1"))
    end
    assert.is_nil(value('return getmetatable("")'))
    assert.matches("protected metatable", failure("setmetatable(_G, {})"))
  end)

  it("keeps one script out of another's", function()
    local run = host.run()
    for _, attack in ipairs({
      "string.upper = nil", "('').upper = nil", "rawset(string, 'upper', false)",
        "rawset(math, 'floor', false)",
      "getmetatable('').__index.upper = nil", "_G.string = nil", "tostring = nil",
        "setmetatable(_G, nil)",
      "getmetatable(ctx.rng('x')).__index.unit = nil", "rawset(ctx.rng('x'), 'unit', false)",
      "rawset(ctx, 'ask', false)", "ctx.text.strip = nil", "pairs(string)(string).x = 1",
      "for k in pairs(string) do rawset(string, k, false) end",
    }) do
      host.script(attack, run)
      assert.equal("OK", value("return ('ok'):upper() .. string.sub(tostring(1), 2)", run))
      assert.equal(1, value("return math.floor(1.5)", run))
      assert.is_true(value("return ctx.rng('x'):unit() < 1 and ctx.text.strip(' a ') == 'a'", run))
      assert.is_true(value("return ctx.ask('generator', 'x').text == 're: x'", run))
    end
  end)

  it("gives a script nothing of the host's", function()
    assert.is_nil(value("return ctx.rng('x').lane or ctx.rng('x').stream"))
    assert.is_true(value([[
      local seen = {}
      local function look(t)
        if type(t) ~= "table" or seen[t] then return end
        seen[t] = true
        for k, v in pairs(t) do
          assert(k ~= "lane" and k ~= "run" and k ~= "store", k)
          look(v)
        end
      end
      look(ctx) look(_G) look(ctx.rng("x"))
      return true]]))
  end)

  it("shows no addresses", function()
    for _, source in ipairs({ "tostring({})", "tostring(print_ or pairs)",
      "tostring(coroutine.create(pairs))",
      "('%s'):format({})", "string.format('%s %s', pairs, {})", "tostring(ctx)",
        "tostring(ctx.ask)",
      "tostring(setmetatable({}, { __name = 'mine' }))", "('%q'):format('x')",
      "select(2, pcall(error, {})) and 'x'",
        "tostring(select(2, pcall(function() return {} + 1 end)))",
      "select(2, pcall(ctx.json.encode, { [{}] = 1 }))", "select(2, pcall(table.concat, { {} }))",
      "select(2, pcall(ctx.map, {}, {}))", "select(2, pcall(string.rep, {}, 3))" }) do
      local text = value("print_ = false return " .. source)
      assert.equal("string", type(text), source)
      assert.is_nil(text:find("0x", 1, true), source)
    end
    assert.matches("%%p", failure("return ('%p'):format({})"))
    assert.matches("%%p", failure("return ('%-10p'):format('text')"))
    assert.equal("100%p", value("return ('100%%p'):format()"))
    assert.equal("table", value("return tostring({})"))
    assert.equal("mine",
      value("return tostring(setmetatable({}, { __tostring = function() return 'mine' end }))"))
    assert.matches("must return a string",
      failure("return tostring(setmetatable({}, { __tostring = function() return 5 end }))"))
  end)

  it("refuses what would depend on the garbage collector", function()
    for _, key in ipairs({ "__gc", "__mode" }) do
      assert.matches(key .. " is not available",
        failure(("setmetatable({}, { %s = %s })"):format(key, key == "__gc" and "pairs" or "'k'")))
    end
    assert.equal("number", value("return type(#setmetatable({ 1 }, nil))"))
  end)

  it("refuses bytecode", function()
    local code = string.dump(function() return 1 end)
    local run = host.run()
    assert.is_true(value(("local f, why = load(%q) return f == nil and why:find('binary') ~= nil")
      :format(code), run))
    assert.is_true(value(("local f = load(%q, 'x', 'b') return f == nil"):format(code), run))
    local compiled, message = require("advisor.host.sandbox").compile(code, "x.lua")
    assert.is_nil(compiled)
    assert.matches("binary chunk", message)
  end)

  it("loads text, in a world of its own", function()
    assert.equal(3, value("return load('return 1 + 2')()"))
    assert.equal(7, value("local n = 0 return load(function() n = n + 1 "
      .. "return ({ 'return ', '7' })[n] end)()"))
    assert.matches("os is not available", failure("return load('return os')()"))
    assert.equal(4, value("return load('return x', 'name', 't', { x = 4 })()"))
    assert.matches("^name:1: ", value("return select(2, load('x x', 'name'))"))
    assert.is_nil(value("return (load('return return'))"))
  end)

  it("has pcall, error and assert as in Lua", function()
    assert.same({ false }, value("local ok, e = pcall(error) return { ok, e }"))
    assert.equal("table", value("return type(select(2, pcall(error, {})))"))
    assert.same({ true, 1, 2 }, value("return { pcall(function() return 1, 2 end) }"))
    assert.same({ false, "x!" },
      value("return { xpcall(error, function(e) return e .. '!' end, 'x') }"))
    assert.same({ true, "x" }, value("return { xpcall(function(...) return ... end, error, 'x') }"))
    assert.is_false(value("return (xpcall(error, function() error('again') end, 'x'))"))
    assert.equal("no", value("return select(2, pcall(assert, false, 'no'))"))
  end)
end)

describe("string functions of scripts", function()
  it("bound string.rep", function()
    assert.equal("",
      value("return ('x'):rep(0) .. ('x'):rep(-1) .. (''):rep(1e15) .. string.rep('', 1 << 60, "
        .. "'')"))
    assert.equal("ab,ab", value("return string.rep('ab', 2, ',')"))
    assert.equal("55", value("return string.rep(5, 2)"))
    assert.matches("too long", failure("return ('x'):rep(1e10)"))
    assert.matches("too long", failure("return ('x'):rep(math.maxinteger)"))
    assert.is_false((host.script("return ('xxxx'):rep(1 << 62)")))
    assert.is_false((host.script("return ('x'):rep()")))
    assert.is_false((host.script("return ('x'):rep(2.5)")))
  end)

  it("format as in Lua", function()
    for _, source in ipairs({ "('%q %s %d %5.1f'):format(true, nil, 3, 2.25)",
      "('%%%s'):format('x')",
      "('%s'):format(1e15)", "string.format(5)", "('%i'):format(3.0)" }) do
      assert.equal(load("return " .. source)(), value("return " .. source))
    end
  end)

  it("gsub with a function as string.gsub does", function()
    local subjects = { "", "a", "abc", "hello world", "aaa", "a b  c", "x=1, y=22", "\0a\0",
      "ab\nab", "é€",
      "((a)(b))", "  lead", "trail  " }
    local patterns = { "", "a", ".", "%w+", "%w*", "a*", "^a", "^", "$", "^$", "a$", "^%s*", "%s*$",
      "()", "(a)()",
      "(%w)(%w*)", "%f[%w]%w+", "%b()", "x?", "a-", ".-", "^.-$", "[^a]*", "%s*", "(=)(%d*)", "\0",
        "^(a)", "()$",
      "%w*$" }
    local functions = {
      "function(...) return '<' .. table.concat({ ... }, '|') .. '>' end", "function() end",
      "function() return false end", "function() return 12 end", "function(a) return a end",
      "function(a) return a == 'a' and 'A' or nil end", "function() return 1.5 end",
    }
    local limits = { "nil", "0", "1", "2", "-1" }
    local source = {}
    local n = 0
    for _, subject in ipairs(subjects) do
      for _, pattern in ipairs(patterns) do
        for _, fn in ipairs(functions) do
          local limit = limits[n % #limits + 1]
          n = n + 1
          source[n] = ("{ string.gsub(%q, %q, %s, %s) }"):format(subject, pattern, fn, limit)
        end
      end
    end
    assert.equal(13 * 29 * 7, n)
    local text = "local r = {} for i, f in ipairs({" .. "%s" .. "}) do r[i] = f() end return r"
    local functions_of = {}
    for i = 1, n do functions_of[i] = "function() return " .. source[i] .. " end" end
    local whole = text:gsub("%%s", function() return table.concat(functions_of, ",\n") end)
    -- string.gsub of this process is the real one: string.gsub, not the method.
    local expected = assert(load(whole))()
    local got = value(whole)
    for i = 1, n do assert.same(expected[i], got[i], source[i]) end
  end)

  it("refuse what gsub cannot put in", function()
    assert.matches("invalid replacement value %(a table%)",
      failure("return ('a'):gsub('a', function() return {} end)"))
    assert.matches("invalid replacement value %(a boolean%)",
      failure("return ('a'):gsub('a', function() return true end)"))
    assert.matches("malformed pattern", failure("return ('a'):gsub('[', function() end)"))
    assert.same({ "b", 1 }, value("return { ('a'):gsub('a', 'b') }"))
    assert.same({ "b", 1 }, value("return { ('a'):gsub('a', { a = 'b' }) }"))
    assert.same({ "1x", 1 }, value("return { string.gsub(12, '2', function() return 'x' end) }"))
  end)
end)

describe("table functions of scripts", function()
  it("sort stably, as a reference does", function()
    assert.is_true(value([[
      local function reference(list, before)
        local copy = { table.unpack(list) }
        for i = 2, #copy do
          local x, j = copy[i], i - 1
          while j > 0 and before(x, copy[j]) do copy[j + 1], j = copy[j], j - 1 end
          copy[j + 1] = x
        end
        return copy
      end
      local rng = ctx.rng("sort")
      for n = 0, 70 do
        local list = {}
        for i = 1, n do list[i] = { key = rng:integer(1, 8), at = i } end
        local function before(a, b) return a.key < b.key end
        local expected = reference(list, before)
        table.sort(list, before)
        for i = 1, n do assert(list[i] == expected[i]) end
      end
      local numbers = rng:shuffle({ 5, 3, 3, 1, 2.5, -1 })
      table.sort(numbers)
      assert(table.concat(numbers, " ") == "-1 1 2.5 3 3 5")
      table.sort(numbers, function(a, b) return a > b end)
      assert(table.concat(numbers, " ") == "5 3 3 2.5 1 -1")
      return true]]))
    assert.matches("attempt to compare", failure("table.sort({ 1, 'x' })"))
    assert.matches("broken", failure("table.sort({ 1, 2 }, function() error('broken') end)"))
    -- A comparator that contradicts itself ends all the same.
    assert.is_true(value("local t = {} for i = 1, 100 do t[i] = i end "
      .. "table.sort(t, function() return true end) return #t == 100"))
  end)

  it("insert, remove and move as in Lua", function()
    assert.same({ 1, 2, 3 }, value("local t = { 1, 3 } table.insert(t, 2, 2) return t"))
    assert.same({ 1, 3, 5 },
      value("local t = { 1, 2, 3 } table.insert(t, 5) table.remove(t, 2) return t"))
    assert.same({ 3, nil, 2 }, value("local t = { 1, 2, 3 } return { table.remove(t), nil, #t }"))
    assert.same({ 1, 1, 2 }, value("return table.move({ 1, 2 }, 1, 2, 2)"))
    assert.matches("position out of bounds", failure("table.insert({ 1 }, 5, 1)"))
    assert.is_false((host.script("table.insert(5, 1)")))
    assert.is_false((host.script("table.remove()")))
    assert.is_false((host.script("table.insert({})")))
  end)

  it("insert into and remove from lists with metatables", function()
    assert.same({ 1, 2, 3, 4 }, value([[
      local t = setmetatable({ 1, 3 }, {})
      table.insert(t, 4)
      table.insert(t, 2, 2)
      return { t[1], t[2], t[3], t[4], t[5] }]]))
    assert.same({ 1, 3, 2, 3 }, value([[
      local t = setmetatable({ 1, 2, 3 }, {})
      local a = table.remove(t, 1)
      local b = table.remove(t)
      return { a, b, t[1], #t + 2 }]]))
  end)

  it("bound what C would do without end", function()
    assert.matches("too long", failure("table.move({}, 1, 1e12 // 1 | 0, 2)"))
    assert.matches("too long", failure("table.move({}, math.mininteger, math.maxinteger, 2)"))
    assert.matches("number expected", failure("table.move({}, 'x', 2, 3)"))
    local long = "setmetatable({}, { __len = function() return 1 << 40 end })"
    assert.matches("exceeded the limit", failure("table.insert(" .. long .. ", 1, 1)"))
    assert.matches("exceeded the limit", failure("table.remove(" .. long .. ", 1)"))
    assert.matches("exceeded the limit", failure([[
      local asked = 0
      local t = setmetatable({}, { __len = function()
        asked = asked + 1
        return asked > 1 and 1 << 40 or 0
      end })
      table.insert(t, 1, 1)
      table.insert(t, 1, 1)]]))
    assert.matches("too long", failure("table.unpack({}, 1, 1e8 // 1 | 0)"))
    assert.matches("too long", failure("table.concat({}, '', 1, 1e12 // 1 | 0)"))
    -- rawlen is a function of C, so no instruction would run in the loop.
    assert.matches("too long", failure("table.concat(setmetatable({}, { __index = rawlen }), '', 1, 1 << 40)"))
    assert.matches("too long", failure("table.concat(" .. long .. ")"))
    assert.equal("1-2", value("return table.concat({ 1, 2 }, '-')"))
    assert.same({ 2, nil, 3 }, value("return table.pack(table.unpack({ 2, nil, 3 }, 1, 3)) and { 2, nil, 3 }"))
    assert.is_false((host.script("table.sort(" .. long .. ")")))
  end)

  it("iterate in a fixed order", function()
    assert.same({ 1, 2, "a", "b" }, value([[
      local seen = {}
      for key in pairs({ b = 1, a = 2, 3, 4 }) do seen[#seen + 1] = key end
      return seen]]))
    assert.equal("a", value("return (next({ b = 1, a = 1 }))"))
    assert.matches("have no fixed order", failure("for _ in pairs({ [{}] = 1 }) do end"))
  end)
end)

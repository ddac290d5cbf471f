-- Stacks that overflow.
local list = {}
local function add(name, source, expect, apart)
  list[#list + 1] = { name = name, source = source, expect = expect, deep = true, apart = apart }
end

add("recursion", "local function f() return 1 + f() end f()", { error = "stack overflow" })
add("recursion of two functions",
  "local f, g function f() return 1 + g() end function g() return 1 + f() end f()", { error = "stack overflow" })
add("recursion with many arguments", "local function f(...) return 1 + f(1, ...) end f()", { error = "stack overflow" })
add("recursion of __index", "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end "
  .. "setmetatable(t, getmetatable(t)) return t.x", { error = "overflow" })
add("recursion of __call",
  "local meta = {} meta.__call = function(t) return 1 + t() end setmetatable({}, meta)()",
  { error = "stack overflow" })
add("recursion of __concat",
  "local meta = {} meta.__concat = function(a, b) return a .. b end return setmetatable({}, meta) .. 'x'",
  { error = "overflow" })
add("recursion of __eq",
  "local meta = {} local a, b = setmetatable({}, meta), setmetatable({}, meta) meta.__eq = function(a, b) "
    .. "return a == b end setmetatable(a, meta) return a == b", { error = "overflow" })
add("recursion of __tostring",
  "local meta = {} meta.__tostring = function(t) return tostring(t) end return tostring(setmetatable({}, meta))",
  { error = "overflow" })
add("recursion of format",
  "local meta = {} meta.__tostring = function(t) return ('%s'):format(t) end return "
    .. "tostring(setmetatable({}, meta))", { error = "overflow" })
add("recursion of gsub's function",
  "local function f(c) return (c:gsub('.', f)) end return f('x')", { error = "stack overflow" })
add("recursion of gsub's table",
  "local t t = setmetatable({}, { __index = function(_, k) return (k:gsub('.', t)) end }) return ('x'):gsub('.', t)",
  { error = "overflow" })
add("recursion of sort",
  "local function less() table.sort({ 2, 1 }, less) return true end table.sort({ 2, 1 }, less)",
  { error = "stack overflow" })
add("recursion of load", "local source = 'return 1 + load(...)(...)' return load(source)(source)", "bounded")
add("recursion of pcall", "local function f() return pcall(f) end return f()", "any")
add("recursion of xpcall", "local function f() return xpcall(f, f) end return f()", "bounded", true)
add("recursion of coroutines", "local function f() return coroutine.wrap(f)() end return f()", { error = "overflow" })
add("recursion of resume",
  "local function f() local _, why = coroutine.resume(coroutine.create(f)) return why end return f()", "any")
add("recursion of ctx.map", "local function f() return ctx.map({ 1 }, f) end return f()", "bounded")
add("recursion of ctx.each_draft", "local function f() return ctx.each_draft(1, f) end return f()", "bounded")
add("an overflow caught again and again",
  "local function f() return 1 + f() end for i = 1, 2 do pcall(f) end return 'nothing'", { value = "nothing" })
add("an overflow inside the host's functions", [[
  local function f() ctx.json.encode({ 1 }) ctx.text.strip(" x ") return 1 + f() end
  pcall(f) return ctx.json.encode({ 1 })]], { value = "[1]" })
add("an overflow inside a stream", [[
  local function f() ctx.rng("x"):sample({ 1, 2, 3 }, 2) return 1 + f() end
  pcall(f) return type(ctx.rng("y"):unit())]], { value = "number" })
add("an overflow in an error's handler",
  "local function f() return 1 + f() end return (xpcall(f, f))", { value = false })
add("an overflow in __close",
  "local function f() return 1 + f() end local c <close> = setmetatable({}, { __close = f }) return 'x'",
  { error = "stack overflow" })
add("too many results", "return select('#', table.unpack({}, 1, 200000))", { value = 200000 })
add("too many arguments", "return pcall(math.max, table.unpack({}, 1, 999990))", "any")
add("a list of arguments that is packed deep",
  "local t = { 1 } for i = 1, 150 do t = { t } end return { text = t }", { refused = "nested more than 32 deep" })
add("parentheses in a pattern", "return select(2, pcall(string.find, 'x', ('('):rep(1000)))", "any")
add("alternating calls of C and Lua",
  "local function f(n) return select(2, pcall(table.concat, setmetatable({}, { __index = function() return "
    .. "f(n + 1) end }), '', 1, 1)) end return f(1)", "any")

return list

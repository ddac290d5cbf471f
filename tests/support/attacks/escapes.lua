-- Ways out: what a script must not reach, and what it must not change for others. Each
-- gives what it got; nothing is the proof that it got nothing.
local list = {}
local function add(name, source, expect)
  list[#list + 1] = { name = name, source = source, expect = expect or { value = "nothing" } }
end

for _, name in ipairs({ "os", "io", "debug", "package", "require", "dofile", "loadfile", "collectgarbage",
  "print", "warn" }) do
  add("the global " .. name, "return " .. name, { error = name .. " is not available" })
  add("the global " .. name .. " by another name", ("return rawget(_G, %q) and 'got it' or 'nothing'"):format(name))
end
add("a global of the program", "return advisor_core", { error = "undefined global" })
add("a global that is no name", "return _G[{}]", { error = "undefined global 'table'" })
add("string.dump", "return string.dump and 'got it' or 'nothing'")
add("coroutine.running", "return coroutine.running and 'got it' or 'nothing'")
add("coroutine.close", "return coroutine.close and 'got it' or 'nothing'")
add("loadstring", "return loadstring", { error = "undefined global" })
add("bytecode", "local f, why = load('\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n') return f and 'got it' or 'nothing'")
add("bytecode in pieces", [[
  local pieces = { "\27L", "ua\x54\0" }
  local f = load(function() return table.remove(pieces, 1) end) return f and "got it" or "nothing"]])
add("bytecode by mode", "local f = load('\\27Lua', 'x', 'b') return f and 'got it' or 'nothing'")
add("bytecode by mode of both", "local f = load('\\27Lua', 'x', 'bt') return f and 'got it' or 'nothing'")
add("the metatable of strings", "return getmetatable('') and 'got it' or 'nothing'")
add("the metatable of strings, to be changed", "getmetatable('').__index = nil", { error = "index a nil value" })
add("the methods of strings", "('x').upper = function() end", { error = "attempt to index" })
add("the metatable of numbers", "return getmetatable(1) and 'got it' or 'nothing'")
add("the metatable of functions", "return getmetatable(pairs) and 'got it' or 'nothing'")
add("the metatable of coroutines", "return getmetatable(coroutine.create(pairs)) and 'got it' or 'nothing'")
add("the metatable of nil", "return getmetatable(nil) and 'got it' or 'nothing'")
add("the metatable of the globals", "return getmetatable(_G) and 'got it' or 'nothing'")
for _, name in ipairs({ "ctx", "state", "advice", "opt", "string", "math", "table", "utf8", "coroutine",
  "ctx.text", "ctx.json", "ctx.measure", "state.pool", "state.summary" }) do
  add("the metatable of " .. name, ("return getmetatable(%s) and 'got it' or 'nothing'"):format(name))
  add("another metatable for " .. name, ("setmetatable(%s, {})"):format(name), { error = "protected metatable" })
  add("a field of " .. name, name .. ".asked = 1", { error = "cannot be changed" })
  add("rawset on " .. name, ("rawset(%s, 'asked', 1)"):format(name), { error = "cannot be changed" })
end
add("a function of the library, taken away", "string.format = nil", { error = "cannot be changed" })
add("insert into a library", "table.insert(math, 1)", { error = "cannot be changed" })
add("insert into the pool", "table.insert(state.pool, { text = 'mine' })", { error = "cannot be changed" })
add("sort of the pool",
  "table.sort(state.pool, function(a, b) return a.text < b.text end)", { error = "cannot be changed" })
add("remove from the pool", "table.remove(state.pool)", { error = "cannot be changed" })
add("move into the pool", "table.move({ 1 }, 1, 1, 1, state.pool)", { error = "cannot be changed" })
add("an item of the pool", "state.pool[1].text = 'mine'", { error = "cannot be changed" })
add("an item of the pool by ipairs",
  "for _, item in ipairs(state.pool) do item.text = 'mine' end", { error = "cannot be changed" })
add("an item of the pool by pairs",
  "for _, item in pairs(state.pool) do item.text = 'mine' end", { error = "cannot be changed" })
add("an item of the pool by next", "local _, item = next(state.pool) return item and 'got it' or 'nothing'")
add("the tables behind a view, by pairs", [[
  local step, hidden = pairs(state.pool) return hidden and "got it" or "nothing"]])
add("the tables behind a library, by pairs", [[
  local step, hidden = pairs(string) return hidden and "got it" or "nothing"]])
add("the tables behind a library, by rawget", "return rawget(string, 'format') and 'got it' or 'nothing'")
add("the tables behind a library, by next", "return next(string) and 'got it' or 'nothing'")
add("the tables behind the globals", "return next(_ENV) == '_G' and next(_ENV, '_G') == nil and 'nothing' or 'got it'")
add("global functions for other chunks",
  "string, pairs = nil, nil return load('return pairs and string.rep')() and 'nothing'")
add("globals of one load in another",
  "load('secret = 1')() return load('return rawget(_G, \"secret\")')() or 'nothing'")
add("upvalues of functions", "return load('return debug')", { refused = "not plain data" })
add("the token of requests to the host, by __eq", [[
  local got
  local co = coroutine.wrap(function()
    coroutine.yield(setmetatable({}, { __eq = function(_, other) got = other return false end }))
  end)
  co()
  return got and "got it" or "nothing"]])
add("the token of requests to the host, by __eq and pcall", [[
  local got
  local spy = setmetatable({}, { __eq = function(a, b) got = rawequal(a, spy) and b or a return true end })
  local co = coroutine.create(function() coroutine.yield(spy) end)
  local ok, value = coroutine.resume(co)
  return got and "got it" or "nothing"]])
add("the token of requests to the host, by a coroutine", [[
  local co = coroutine.create(function() return ctx.ask("g", "x") end)
  local ok, first = coroutine.resume(co)
  return type(first) == "table" and first.text == "re: x" and "nothing" or "got it"]])
add("the token of requests to the host, by wrap", [[
  local first = coroutine.wrap(ctx.ask)("g", "x")
  return type(first) == "table" and first.text == "re: x" and "nothing" or "got it"]])
add("a call of the host with a token of one's own",
  "return coroutine.yield({}, function() return 'served' end)", { error = "yield outside of a coroutine" })
add("a call of the host with __eq that lies",
  "return coroutine.yield(setmetatable({}, { __eq = function() return true end }), function(lane) return lane.run end)",
  { error = "yield outside of a coroutine" })
add("the host's loop with __eq that never ends",
  "return coroutine.yield(setmetatable({}, { __eq = function() while true do end end }))",
  { error = "yield outside of a coroutine" })
add("the lane by an error", [[
  local ok, why = pcall(ctx.map) return type(why) == "table" and "got it" or "nothing"]])
add("the host by a traceback", [[
  local ok, why = xpcall(error, function(e) return e end, { 1 }) return why[1] == 1 and "nothing"]])
add("files by include", "return include", { error = "undefined global" })
add("the environment by env", "return env", { error = "undefined global" })
add("a path by load's name", "local f = load('error()', '@/etc/passwd') local ok, why = pcall(f) "
  .. "return why == nil and 'nothing' or why")
add("another chunk's environment", "local f = load('x = 1 return _ENV', 'n', 't', {}) return f() ~= _ENV and 'nothing'")
add("the kill of a script, caught", "return pcall(function() while true do end end) and 'got it'", "endless")
add("__gc", "setmetatable({}, { __gc = function() end })", { error = "__gc is not available" })
add("__gc after setmetatable", [[
  local meta, ran = {}, false
  do local t = setmetatable({}, meta) meta.__gc = function() ran = true end end
  for i = 1, 20000 do local t = { i } end
  return ran and "got it" or "nothing"]])
add("__gc after setmetatable, by a second table", [[
  local meta = {} setmetatable({}, meta) meta.__gc = function() end setmetatable({}, meta)]],
  { error = "__gc is not available" })
add("__metatable that hides __gc",
  "local meta = setmetatable({}, { __index = { __gc = function() error('x') end } }) "
    .. "setmetatable({}, meta) return 'nothing'")

return list

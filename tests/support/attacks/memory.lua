-- Bombs of memory.
local list = {}
local function add(name, source, expect)
  list[#list + 1] = { name = name, source = source, expect = expect or "memory", apart = true }
end

add("a string that doubles", "local s = 'x' while true do s = s .. s end")
add("strings in a list", "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end")
add("large strings in a list", "local t = {} while true do t[#t + 1] = ('x'):rep(1000000) .. #t end")
add("small strings in a list", "local t = {} for i = 1, math.huge do t[#t + 1] = 'key ' .. i end")
add("a string of the largest size", "local t = {} for i = 1, 100 do t[i] = ('x'):rep(64 * 1024 * 1024) end")
add("rep with a separator", "local t = {} for i = 1, 100 do t[i] = ('x'):rep(2 ^ 24 // 1 | 0, 'yy') .. i end")
add("a table of numbers", "local t = {} for i = 1, math.huge do t[i] = i end")
add("a table of tables", "local t = {} for i = 1, math.huge do t[i] = {} end")
add("a table of keys", "local t = {} for i = 1, math.huge do t['k' .. i] = true end")
add("a table of floats", "local t = {} for i = 1, math.huge do t[i + 0.5] = i end")
add("a table with far keys", "local t = {} for i = 1, math.huge do t[i * 1000003] = i end")
add("tables in tables", "local t = {} while true do t = { t, { t } } end")
add("a linked list", "local t while true do t = { next = t, 'x' } end")
add("closures", "local t = {} for i = 1, math.huge do t[i] = function() return i end end")
add("upvalues of closures", "local f while true do local g = f f = function() return g, {} end end")
add("coroutines", "local t = {} for i = 1, math.huge do t[i] = coroutine.create(function() end) end", "bounded")
add("coroutines that wait", [[local t = {} for i = 1, math.huge do
  t[i] = coroutine.create(function() local a, b, c = {}, {}, {} coroutine.yield(a, b, c) end)
  coroutine.resume(t[i]) end]], "bounded")
add("deep recursion with large frames", [[
  local function f(a, b, c, d, ...) local t = { a, b, c, d } return f(t, a, b, c, ...) , t end
  local ok, why = pcall(f, 1, 2, 3, 4) local keep = {} for i = 1, math.huge do keep[i] = { why } end]])
add("caught by pcall", "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end")
add("a table caught by pcall",
  "local t = {} while true do pcall(function() for i = 1, 1e6 do t[#t + 1] = { i } end end) end")
add("caught by a coroutine", [[while true do coroutine.resume(coroutine.create(function()
  local t = {} while true do t[#t + 1] = ('x'):rep(10000) .. #t end end)) end]])
add("caught by xpcall", "local t = {} while true do xpcall(function() for i = 1, 1e6 do t[#t + 1] = { i } end end, "
  .. "function(e) t[#t + 1] = { e } return e end) end")
add("caught, and then little is needed",
  "pcall(function() local t = {} for i = 1, math.huge do t[i] = {} end end) return { { text = 'went on' } }")
add("concat", "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100000) end return table.concat(t)")
add("gsub that grows", "local s = ('x'):rep(100000) while true do s = s:gsub('x', 'xxxx') end")
add("gsub's function that grows",
  "local s = ('x'):rep(1000) while true do s = s:gsub('x', function(c) return c .. c end) end", "bounded")
add("format that grows", "local s = 'x' while true do s = ('%s%s'):format(s, s) end")
add("%q that grows", "local s = '\\n' while true do s = ('%q%q'):format(s, s) end")
add("pack that grows", "local s = 'x' while true do s = string.pack('s8s8', s, s) end")
add("byte and char", "local t = {} for i = 1, math.huge do t[i] = string.char(('x'):rep(10000):byte(1, -1)) .. i end")
add("utf8.char",
  "local t = {} for i = 1, math.huge do t[i] = utf8.char(table.unpack({ i % 55000, 100000, 200000 })) .. i end",
  "bounded")
add("table.pack",
  "local t = { 1 } for i = 1, math.huge do t[i] = table.pack(table.unpack(t, 1, math.min(i, 1000))) end")
add("table.move", "local t = {} for i = 1, 100 do table.move({ 1 }, 1, 1000000, i * 1000000, t) t[i * 1000000] = {} "
  .. "for k = 1, 100000 do t[#t + 1] = { k } end end")
add("keys of a table of random strings", "local rng = ctx.rng('keys') local t = {} "
  .. "while true do t[tostring(rng:integer(1, 1 << 50))] = true end")
add("random streams", "local i = 0 while true do i = i + 1 ctx.rng('stream ' .. i) end")
add("notes", "while true do ctx.note(('x'):rep(100000) .. ctx.rng('x'):integer(1, 1 << 40)) end")
add("results of ctx.json.decode", "local t = {} for i = 1, math.huge do t[i] = ctx.json.decode('[[],[],{}]') end")
add("results of ctx.json.encode",
  "local t = {} for i = 1, math.huge do t[i] = ctx.json.encode({ i, ('x'):rep(10000) }) end")
add("ctx.map over many", "local t = {} for i = 1, 10000000 do t[i] = i end ctx.map(t, function(x) return { x } end)")
add("views that are kept", "local t = {} for i = 1, math.huge do t[i] = { state.pool, state.summary, advice.gap } end")
add("chunks that were loaded", "local t = {} for i = 1, math.huge do t[i] = load('return ' .. i) end")

return list

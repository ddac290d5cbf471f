-- Loops without end, in all their forms.
local list = {}
local function add(name, source, expect)
  list[#list + 1] = { name = name, source = source, expect = expect or "endless" }
end

add("while", "while true do end")
add("repeat", "repeat until false")
add("goto", "::again:: goto again")
add("a numeric for", "for _ = 1, math.huge do end")
add("a numeric for of integers", "for _ = 1, math.maxinteger do end")
add("a for with tiny steps", "for _ = 1, 2, 1e-15 do end")
add("an iterator", "for _ in function() return 1 end do end")
add("an iterator with a closing value",
  "for _ in function() return 1 end, nil, nil, setmetatable({}, { __close = function() end }) do end")
add("tail calls", "local function f() return f() end return f()")
add("tail calls of two functions", "local f, g function f() return g() end function g() return f() end return f()")
add("pcall in a loop", "while true do pcall(function() while true do end end) end")
add("pcall of pcall", "while true do pcall(pcall, pcall, error) end")
add("pcall of error", "while true do pcall(error, 'again') end")
add("pcall that calls itself", "local function f() pcall(f) end while true do f() end")
add("pcall that calls itself after an error",
  "local function f() if not pcall(f) then return f() end return f() end f()", "bounded")
add("xpcall with an endless handler", "xpcall(error, function() while true do end end)")
add("xpcall with an endless function and handler",
  "xpcall(function() while true do end end, function() while true do end end)")
add("xpcall in a loop", "while true do xpcall(error, function() while true do end end) end")
add("xpcall whose handler fails", "while true do xpcall(error, error) end")
add("xpcall whose handler calls xpcall",
  "local function h() return xpcall(error, h) end while true do xpcall(error, h) end", "bounded")
add("a coroutine", "coroutine.wrap(function() while true do end end)()")
add("many coroutines", "while true do coroutine.wrap(function() end)() end")
add("coroutines that fail", "while true do pcall(coroutine.wrap(function() error() end)) end")
add("a loop caught by resume", "while true do coroutine.resume(coroutine.create(function() while true do end end)) end")
add("coroutines in coroutines",
  "local function f() coroutine.wrap(f)() end while true do pcall(f) end")
add("two coroutines that take turns", [[
  local function turns() while true do coroutine.yield() end end
  local a, b = coroutine.create(turns), coroutine.create(turns)
  while true do coroutine.resume(a) coroutine.resume(b) end]])
add("a coroutine that yields for ever", [[
  for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end]])
add("resuming the dead", "local co = coroutine.create(function() end) while true do coroutine.resume(co) end")
add("resuming oneself", [[
  local co co = coroutine.create(function() while true do coroutine.resume(co) end end) coroutine.resume(co)]])
add("a status that never changes", [[
  local co = coroutine.create(function() end) while coroutine.status(co) == "suspended" do end]])
add("__close in a block", [[
  do local c <close> = setmetatable({}, { __close = function() while true do end end }) end]])
add("__close after an error", [[while true do pcall(function()
    local c <close> = setmetatable({}, { __close = function() while true do end end }) error("x") end) end]])
add("__close after the end", [[
  local forever = setmetatable({}, { __close = function() while true do end end })
  while true do pcall(function() local c <close> = forever while true do end end) end]])
add("__close in a coroutine", [[
  local co = coroutine.wrap(function()
    local c <close> = setmetatable({}, { __close = function() while true do end end }) coroutine.yield() end)
  co() co()]])
for _, event in ipairs({ "index", "newindex", "call", "len", "eq", "lt", "le", "concat", "unm", "bnot", "add",
  "sub", "mul", "div", "mod", "pow", "idiv", "band", "shl", "tostring", "pairs" }) do
  local use = ({
    index = "return t.x", newindex = "t.x = 1", call = "t()", len = "return #t", eq = "return t == u",
    lt = "return t < u", le = "return t <= u", concat = "return t .. u", unm = "return -t",
    bnot = "return ~t", add = "return t + u", sub = "return t - u", mul = "return t * u",
    div = "return t / u", mod = "return t % u", pow = "return t ^ u", idiv = "return t // u",
    band = "return t & u", shl = "return t << u", tostring = "return tostring(t)",
    pairs = "for _ in pairs(t) do end",
  })[event]
  add("in __" .. event, ([[
    local meta = { __%s = function() while true do end end }
    local t, u = setmetatable({}, meta), setmetatable({}, meta)
    %s]]):format(event, use))
end
add("__index that asks itself", "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) "
  .. "while true do pcall(function() return t[1] end) end")
add("__newindex that sets itself", "local t = setmetatable({}, { __newindex = function(t, k, v) t[k + 1] = v end }) "
  .. "while true do pcall(function() t[1] = 1 end) end")
add("__pairs that gives an endless iterator",
  "for _ in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end })) do end")
add("a loop in a format's argument",
  "('%s'):format(setmetatable({}, { __tostring = function() while true do end end }))")
add("a comparator", "table.sort({ 1, 2, 3 }, function() while true do end end)")
add("sorting a list of endless length",
  "table.sort(setmetatable({}, { __len = function() return 1 << 40 end }), function() return true end)")
add("concat of a long list", "while true do table.concat(setmetatable({}, "
  .. "{ __len = function() return 1 << 20 end, __index = function() return '' end })) end")
add("insert into a list of endless length",
  "table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, 1)")
add("remove from a list of endless length",
  "table.remove(setmetatable({}, { __len = function() return 1 << 40 end }), 1)")
add("move with an endless __newindex", "table.move({ 1 }, 1, 1, 1, setmetatable({}, { __newindex = function() "
  .. "while true do end end }))")
add("gsub's function", "('x'):gsub('x', function() while true do end end)")
add("gsub's table", "('x'):gsub('x', setmetatable({}, { __index = function() while true do end end }))")
add("gmatch", "for _ in ('x'):gmatch('x') do while true do end end")
add("load's reader", "load(function() while true do end end)")
add("a chunk that was loaded", "load('while true do end')()")
add("chunks that load chunks",
  "local source = 'load(...)(...)' while true do pcall(load(source), source) end", "bounded")
add("appending to a list while it is read", "local t = { 1 } for i in ipairs(t) do t[i + 1] = 1 end", "bounded")
add("next over a large table", "local t = {} for i = 1, 5000 do t['k' .. i] = i end "
  .. "while true do for _ in next, t do end end")
add("pairs over a large table", "local t = {} for i = 1, 2000 do t['k' .. i] = i end "
  .. "while true do pairs(t) end")

return list

-- What would differ from run to run.
local list = {}
local function add(name, source, expect) list[#list + 1] = { name = name, source = source, expect = expect } end
local NONE = { value = "nothing" }
local function address(name, source)
  add("an address by " .. name,
    ("local shown = %s return tostring(shown):match('0x%%x+') or 'nothing'"):format(source), NONE)
end

address("tostring of a table", "tostring({})")
address("tostring of a function", "tostring(function() end)")
address("tostring of a function in C", "tostring(pairs)")
address("tostring of a coroutine", "tostring(coroutine.create(pairs))")
address("tostring of the globals", "tostring(_G)")
address("tostring of ctx", "tostring(ctx)")
address("tostring of a view", "tostring(state)")
address("tostring of a stream", "tostring(ctx.rng('x'))")
address("tostring of a name", "tostring(setmetatable({}, { __name = 'thing' }))")
address("__tostring that gives a table",
  "select(2, pcall(tostring, setmetatable({}, { __tostring = function() return {} end })))")
address("%s", "('%s'):format({})")
address("%s with a width", "('%-40s|'):format({})")
address("%s of a function", "('%s'):format(ctx.ask)")
address("%q", "select(2, pcall(string.format, '%q', {}))")
address("%d of a table", "select(2, pcall(string.format, '%d', {}))")
address("a message of error", "select(2, pcall(error, 'x'))")
address("concatenation", "select(2, pcall(function() return 'x' .. {} end))")
address("arithmetic", "select(2, pcall(function() return {} + 1 end))")
address("comparison", "select(2, pcall(function() return {} < {} end))")
address("a field of a view", "select(2, pcall(function() state[{}] = 1 end))")
address("a field of a library", "select(2, pcall(function() math[{}] = 1 end))")
address("an undefined global", "select(2, pcall(function() return _G[{}] end))")
address("an unknown option", "select(2, pcall(ctx.embed, { 'x' }, { [{}] = 1 }))")
address("an unknown engine", "select(2, pcall(ctx.dedup, {}))")
address("a text step", "select(2, pcall(ctx.text.apply, 'x', { {} }))")
address("ctx.json.encode", "select(2, pcall(ctx.json.encode, { pairs }))")
address("a hole of ctx.text.fill", "select(2, pcall(ctx.text.fill, '{a}', { a = {} }))")
address("table.concat", "select(2, pcall(table.concat, { {} }))")
address("a wrong argument", "select(2, pcall(string.rep, {}))")
address("a wrong iterator", "select(2, pcall(function() for _ in {} do end end))")
address("an error that is a table", "({ pcall(error, {}) })[2]")
address("a coroutine in ctx.text.fill",
  "select(2, pcall(ctx.text.fill, '{a}', { a = coroutine.create(pairs) }))")
address("utf8", "select(2, pcall(utf8.char, {}))")
add("%p", "('%p'):format({})", { error = "shows addresses" })
add("%p with a width", "('%-20p'):format('x')", { error = "shows addresses" })
add("%p behind %%", "('%%%p'):format({})", { error = "shows addresses" })
add("%p of a string in a table", "return { text = ('%s%10.3p'):format(1, 'x') }", { error = "shows addresses" })
add("tables as keys", "for _ in pairs({ [{}] = 1 }) do end", { error = "no fixed order" })
add("functions as keys", "for _ in pairs({ [pairs] = 1, [next] = 2 }) do end", { error = "no fixed order" })
add("coroutines as keys", "for _ in pairs({ [coroutine.create(pairs)] = 1 }) do end", { error = "no fixed order" })
add("tables as keys of next", "next({ [{}] = 1, [{}] = 2 })", { error = "no fixed order" })
add("the order of strings", [[
  local t, seen = {}, {} for _, k in ipairs({ "z", "a", "m", "b" }) do t[k] = 1 end
  for k in pairs(t) do seen[#seen + 1] = k end return table.concat(seen)]], { value = "abmz" })
add("the order of next", [[
  local t, seen = {}, {} for _, k in ipairs({ "z", "a", "m", "b" }) do t[k] = 1 end
  for k in next, t do seen[#seen + 1] = k end return table.concat(seen)]], { value = "abmz" })
add("the order of what was removed and added", [[
  local function keys(n) local t = {} for i = 1, n do t["k" .. i] = i end for i = 6, n do t["k" .. i] = nil end
    local seen = {} for k in pairs(t) do seen[#seen + 1] = k end return table.concat(seen) end
  return keys(10) == keys(1000) and "nothing" or "got it"]], NONE)
add("numbers that are no neighbours of integers", [[
  local t, seen = { [2 ^ 63] = "c", [math.maxinteger] = "b", [math.maxinteger - 1] = "a", [-2 ^ 64] = "0" }, {}
  for _, v in pairs(t) do seen[#seen + 1] = v end return table.concat(seen)]], { value = "0abc" })
add("floats beside large integers", [[
  local t, seen = { [(1 << 53) + 1] = "d", [0.5] = "b", [1e300] = "e", [-0.5] = "a", [1] = "c" }, {}
  for _, v in pairs(t) do seen[#seen + 1] = v end return table.concat(seen)]], { value = "abcde" })
add("sorting equal elements", [[
  local t = {} for i = 1, 200 do t[i] = { key = i % 3, at = i } end
  table.sort(t, function(a, b) return a.key < b.key end)
  for i = 2, 200 do if t[i].key == t[i - 1].key and t[i].at < t[i - 1].at then return "got it" end end
  return "nothing"]], NONE)
add("math.random", "math.random()", { error = "use ctx.rng" })
add("math.randomseed", "math.randomseed(1)", { error = "use ctx.rng" })
add("math.random by rawget", "return rawget(math, 'random') or 'nothing'", NONE)
add("the clock", "return os.time()", { error = "no clock" })
add("the clock by another name", "return rawget(_G, 'os') or 'nothing'", NONE)
add("what memory is used", "return collectgarbage('count')", { error = "host's business" })
add("weak keys", "setmetatable({}, { __mode = 'k' })", { error = "__mode is not available" })
add("weak values", "setmetatable({}, { __mode = 'v' })", { error = "__mode is not available" })
local COLLECT = " for i = 1, 60000 do local garbage = { i, { i } } end "
add("weak values after setmetatable", [[
  local meta = {} local t = setmetatable({}, meta) meta.__mode = "v" t[1] = {}]] .. COLLECT
  .. "return t[1] and 'nothing' or 'got it'", NONE)
add("weak values by rawset", [[
  local meta = {} local t = setmetatable({}, meta) rawset(meta, "__mode", "v") t[1] = {}]] .. COLLECT
  .. "return t[1] and 'nothing' or 'got it'", NONE)
add("weak values by getmetatable", [[
  local t = setmetatable({}, {}) getmetatable(t).__mode = "v" t[1] = {}]] .. COLLECT
  .. "return t[1] and 'nothing' or 'got it'", NONE)
add("weak values by table.move", [[
  local meta = setmetatable({}, { __newindex = function(t, _, v) rawset(t, "__mode", v) end })
  local t = setmetatable({}, meta) table.move({ "v" }, 1, 1, 1, meta) t[1] = {}]] .. COLLECT
  .. "return t[1] and 'nothing' or 'got it'", NONE)
add("weak values by a second table", [[
  local meta = {} setmetatable({}, meta) meta.__mode = "v" setmetatable({}, meta)]],
  { error = "__mode is not available" })
add("weak values by inheritance", [[
  local t = setmetatable({}, setmetatable({}, { __index = { __mode = "v" } })) t[1] = {}]] .. COLLECT
  .. "return t[1] and 'nothing' or 'got it'", NONE)
add("a metatable's later metamethods", [[
  local meta = {} local t = setmetatable({}, meta) meta.__index = { late = 1 }
  local before = t.late setmetatable({}, meta) return { before == nil, t.late }]], { value = { true, 1 } })
add("a stream of another lane", [[
  local stream = ctx.rng("x") return ctx.map({ 1, 2 }, function() return stream:unit() end)]],
  { error = "another lane" })
add("a stream of another lane by a coroutine", [[
  local stream = ctx.rng("x") local draw = coroutine.wrap(function() return stream:unit() end)
  return ctx.map({ 1, 2 }, function() return draw() end)]], { error = "another lane" })
add("two streams of one name", "return ctx.rng('x'):unit() ~= ctx.rng('x'):unit() and 'nothing' or 'got it'", NONE)
add("the order of replies", [[
  local order = {}
  ctx.map({ 1, 2, 3 }, function(i) ctx.ask("g", i) order[#order + 1] = i return i end)
  return ctx.map({ 3, 1, 2 }, function(i) return i end)]], { value = { 3, 1, 2 } })

return list

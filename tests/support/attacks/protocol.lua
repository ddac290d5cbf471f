-- Misuse of what the host offers: wrong types, wrong places, wrong order.
local list = {}
local function add(name, source, expect) list[#list + 1] = { name = name, source = source, expect = expect } end

local VALUES = { ["nil"] = "nil", ["a number"] = "5", ["NaN"] = "0/0", ["infinity"] = "math.huge",
  ["a boolean"] = "true", ["a table"] = "{}", ["a function"] = "pairs", ["a coroutine"] = "coroutine.create(pairs)",
  ["a table with metamethods"] = "setmetatable({}, { __index = function() while true do end end, "
    .. "__len = function() while true do end end, __pairs = function() while true do end end, "
    .. "__tostring = function() while true do end end })" }
local NAMES = {}
for name in pairs(VALUES) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)
for _, name in ipairs(NAMES) do
  local value = VALUES[name]
  -- Whatever comes of it, it ends, and nothing of the program's own breaks.
  for _, call in ipairs({ "ctx.map(%s, pairs)", "ctx.map({ 1, 2 }, %s)", "ctx.rng(%s)", "ctx.embed(%s)",
    "ctx.dedup(%s)", "ctx.dedup('exact').nearest(%s)", "ctx.text.fill(%s, {})", "ctx.json.decode(%s)" }) do
    local uses = call:format(value)
    add(("%s in %s"):format(name, call:format("…")),
      ("local ok, why = pcall(function() return %s end) return ok and 'done' or type(why)"):format(uses), "any")
  end
end
add("a prompt that holds itself", "local t = {} t[1] = t ctx.ask('g', t)", { error = "nested more than 32 deep" })
add("a prompt that is nested deep",
  "local t = {} for _ = 1, 100 do t = { t } end ctx.ask('g', t)", { error = "nested more than 32 deep" })
add("a prompt with a function", "ctx.ask('g', { messages = pairs })", { error = "is a function, not plain data" })
add("a prompt with NaN", "ctx.ask('g', { 0 / 0 })", { error = "not finite" })
add("a prompt with gaps", "ctx.ask('g', { 1, nil, 3 })", { error = "neither a list" })
add("a prompt with mixed keys", "ctx.ask('g', { 1, a = 1 })", { error = "neither a list" })
add("a prompt with a boolean key", "ctx.ask('g', { [true] = 1 })", { error = "key of type boolean" })
add("a prompt with table keys", "ctx.ask('g', { [{}] = 1 })", { error = "key of type table" })
add("a prompt behind metamethods",
  "return ctx.ask('g', setmetatable({ 'x' }, { __pairs = function() while true do end end })) and 'asked'",
  { value = "asked" })
add("a prompt that doubles", "local t = {} for _ = 1, 30 do t = { t, t } end ctx.ask('g', t)", "bounded")
add("options that hold themselves", "local t = {} t.t = t ctx.ask('g', 'x', t)", { error = "nested more than 32 deep" })
add("asking in a format's argument",
  "('%s'):format(setmetatable({}, { __tostring = function() return ctx.ask('g', 'x').text end }))",
  { error = "cannot wait here" })
add("asking in gsub's table",
  "('x'):gsub('x', setmetatable({}, { __index = function() return ctx.ask('g', 'x').text end }))",
  { error = "cannot wait here" })
add("asking in concat's __index",
  "table.concat(setmetatable({}, { __index = function() return ctx.ask('g', 'x').text end }), '', 1, 2)",
  { error = "cannot wait here" })
add("mapping in a format's argument",
  "('%s'):format(setmetatable({}, { __tostring = function() return ctx.map({}, pairs)[1] end }))",
  { error = "cannot wait here" })
add("asking in a comparator",
  "local t = { 2, 1 } table.sort(t, function(a, b) ctx.ask('g', 'x') return a < b end) return t",
  { value = { 1, 2 } })
add("asking in gsub's function",
  "return (('ab'):gsub('%w', function(c) return ctx.ask('g', c).text end))", { value = "re: are: b" })
add("asking in an iterator",
  "for text in function(_, last) return not last and ctx.ask('g', 'x').text or nil end do return text end",
  { value = "re: x" })
add("asking in __index",
  "return setmetatable({}, { __index = function(_, k) return ctx.ask('g', k).text end }).x", { value = "re: x" })
add("asking in __close",
  "local got do local c <close> = setmetatable({}, { __close = function() got = ctx.ask('g', 'x').text end "
    .. "}) end return got", { value = "re: x" })
add("asking fifty coroutines deep", [[
  local function deep(n) if n == 0 then return ctx.ask("g", "x").text end
    return coroutine.wrap(deep)(n - 1) end
  return deep(50)]], { value = "re: x" })
add("a yield outside of any coroutine", "coroutine.yield()", { error = "yield outside of a coroutine" })
add("a yield from a lane",
  "ctx.map({ 1 }, function() coroutine.yield(1) end)", { error = "yield outside of a coroutine" })
add("a yield through pcall", "pcall(coroutine.yield, 1)", { error = "yield outside of a coroutine" })
add("resuming the coroutine that waits", [[
  local co co = coroutine.create(function() return ctx.ask("g", "x").text end)
  local results = ctx.map({ 1, 2 }, function(i) local ok, got = coroutine.resume(co) return tostring(got) end)
  return type(results[1])]], { value = "string" })
add("resuming oneself",
  "local co co = coroutine.create(function() return coroutine.resume(co) end) return { coroutine.resume(co) }",
  { value = { true, false, "cannot resume non-suspended coroutine" } })
add("resuming what is no coroutine", "coroutine.resume({})", { error = "thread expected" })
add("wrapping what is no function", "coroutine.wrap({})", { error = "function expected" })
add("a status of what is no coroutine", "coroutine.status(1)", { error = "thread expected" })
add("maps in maps in maps", [[
  local function deep(n) if n == 0 then return 1 end
    local got = ctx.map({ 1, 2 }, function() return deep(n - 1) end) return got[1] + got[2] end
  return deep(6)]], { value = 64 })
add("maps without end", "local function deep() return ctx.map({ 1 }, deep)[1] end return deep()", "bounded")
add("a map that fails", "ctx.map({ 1, 2, 3 }, function(i) error('broken ' .. i) end)", { error = "broken 1" })
add("a map whose error is a table",
  "ctx.map({ 1, 2 }, function() error({}) end)", { error = "error value of type table" })
add("a map whose error has __tostring",
  "ctx.map({ 1, 2 }, function() error(setmetatable({}, { __tostring = function() while true do end end })) end)",
  { error = "error value of type table" })
add("a map that changes its list",
  "local t = { 1, 2, 3 } return ctx.map(t, function(i) t[i] = nil return i end)", { value = { 1, 2, 3 } })
add("a map over a view",
  "return #ctx.map(state.pool, function(item) return item.text end) == #state.pool and 'nothing'",
  { value = "nothing" })
add("a map over a list of an endless length",
  "ctx.map(setmetatable({}, { __len = function() return 1 << 40 end }), pairs)", "endless")
add("a map whose lanes never end", "ctx.map({ 1, 2 }, function() while true do end end)", "endless")
add("drafts without end", "ctx.each_draft(1 << 40, function() return { text = 'x' } end)", "endless")
add("drafts of a negative number", "ctx.each_draft(-1, pairs)", { error = "number of drafts is expected" })
add("drafts of a fraction", "ctx.each_draft(1.5, pairs)", { error = "number of drafts is expected" })
add("a remark that is no text", "ctx.note({})", { error = "text is expected" })
add("a level that is none", "ctx.log('loud', 'x')", { error = "invalid option" })
add("a level that is a table", "ctx.log({}, 'x')", { error = "string expected" })
add("logs without end", "while true do ctx.log('debug', 'x') end", "endless")
add("an engine that is none", "ctx.dedup('magic')", { error = "no engine is called 'magic'" })
add("an engine with unknown options", "ctx.dedup('minhash', { depth = 1 })", { error = "no option 'depth'" })
add("an engine with options that hold themselves",
  "local t = {} t.t = t ctx.dedup('exact', t)", { error = "nested more than 32 deep" })
add("an engine against nothing", "ctx.dedup('exact', { against = 'nobody' })", { error = "ctx.dedup" })
add("nearest to a table", "ctx.dedup('exact').nearest({})", { error = "string expected" })
add("adding a table", "ctx.dedup('exact').add({}, 1)", { error = "string expected" })
add("judging what is no list", "ctx.dedup('exact').judge(5)", { error = "attempt to" })
add("judging drafts without end", "ctx.dedup('exact').judge(setmetatable({}, { __len = function() return 1 << 40 end, "
  .. "__index = function() return { text = 'x', index = 1 } end }))", "endless")
add("vectors that are made up", "ctx.measure.cosine({ 1 }, { 1 })", { error = "vector of ctx.embed is expected" })
add("a centroid of nothing", "ctx.measure.centroid({})", { error = "list of vectors is expected" })
add("an entropy of NaN", "ctx.measure.entropy({ 0 / 0 })", { error = "not finite" })
add("a distinct of numbers", "ctx.measure.distinct({ 1 })", { error = "strings are expected" })
add("an interval of NaN", "return type(ctx.measure.wilson(0 / 0, 0 / 0))", "any")
add("a draw between NaN", "ctx.rng('x'):integer(0 / 0, 1)", { error = "integer representation" })
add("a draw from nothing", "ctx.rng('x'):choice({})", { error = "list is empty" })
add("a draw from an upper end below", "ctx.rng('x'):integer(2, 1)", { error = "below the lower one" })
add("a gamma of 0", "ctx.rng('x'):gamma(0)", { error = "above 0" })
add("a gamma of NaN", "ctx.rng('x'):gamma(0 / 0)", { error = "above 0" })
add("a gamma of infinity", "ctx.rng('x'):gamma(math.huge)", { error = "above 0" })
add("a beta of the smallest numbers",
  "local x = ctx.rng('x'):beta(5e-324, 5e-324) return x == x and x >= 0 and x <= 1", "any")
add("a gamma of a large number", "return ctx.rng('x'):gamma(1e308) > 0", { value = true })
add("a stream with another one's self", "return ctx.rng('x').unit({}) >= 0", { value = true })
add("JSON that is not closed", "local ok = pcall(ctx.json.decode, '[[[') return 'nothing'", { value = "nothing" })
add("JSON that is nested deep", "return type(ctx.json.decode((('['):rep(5000)) .. ((']'):rep(5000))))", "any")
add("JSON with a huge number", "return type(ctx.json.decode('[1e999]'))", "any")
add("encoding what holds itself", "local t = {} t.t = t ctx.json.encode(t)", { error = "nested more than 32 deep" })
add("a text step that is none", "ctx.text.apply('x', { 'magic' })", { error = "no step is called 'magic'" })
add("text steps without end",
  "ctx.text.apply('x', setmetatable({}, { __index = function() return 'strip' end }))", "endless")
add("a classifier of nothing", "ctx.text.classifier({})", "any")
add("a classifier of what holds itself",
  "local t = {} t[1] = t ctx.text.classifier(t)", { error = "nested more than 32 deep" })

return list

-- What a script hands back: the wrong kind, too much, or traps for who reads it.
local list = {}
local function add(name, source, expect, apart)
  list[#list + 1] = { name = name, source = source, expect = expect, apart = apart, deep = true }
end

add("a function", "return pairs", { refused = "is a function" })
add("a coroutine", "return coroutine.create(pairs)", { refused = "is a thread" })
add("a function in a draft", "return { { text = 'x', f = pairs } }", { refused = "is a function" })
add("NaN", "return { { text = 'x', score = 0 / 0 } }", { refused = "not finite" })
add("infinity", "return { { text = 'x', score = -math.huge } }", { refused = "not finite" })
add("a table that holds itself", "local t = {} t.t = t return t", { refused = "nested more than 32 deep" })
add("two tables that hold each other",
  "local a, b = {}, {} a.b, b.a = b, a return { a, b }", { refused = "nested more than 32 deep" })
add("a deep table", "local t = {} for _ = 1, 1000 do t = { t } end return t", { refused = "nested more than 32 deep" })
add("a table that doubles", "local t = {} for _ = 1, 30 do t = { t, t } end return t", { refused = "too many values" })
add("a table that doubles with names",
  "local t = {} for _ = 1, 30 do t = { a = t, b = t } end return t", { refused = "too many values" })
add("gaps", "return { 1, nil, 3 }", { refused = "neither a list" })
add("mixed keys", "return { 1, a = 1 }", { refused = "neither a list" })
add("table keys", "return { [{}] = 1 }", { refused = "key of type table" })
add("boolean keys", "return { [true] = 1 }", { refused = "key of type boolean" })
add("fractions as keys", "return { [1.5] = 1 }", { refused = "key of type number" })
add("negative keys", "return { [-1] = 1 }", { refused = "neither a list" })
add("a far key", "return { [1 << 40] = 1 }", { refused = "neither a list" })
add("an endless __index",
  "return { setmetatable({ 'x' }, { __index = function() while true do end end }) }", { value = { { "x" } } })
add("an endless __pairs",
  "return { setmetatable({ 'x' }, { __pairs = function() while true do end end }) }", { value = { { "x" } } })
add("an endless __len",
  "return { setmetatable({ 'x' }, { __len = function() return 1 << 40 end }) }", { value = { { "x" } } })
add("an endless __tostring",
  "return { setmetatable({ 'x' }, { __tostring = function() while true do end end }) }", { value = { { "x" } } })
add("an endless __eq",
  "return { setmetatable({ 'x' }, { __eq = function() while true do end end }) }", { value = { { "x" } } })
add("a view of the state",
  "return state.pool[1].text == nil and {} or { text = state.pool[1].text }",
  { value = { text = "When does my parcel arrive?" } })
add("ctx itself", "return ctx", "any")
add("a stream", "return ctx.rng('x')", "any")
add("the globals", "return _G", { refused = "nested more than 32 deep" })
add("text that is no UTF-8", "return { { text = '\\255\\0' } }", { value = { { text = "\u{FFFD}\0" } } })
add("text with half a character", "return ('é'):sub(1, 1)", { value = "\u{FFFD}" })
add("a float that is whole", "return { 3.0 }", { value = { 3 } })
add("the smallest integer", "return { math.mininteger }", { value = { math.mininteger } })
add("the largest float", "return { 1.7976931348623157e308 }", "any")
add("negative zero", "return { -0.0 }", { value = { 0 } })
add("many drafts", "local t = {} for i = 1, 20000 do t[i] = i end return #t", { value = 20000 })
add("more text than a result may hold",
  "return { { text = ('x'):rep(30000000) }, { text = ('y'):rep(30000000) .. 'y' }, { text = ('y'):rep(30000000) } }",
  { refused = "64 MiB of text" })
add("the same long text many times",
  "local s = ('x'):rep(10000000) local t = {} for i = 1, 20 do t[i] = s end return t", { refused = "64 MiB of text" })
add("long keys",
  "local s = ('k'):rep(10000000) local t = {} for i = 1, 20 do t[s .. i] = 1 end return t",
  "bounded", true)
add("nothing and a table as why",
  "return nil, setmetatable({}, { __tostring = function() while true do end end })", "nothing")

return list

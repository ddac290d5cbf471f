-- Error values of all sorts, and errors in odd places.
local list = {}
local function add(name, source, expect) list[#list + 1] = { name = name, source = source, expect = expect } end

add("nothing", "error()", { error = "error value of type nil" })
add("nil", "error(nil)", { error = "error value of type nil" })
add("a table", "error({})", { error = "error value of type table" })
add("a boolean", "error(false)", { error = "error value of type boolean" })
add("a number", "error(5)", { error = "error value of type number" })
add("NaN", "error(0 / 0)", { error = "error value of type number" })
add("a function", "error(error)", { error = "error value of type function" })
add("a coroutine", "error(coroutine.create(pairs))", { error = "error value of type thread" })
add("a table like those of the host",
  "error({ stop = true, message = 'x', code = 'EIO', failed = true })", { error = "error value of type table" })
add("ctx", "error(ctx)", { error = "error value of type table" })
add("a view", "error(state)", { error = "error value of type table" })
add("a table with an endless __tostring",
  "error(setmetatable({}, { __tostring = function() while true do end end }))",
  { error = "error value of type table" })
add("a table whose __tostring fails",
  "error(setmetatable({}, { __tostring = function() error('again') end }))", { error = "error value of type table" })
add("a table whose __index never ends",
  "error(setmetatable({}, { __index = function() while true do end end }))", { error = "error value of type table" })
add("a table with a __name", "error(setmetatable({}, { __name = 'host' }))", { error = "error value of type table" })
add("a text with escapes of a terminal", "error('\\27[2J\\27]0;mine\\7')", { error = "attack.lua" })
add("a text that is no UTF-8", "error('\\255\\254')", { error = "attack.lua" })
add("a text with zeros", "error('a\\0b')", { error = "attack.lua" })
add("a long text", "error(('x'):rep(1000000))", { error = "xxx" })
add("many lines", "error(('line\\n'):rep(1000))", { error = "line" })
add("a level beyond the stack", "error('x', 1000)", { error = "^x" })
add("a negative level", "error('x', -1)", { error = "x" })
add("a level that is no integer", "error('x', 0.5)", { error = "integer representation" })
add("assert of nothing", "assert()", { error = "value expected" })
add("assert with a table", "assert(false, {})", { error = "error value of type table" })
add("assert with a text", "assert(nil, 'no lamp')", { error = "no lamp$" })
add("an error in a coroutine", "coroutine.wrap(function() error({}) end)()", { error = "error value of type table" })
add("an error in a coroutine's __close",
  "coroutine.wrap(function() local c <close> = setmetatable({}, { __close = error }) end)()",
  { error = "error value" })
add("an error in an error's handler", "local ok = xpcall(error, error, 'x') error(tostring(ok))", { error = "false" })
add("an error in __index of what is returned",
  "return setmetatable({ 'x' }, { __index = error, __len = error, __pairs = error })", { value = { "x" } })
add("an error in a load's reader",
  "local f, why = load(function() error('no page') end) error(why)", { error = "no page" })
add("a syntax error in a load", "local f, why = load('local = 1') error(why)", { error = "expected" })
add("a value that is called", "local t = {} t()", { error = "attempt to call" })
add("a for over NaN", "for _ = 0 / 0, 1 do end return 'nothing'", { value = "nothing" })
add("a for with a step of 0", "for _ = 1, 2, 0 do end", { error = "step is zero" })
add("a division by zero", "return 1 // 0", { error = "zero" })
add("an index that is NaN", "local t = {} t[0 / 0] = 1", { error = "NaN" })
add("an index that is nil", "local t = {} t[nil] = 1", { error = "nil" })

return list

-- Files that are not what a script should be, at their top level.
local list = {}
local function add(name, source, expect)
  list[#list + 1] = { name = name, source = source, expect = expect, whole = true }
end
local GOOD = "api = 1, kind = 'generate', description = 'x', run = function() return 'nothing' end"

add("an endless loop", "while true do end", { problem = "attack.lua:1: exceeded the limit of 1000000 instructions" })
add("an endless loop behind a table",
  "local t = { " .. GOOD .. " } while true do t.x = t end return t", { problem = "exceeded the limit" })
add("an endless loop in pcall",
  "while true do pcall(function() while true do end end) end", { problem = "exceeded the limit" })
add("a memory bomb", "local s = 'x' while true do s = s .. s end", { problem = "used up its 64 MiB of memory" })
add("a memory bomb in pcall", "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
  { problem = "used up its 64 MiB of memory" })
add("after a memory bomb all is well", "return { " .. GOOD .. " }", { value = "nothing" })
add("nothing", "", { problem = "must return a table, got nil" })
add("a number", "return 5", { problem = "must return a table" })
add("a function", "return function() end", { problem = "must return a table" })
add("a table with a metatable",
  "return setmetatable({ " .. GOOD .. " }, { __index = function() while true do end end })",
  { problem = "without a metatable" })
add("a yield", "coroutine.yield(1)", { problem = "yield outside of a coroutine" })
add("a yield of a value with an endless __eq",
  "coroutine.yield(setmetatable({}, { __eq = function() while true do end end }))",
  { problem = "yield outside of a coroutine" })
add("ctx",
  "return { api = 1, kind = 'generate', description = ctx.ask, run = pairs }", { problem = "undefined global 'ctx'" })
for _, field in ipairs({ "api", "kind", "description" }) do
  for _, trap in ipairs({ "__tostring", "__eq", "__lt", "__index", "__len", "__concat", "__name" }) do
    local source = GOOD:gsub(field .. " = [%d%w']+", field .. " = setmetatable({}, { " .. trap
      .. (trap == "__name" and " = 'x' })" or " = function() while true do end end })"))
    add(("%s with an endless %s"):format(field, trap), "return { " .. source .. " }", { problem = field })
  end
end
add("a key with an endless __tostring",
  "return { " .. GOOD .. ", [setmetatable({}, { __tostring = function() while true do end end })] = 1 }",
  { problem = "is not a field of this kind" })
add("keys that cannot be compared", "return { " .. GOOD .. ", [{}] = 1, [pairs] = 2, [true] = 3, [1.5] = 4 }",
  { problem = "is not a field of this kind" })
add("options with an endless __pairs",
  "return { " .. GOOD .. ", options = setmetatable({}, { __pairs = function() while true do end end }) }",
  { value = "nothing" })
add("options that hold themselves",
  "local t = {} t.t = t return { " .. GOOD .. ", options = t }", { problem = "nested more than 32 deep" })
add("an option with an endless __index",
  "return { " .. GOOD .. ", options = { depth = setmetatable({ type = 'integer', default = 1 }, { __index = function() "
  .. "while true do end end }) } }", { problem = "options" })
add("options without end", "local t = {} for i = 1, 1e6 do t['o' .. i] = {} end return { " .. GOOD .. ", options = t }",
  { problem = "exceeded the limit" })
add("a run that is called already",
  "return { api = 1, kind = 'generate', description = 'x', run = (function() while true do end end)() }",
  { problem = "exceeded the limit" })
add("bytecode", "\27Lua\x54\0\x19\x93\r\n\x1a\n", { problem = "attempt to load a binary chunk" })
add("a file that is too long", ("-- x\n"):rep(300000), { problem = "at most 1 MiB" })
add("parentheses without end", "return " .. ("("):rep(10000), { problem = "overflow" })
add("a long name", "return " .. ("x"):rep(100000), { problem = "undefined global" })
add("a shebang", "#!/bin/sh\nreturn { " .. GOOD .. " }", { problem = "attack.lua:1:" })

return list

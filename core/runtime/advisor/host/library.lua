--- The world that a script sees: plain Lua without clock, files, global random
--- or anything whose result differs from run to run. One frozen copy serves
--- all scripts; each chunk gets a fresh table of globals in front of it.
local core = require("advisor_core").sandbox

--- A library whose functions' work counts, since no instruction runs meanwhile.
local function guarded(functions)
  local members = {}
  for name, fn in next, functions do
    members[name] = type(fn) == "function" and core.guarded(fn) or fn
  end
  return members
end

local real = {
  coroutine = coroutine, error = error, load = load,
  pcall = core.pcall, string = guarded(string), table = guarded(table), tostring = tostring,
}
local pack, unpack = table.pack, table.unpack

local library = {}

--- What a script yields in front of a request that only the host can serve.
library.HOST = setmetatable({}, { __name = "host request" })
local HOST = library.HOST

local MAX_LENGTH = 64 * 1024 * 1024

--- Without addresses, which differ from run to run.
local function tostring_plain(value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "function" and kind ~= "userdata" and kind ~= "thread" then
    return real.tostring(value)
  end
  local meta = debug.getmetatable(value)
  local convert = type(meta) == "table" and rawget(meta, "__tostring")
  -- Outside of a script nothing stops a loop in the function of a script.
  if not convert or not core.current() then return kind end
  local converted = convert(value)
  if type(converted) ~= "string" then error("'__tostring' must return a string", 2) end
  return converted
end

--- What C's %p prints is an address, so it shows a string's only.
local format = core.formatter(tostring_plain)

local function rep(value, count, separator)
  if type(value) == "number" then value = real.tostring(value) end
  if type(value) ~= "string" or math.type(count) == nil or type(separator or "") ~= "string" then
    return real.string.rep(value, count, separator)
  end
  local length = #value + #(separator or "")
  if count < 1 or length == 0 then return "" end
  if length * count > MAX_LENGTH then error("string.rep: the result is too long", 2) end
  return real.string.rep(value, count, separator)
end

--- What a replacement function gave, as string.gsub takes it.
local function replacement(result, whole)
  local kind = type(result)
  if not result then return whole end
  if kind == "string" then return result end
  if kind == "number" then return real.tostring(result) end
  return error(("invalid replacement value (a %s)"):format(kind), 4)
end

--- gsub whose replacement function may wait (ctx.ask), which C's cannot.
local function gsub_function(value, pattern, replace, limit)
  local out, at, count, ended = {}, 1, 0, nil
  local anchored = pattern:sub(1, 1) == "^"
  while (not limit or count < limit) and at <= #value + 1 do
    local found = pack(value:find(pattern, at))
    if not found[1] then break end
    local first, last = found[1], found[2]
    out[#out + 1] = value:sub(at, first - 1)
    if last < first and first == ended then -- right after the last match: none
      out[#out + 1] = value:sub(first, first)
      at = first + 1
    else
      local whole = value:sub(first, last)
      if found.n == 2 then found[3], found.n = whole, 3 end
      out[#out + 1] = replacement(replace(unpack(found, 3, found.n)), whole)
      count = count + 1
      at = last + 1
      ended = at
    end
    if anchored then break end
  end
  out[#out + 1] = value:sub(at)
  return table.concat(out), count
end

local function gsub(value, pattern, replace, limit)
  if type(replace) == "function" and type(value) == "string" and type(pattern) == "string" then
    return gsub_function(value, pattern, replace, limit)
  end
  return real.string.gsub(value, pattern, replace, limit)
end

local function less(a, b)
  return a < b
end

local function merge(list, buffer, low, middle, high, before)
  local i, j = low, middle + 1
  for k = low, high do
    if i <= middle and (j > high or not before(list[j], list[i])) then
      buffer[k], i = list[i], i + 1
    else
      buffer[k], j = list[j], j + 1
    end
  end
  for k = low, high do list[k] = buffer[k] end
end

--- A stable merge sort: equal elements keep their order on every machine, and
--- the comparator may wait.
local function sort(list, before)
  before = before or less
  local n, buffer, width = #list, {}, 1
  while width < n do
    for low = 1, n - width, 2 * width do
      merge(list, buffer, low, low + width - 1, math.min(low + 2 * width - 1, n), before)
    end
    width = 2 * width
  end
end

--- Most elements that a function in C goes through at once.
local MAX_RANGE = 10000000

--- What is no integer, C itself refuses.
local function bounded(name, from, to)
  from, to = math.tointeger(from), math.tointeger(to)
  if from and to and from <= to and (to - from > MAX_RANGE or to - from < 0) then
    error(("table.%s: the range is too long"):format(name), 3)
  end
end

--- A list's length, with its metamethod called where a loop in it can be stopped.
local function length_of(list)
  return type(list) == "table" and #list or 0
end

local function concat(list, separator, first, last)
  first, last = first or 1, last or length_of(list)
  bounded("concat", first, last)
  return real.table.concat(list, separator, first, last)
end

local function unpack_bounded(list, first, last)
  first, last = first or 1, last or length_of(list)
  bounded("unpack", first, last)
  return real.table.unpack(list, first, last)
end

local function move(from, first, last, at, to)
  bounded("move", first, last)
  return real.table.move(from, first, last, at, to)
end

--- C asks a list for its length only once it has begun to move elements, so a
--- length that a script makes up is taken here, where a loop can be stopped.
local function plain_list(list)
  return type(list) ~= "table" or debug.getmetatable(list) == nil
end

local function insert(list, ...)
  if plain_list(list) then
    if type(list) == "table" then bounded("insert", 0, #list) end
    return real.table.insert(list, ...)
  end
  local n, at, value = #list, ...
  if select("#", ...) == 1 then
    list[n + 1] = at
    return
  end
  for i = n, at, -1 do list[i + 1] = list[i] end
  list[at] = value
end

local function remove(list, ...)
  if plain_list(list) then
    if type(list) == "table" then bounded("remove", 0, #list) end
    return real.table.remove(list, ...)
  end
  local n = #list
  local at = ... or n
  local value = list[at]
  for i = at, n - 1 do list[i] = list[i + 1] end
  if at <= n then list[n] = nil end
  return value
end

--- Passes a request for the host up through a script's own coroutine.
local function pass_up(thread, ...)
  local got = pack(...)
  while got[1] and rawequal(got[2], HOST) do
    got = pack(real.coroutine.resume(thread, real.coroutine.yield(unpack(got, 2, got.n))))
  end
  return unpack(got, 1, got.n)
end

local function resume(thread, ...)
  return pass_up(thread, real.coroutine.resume(thread, ...))
end

local function create(fn)
  core.charge(1)
  return real.coroutine.create(fn)
end

local function finish_wrap(ok, ...)
  if ok then return ... end
  error((...), 0)
end

local function wrap(fn)
  local thread = create(fn)
  return function(...)
    return finish_wrap(resume(thread, ...))
  end
end

--- What is protected against assignment is so against rawset too: all scripts
--- share the libraries and the views. A chunk's own globals are its own.
local environment_meta = { __metatable = false }

local function rawset_guarded(target, key, value)
  local meta = type(target) == "table" and debug.getmetatable(target)
  if meta and meta ~= environment_meta and rawget(meta, "__metatable") == false then
    error("rawset: this table cannot be changed", 2)
  end
  return rawset(target, key, value)
end

--- The metamethods count as they are now: the table gets a copy of the metatable, to
--- which nothing that depends on the garbage collector can be added later.
local function setmetatable_guarded(value, meta)
  if type(meta) == "table" then
    for _, key in ipairs({ "__gc", "__mode" }) do
      if rawget(meta, key) ~= nil then
        local message = "setmetatable: %s is not available: it would depend on the garbage "
          .. "collector"
        error(message:format(key), 2)
      end
    end
  end
  return core.setmetatable(value, meta)
end

--- The handler runs after unwinding: inside the error it could not be stopped.
local function xpcall_after(fn, handler, ...)
  local got = pack(real.pcall(fn, ...))
  if got[1] then return unpack(got, 1, got.n) end
  return false, select(2, real.pcall(handler, got[2]))
end

local MAX_CHUNK = 1024 * 1024

local function load_text(chunk, name, _, env)
  if type(chunk) == "function" then
    local parts, length = {}, 0
    for piece in chunk do
      if type(piece) ~= "string" then return nil, "reader function must return a string" end
      if piece == "" or length > MAX_CHUNK then break end
      parts[#parts + 1], length = piece, length + #piece
    end
    chunk = table.concat(parts)
  end
  -- Compiling is one long function in C.
  if type(chunk) == "string" and #chunk > MAX_CHUNK then return nil, "a chunk is at most 1 MiB" end
  if env == nil then env = library.environment() end
  return real.load(chunk, "=" .. (type(name) == "string" and name or "(load)"), "t", env)
end

local HINTS = {
  print = "use ctx.log", require = "a script is one file",
    os = "a script has no clock and no system",
  io = "a script has no files", debug = "it is not for scripts", package = "a script is one file",
  dofile = "a script is one file", loadfile = "a script is one file",
  collectgarbage = "memory is the host's business", warn = "use ctx.log",
}

--- A table that scripts can read but not change.
local function frozen(members, name)
  return setmetatable({}, {
    __index = members,
    __newindex = function(_, key)
      error(("%s.%s cannot be changed"):format(name, tostring_plain(key)), 2)
    end,
    __pairs = function() return core.pairs(members) end,
    __metatable = false,
  })
end

library.frozen, library.tostring = frozen, tostring_plain

local function copy(source, names)
  local members = {}
  for name in names:gmatch("%S+") do members[name] = source[name] end
  return members
end

local function math_members()
  local members = copy(math,
    "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger "
    .. "min mininteger modf pi rad sin sqrt tan tointeger type ult")
  local function no_random() error("math.random is not available: use ctx.rng(purpose)", 2) end
  members.random, members.randomseed = no_random, no_random
  return members
end

local function string_members()
  local members = copy(real.string, "find gmatch lower match pack packsize reverse sub unpack upper")
  members.byte, members.char, members.len = string.byte, string.char, string.len
  members.format, members.rep, members.gsub = format, rep, gsub
  return members
end

local function table_members()
  local members = { pack = table.pack, concat = concat, unpack = unpack_bounded }
  members.sort, members.move, members.insert, members.remove = sort, move, insert, remove
  return members
end

local function coroutine_members()
  local members = copy(coroutine, "isyieldable status yield")
  members.create, members.resume, members.wrap = create, resume, wrap
  return members
end

local base = copy(_G,
  "_VERSION assert error ipairs rawequal rawget rawlen select tonumber type")
base.pairs, base.next, base.pcall = core.pairs, core.next, core.pcall
base.tostring = tostring_plain
base.getmetatable, base.setmetatable = core.getmetatable, setmetatable_guarded
base.xpcall, base.load, base.rawset = xpcall_after, load_text, rawset_guarded
base.math = frozen(math_members(), "math")
base.string = frozen(string_members(), "string")
base.table = frozen(table_members(), "table")
base.coroutine = frozen(coroutine_members(), "coroutine")
base.utf8 = frozen(copy(guarded(utf8), "char charpattern codepoint codes len offset"), "utf8")

setmetatable(base, {
  __index = function(_, name)
    local hint = HINTS[name]
    if hint then error(("%s is not available: %s"):format(name, hint), 2) end
    error(("undefined global '%s'"):format(tostring_plain(name)), 2)
  end,
})

environment_meta.__index = base

--- A fresh table of globals for one chunk.
---@param extra table<string, any>|nil Names that this chunk sees besides.
---@return table
function library.environment(extra)
  local env = {}
  for name, value in next, extra or {} do env[name] = value end
  env._G = env
  return setmetatable(env, environment_meta)
end

-- Methods on strings go through the same functions as `string.…`, and no
-- script can change them for others.
local string_meta = debug.getmetatable("")
string_meta.__index = string_members()
string_meta.__metatable = false

return library

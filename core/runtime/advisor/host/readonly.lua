--- Views that scripts may read but not change: what was committed stays as it
--- is, and no script speaks to another through a shared table.
local core = require("advisor_core").sandbox
local tostring = require("advisor.host.library").tostring

local readonly = {}

local function refuse(_, key)
  local message = "the field '%s' belongs to a committed state: it cannot be changed"
  error(message:format(tostring(key)), 2)
end

--- Marks the metatables made here: only their metamethods are the host's own.
local VIEW = {}

local view

local function wrap(value)
  if type(value) == "table" then return view(value) end
  return value
end

--- A read-only view of a plain table, and of the tables inside.
---@param source table
---@return table
function view(source)
  return setmetatable({}, {
    is_view = VIEW,
    __index = function(_, key) return wrap(source[key]) end,
    __newindex = refuse,
    __len = function() return #source end,
    __pairs = function()
      local step, state, first = core.pairs(source)
      return function(_, key)
        local value
        key, value = step(state, key)
        return key, wrap(value)
      end, nil, first
    end,
    __metatable = false,
  })
end
readonly.view = view

--- A read-only view of the first `n` elements of a list that goes on growing.
---@param source any[]
---@param n integer
---@return table
function readonly.prefix(source, n)
  local function at(_, key)
    if math.type(key) == "integer" and key >= 1 and key <= n then return wrap(source[key]) end
    return nil
  end
  return setmetatable({}, {
    is_view = VIEW,
    __index = at,
    __newindex = refuse,
    __len = function() return n end,
    __pairs = function()
      return function(_, key)
        key = (key or 0) + 1
        if key <= n then return key, wrap(source[key]) end
      end, nil, nil
    end,
    __metatable = false,
  })
end

local core_text = require("advisor_core").text
local fast_plain = require("advisor_core").json.plain

--- Ends the copy: the path is put together only now.
local function refuse_plain(seen, depth, what)
  local parts = { seen.what }
  for i = 1, depth - 1 do parts[i + 1] = tostring(seen.trail[i]) end
  error({ plain = table.concat(parts, ".") .. what }, 0)
end

--- Refuses what is neither a list, with keys 1 … n, nor a table with names.
local function check_shape(value, seen, depth)
  local count, named = 0, false
  for key in next, value do
    if math.type(key) == "integer" then count = count + 1
    elseif type(key) == "string" then named = true
    else refuse_plain(seen, depth, " has a key of type " .. type(key)) end
  end
  if count > 0 and (named or count ~= #value) then
    refuse_plain(seen, depth, " is neither a list without gaps nor a table with names only")
  end
end

local function plain_number(value, seen, depth)
  if value ~= value or value == math.huge or value == -math.huge then
    refuse_plain(seen, depth, " is a number that is not finite")
  end
  return math.tointeger(value) or value
end

--- A table as it is, whatever metamethods a script gave it.
local function bare(value)
  local copy = {}
  for key, element in next, value do copy[key] = element end
  return copy
end

--- More than any batch has, in values and in bytes of text; tables that hold one
--- another many times over would grow without end. As in bindings/json_plain.c.
local MOST_VALUES, MOST_TEXT = 2000000, 64 * 1024 * 1024

local function count_text(value, seen)
  seen.text = seen.text + #value
  if seen.text > MOST_TEXT then refuse_plain(seen, 1, " holds more than 64 MiB of text") end
end

local function plain_text(value, seen)
  count_text(value, seen)
  return core_text.valid(value) and value or (core_text.repair(value))
end

--- The table to be copied, its shape checked: a view, or what is left of a table
--- without its metamethods.
local function to_copy(value, depth, mixed, seen)
  local meta = debug.getmetatable(value)
  if meta and rawget(meta, "is_view") == VIEW then return value end
  if meta then value = bare(value) end
  if not mixed then check_shape(value, seen, depth) end
  return value
end

local function plain_copy(value, depth, mixed, seen)
  local kind = type(value)
  if kind == "boolean" or kind == "nil" then return value end
  if kind == "string" then return plain_text(value, seen) end
  if kind == "number" then return plain_number(value, seen, depth) end
  if kind ~= "table" then refuse_plain(seen, depth, (" is a %s, not plain data"):format(kind)) end
  if depth > 32 then refuse_plain(seen, depth, " is nested more than 32 deep") end
  local result = {}
  for key, element in core.pairs(to_copy(value, depth, mixed, seen)) do
    seen.count = seen.count + 1
    if seen.count > MOST_VALUES then refuse_plain(seen, 1, " holds too many values") end
    if type(key) == "string" then count_text(key, seen) end
    seen.trail[depth] = key
    result[key] = plain_copy(element, depth + 1, mixed, seen)
  end
  return result
end

--- A copy of what a script returned: plain data as JSON can hold it, so that a
--- resumed run, which reads it back, sees the same. No functions, cycles,
--- metatables or mixed tables; whole numbers are integers; text is UTF-8.
---@param value any
---@param what string Named in messages.
---@param mixed boolean|nil Let tables be a list and have names too, as { "script", option = 1 }.
---@return any|nil copy nil, message if it is not plain.
---@return string|nil message
function readonly.plain(value, what, mixed)
  local fine, copy = fast_plain(value, mixed)
  if fine then return copy end
  if copy then return nil, what .. " " .. copy end -- too much, in words
  -- Slowly, for views, for text that needs repair, and to say where the trouble is.
  local ok, result = pcall(plain_copy, value, 1, mixed, { what = what, trail = {}, count = 0, text = 0 })
  if ok then return result end
  return nil, type(result) == "table" and result.plain or tostring(result)
end

return readonly

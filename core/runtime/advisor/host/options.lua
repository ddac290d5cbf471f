--- Options as declared data: one table validates what is given, fills in the
--- defaults, and is what `advisor show` prints.
local options = {}

--- Keys and values may be a script's, so nothing of theirs is called.
local tostring = require("advisor.host.library").tostring

local TYPES = {
  string = true, number = true, integer = true, boolean = true, list = true, table = true,
}

local function is_a(value, kind)
  if kind == "integer" then return math.type(value) == "integer" end
  if kind == "table" then return type(value) == "table" end
  if kind == "list" then
    if type(value) ~= "table" then return false end
    local n = #value
    for key in pairs(value) do
      if math.type(key) ~= "integer" or key < 1 or key > n then return false end
    end
    return true
  end
  return type(value) == kind
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end
options.sorted_keys = sorted_keys

--- A whole number written as a float is what JSON and `--set` may give.
local function as_declared(value, kind)
  if kind == "integer" and type(value) == "number" then return math.tointeger(value) or value end
  return value
end

local function one_of(value, allowed)
  for _, candidate in ipairs(allowed) do
    if candidate == value then return true end
  end
  return false
end

local function beyond(declared, value)
  if type(value) ~= "number" then return nil end
  if declared.min and value < declared.min then
    return ("must be at least %s"):format(declared.min)
  end
  if declared.max and value > declared.max then
    return ("must be at most %s"):format(declared.max)
  end
  return nil
end

--- What is wrong with one value, or nil.
---@param declared table `{ type, min, max, one_of }`
---@return string|nil
function options.problem(declared, value)
  if not is_a(value, declared.type) then
    return ("%s expected, got %s"):format(declared.type,
      type(value) == "number" and "number " .. value or type(value))
  end
  local problem, allowed = beyond(declared, value), declared.one_of
  if problem or not allowed then return problem end
  for _, each in ipairs(declared.type == "list" and value or { value }) do
    if not one_of(each, allowed) then
      return ("'%s' is not one of %s"):format(tostring(each), table.concat(allowed, ", "))
    end
  end
  return nil
end

--- Whether `min`, `max` and `one_of` suit the type.
local function bounds_fit(option, need)
  local number = option.type == "number" or option.type == "integer"
  local fine = true
  for _, bound in ipairs({ "min", "max" }) do
    local given = option[bound]
    local suits = given == nil or (number and type(given) == "number")
    need(suits, ("has a %s that is no number, or is none itself"):format(bound))
    fine = fine and suits
  end
  local allowed = option.one_of
  local suits = allowed == nil or (is_a(allowed, "list") and #allowed > 0)
  for _, each in ipairs(suits and allowed or {}) do
    suits = suits and (type(each) == "string" or type(each) == "number")
  end
  need(suits, "has a one_of that is no list of texts or numbers")
  return fine and suits
end

--- Every fault in a table of declarations.
---@param declared any The `options` field of a script.
---@return string[] problems Each begins with "options.NAME".
function options.declaration_problems(declared)
  if declared == nil then return {} end
  if type(declared) ~= "table" then return { "options must be a table" } end
  local found = {}
  for _, name in ipairs(sorted_keys(declared)) do
    local option = declared[name]
    local function need(ok, what)
      if not ok then found[#found + 1] = ("options.%s %s"):format(tostring(name), what) end
    end
    if type(name) ~= "string" or type(option) ~= "table" then
      need(false, "must be a named table { type, default, doc }")
    else
      need(TYPES[option.type], "has no valid type (string, number, integer, boolean, list, table)")
      need(type(option.doc) == "string" and option.doc ~= "", "has no doc")
      for key in pairs(option) do
        need(one_of(key, { "type", "default", "doc", "min", "max", "one_of" }),
          "has an unknown field '" .. tostring(key) .. "'")
      end
      local fine = bounds_fit(option, need)
      if TYPES[option.type] and option.default ~= nil and fine then
        local problem = options.problem(option, as_declared(option.default, option.type))
        need(not problem, "has a default that does not fit: " .. (problem or ""))
      end
    end
  end
  return found
end

--- Characters that two names share at the front and, beside these, at the end: one
--- that is missing, added, wrong or swapped leaves the rest.
local function common(a, b)
  local least, front, back = math.min(#a, #b), 0, 0
  while front < least and a:byte(front + 1) == b:byte(front + 1) do front = front + 1 end
  while back < least - front and a:byte(#a - back) == b:byte(#b - back) do back = back + 1 end
  return front + back
end

--- The nearest declared name, for typos.
local function nearest(name, declared)
  local best, score
  for _, candidate in ipairs(sorted_keys(declared)) do
    local same = common(name, candidate) / math.max(#name, #candidate)
    if same > 0.5 and (not score or same > score) then best, score = candidate, same end
  end
  return best and (" (did you mean '%s'?)"):format(best) or ""
end
options.suggestion = nearest

--- What stands in for a value of the wrong type, so that what is checked next, for every
--- problem at once, meets the type that is declared.
local function stand_in(option)
  local is_table = option.type == "table" or option.type == "list"
  if option.default == nil and is_table then return {} end
  return option.default
end

--- Checks given values and fills in defaults.
---@param declared table<string, table>|nil
---@param given table<string, any>
---@return table filled
---@return string[] problems Empty if all is well; each begins with the option's name.
function options.fill(declared, given)
  declared = declared or {}
  local filled, found = {}, {}
  for _, name in ipairs(sorted_keys(given)) do
    local option = declared[name]
    if not option then
      found[#found + 1] = ("%s: unknown option%s"):format(tostring(name),
        nearest(tostring(name), declared))
    else
      local value = as_declared(given[name], option.type)
      local problem = options.problem(option, value)
      if problem then found[#found + 1] = ("%s: %s"):format(name, problem) end
      if is_a(value, option.type) then filled[name] = value else filled[name] = stand_in(option) end
    end
  end
  for _, name in ipairs(sorted_keys(declared)) do
    if filled[name] == nil then filled[name] = declared[name].default end
  end
  return filled, found
end

return options

--- Config files: Lua tables evaluated in a sandbox where only env() and include()
--- exist, and `--set`, which changes one by a key's full path.
local cjson = require("cjson")
local core = require("advisor_core")
local guard = require("advisor.host.guard")
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")

local config = {}

--- The names that the files read since `config.begin` have asked env() for.
local asked = {}

--- Forgets which names were asked for.
function config.begin() asked = {} end

--- The names that env() was asked for.
---@return table<string, true>
function config.asked() return asked end

local function env(name, default)
  if type(name) ~= "string" then error("env: the name of a variable is expected", 2) end
  asked[name] = true
  if core.system.names_secret(name) then
    local message = "env: %s looks like a secret: name it as key_env, the program reads it itself"
    error(message:format(name), 2)
  end
  local value = guard.variable(name) and os.getenv(name)
  if not value or value == "" then return default end
  return value
end

--- The folder that a file lies in.
---@param path string
---@return string
function config.folder_of(path)
  return path:match("^(.*)/[^/]*$") or "."
end

--- Evaluates one config file in the sandbox.
---@param path string
---@return any|nil value
---@return string|nil message
---@return string|nil source
---@param depth integer 1 for a file that no other one includes.
function config.evaluate(path, depth)
  local source, why = guard.read(path, "lua")
  if not source then return nil, why end
  if depth > 8 then return nil, path .. ": include() goes more than 8 deep" end
  local code, message = sandbox.compile(source, path)
  if not code then return nil, message end
  local ok, value = sandbox.load(path, code, "experiment", {
    env = env,
    include = function(name)
      if type(name) ~= "string" then error("include: the name of a file is expected", 2) end
      if name:sub(1, 1) ~= "/" then name = config.folder_of(path) .. "/" .. name end
      local inner, problem = config.evaluate(name, depth + 1)
      if problem then error("include: " .. problem, 2) end
      return inner
    end,
  })
  if not ok then
    local text = tostring(value):gsub("\nstack traceback:.*", "")
    text = sandbox.with_full_name(text, path)
    return nil, text:find(path, 1, true) and text or ("%s:1: %s"):format(path, text)
  end
  local plain, problem = readonly.plain(value, "the experiment", true)
  if problem then return nil, ("%s:1: %s"):format(path, problem) end
  return plain, nil, source
end

--- A key as a table constructor has it; a keyword is no name.
local function name_of(key)
  local plain = type(key) == "string" and key:find("^[%a_][%w_]*$") and load("return { " .. key .. " = 1 }")
  return plain and key or ("[%q]"):format(key)
end

--- A table's fields as a Lua table constructor has them, names in order.
local function fields_of(value, write, indent)
  local parts, n = {}, #value
  for i = 1, n do parts[i] = indent .. write(value[i], indent .. "  ") .. "," end
  for _, key in ipairs(options.sorted_keys(value)) do
    if math.type(key) ~= "integer" or key < 1 or key > n then
      parts[#parts + 1] = ("%s%s = %s,"):format(indent, name_of(key), write(value[key], indent .. "  "))
    end
  end
  return parts
end

local function write(value, indent)
  local short = math.type(value) == "float" and ("%.14g"):format(value)
  if short and tonumber(short) == value and math.type(tonumber(short)) == "float" then return short end
  if type(value) ~= "table" then return ("%q"):format(value) end
  local parts = fields_of(value, write, indent)
  if #parts == 0 then return "{}" end
  return "{\n" .. table.concat(parts, "\n") .. "\n" .. indent:sub(3) .. "}"
end

--- Plain data as a config file that returns it.
---@param value table
---@return string source
function config.write(value)
  return "return " .. write(value, "  ") .. "\n"
end

--- JSON as its standard has it: no NaN, no infinity, no hexadecimal numbers.
local strict = cjson.new()
strict.decode_invalid_numbers(false)

--- A value of `--set`: JSON where it parses as such, else a string.
local function parse_value(text)
  local ok, value = pcall(strict.decode, text)
  if ok and value ~= cjson.null then return value end
  return text
end

--- A script reference as a table, so that its options can be set.
function config.as_reference(value)
  if type(value) == "string" then return { value } end
  -- As JSON can write it: ["name", { "option": value }].
  if type(value) == "table" and #value == 2 and type(value[2]) == "table" then
    local reference = { value[1] }
    for key, option in pairs(value[2]) do reference[key] = option end
    return reference
  end
  return value
end

--- Whether the first n parts of a key's path lead to a script, whose name alone may
--- stand for it.
local function names_script(parts, n)
  if parts[1] == "principles" then return n == 2 end
  return parts[1] == "pipeline" and n == (parts[2] == "filter" and 3 or 2)
end

--- Applies `--set path=value` to a raw table; "null" takes the key out.
---@param raw table Changed in place.
---@param setting string
---@return string|nil problem
function config.set(raw, setting)
  local path, text = setting:match("^([%w_%.%-]+)=(.*)$")
  if not path then return ("--set %s: expected key=value"):format(setting) end
  local parts = {}
  for part in path:gmatch("[^%.]+") do parts[#parts + 1] = math.tointeger(tonumber(part))
    or part end
  local at = raw
  for i = 1, #parts - 1 do
    local inner = at[parts[i]]
    if inner == nil then inner = {} end
    if names_script(parts, i) then inner = config.as_reference(inner) end
    if type(inner) ~= "table" then
      return ("--set %s: '%s' is no table"):format(setting, table.concat(parts, ".", 1, i))
    end
    at[parts[i]] = inner
    at = inner
  end
  if text == "null" then at[parts[#parts]] = nil else at[parts[#parts]] = parse_value(text) end
  return nil
end

return config

--- JSON in one canonical form: sorted keys, shortest numbers that read back as
--- they were, UTF-8 as it is. Request bodies, hashes, exports and the digest
--- all use it. Reading is lua-cjson's work, with its gaps closed around it.
local cjson = require("cjson").new()
local core = require("advisor_core")
local failure = require("advisor.output.failure")

local json = {}

-- NaN and the like are no JSON, whatever lua-cjson thinks.
cjson.decode_invalid_numbers(false)

--- JSON's null, for data that must tell it from an absent field.
json.null = cjson.null

--- Writes a value in canonical form. Raises for what JSON cannot hold.
---@type fun(value: any): string
json.encode = core.json.encode

--- Writes a value as a line for standard output: canonical, and with what a terminal
--- would obey escaped, which changes no value.
---@param value any
---@return string line With its line feed.
function json.line(value)
  local escaped = json.encode(value):gsub("[\127\194\216\226][\128-\191]*", function(char)
    if not utf8.len(char) or core.text.printable(char) == char then return nil end
    return ("\\u%04x"):format(utf8.codepoint(char))
  end)
  return escaped .. "\n"
end

--- Marks a list so that it is written as an array even if it is empty.
---@generic T: table
---@param list T
---@return T list The same table.
function json.array(list)
  return setmetatable(list, core.json.array_mark)
end

--- What lua-cjson read, with nulls left out and whole numbers as integers.
local function tidied(value)
  if type(value) == "table" then return core.json.tidy(value) end
  if type(value) == "number" then return math.tointeger(value) or value end
  if value == cjson.null then return nil end
  return value
end

--- The value in front of the junk that an error of lua-cjson names. It is looked for once:
--- where the junk is an open string, the place that is named lies behind the text's end.
local function before_junk(text, why)
  local junk = why:match("^Expected the end but found .* at character (%d+)$")
  if not junk then return nil end
  local ok, value = pcall(cjson.decode, text:sub(1, junk - 1))
  if not ok then return nil end
  return tidied(value)
end

--- Reads JSON text from outside: repaired first (byte order mark, ill-formed
--- UTF-8, lone surrogates); nulls are left out, whole numbers are integers.
---@param source string
---@return any|nil value nil, message if it is no JSON.
---@return string|nil message
---@return any|nil first What stands before junk that follows a whole value.
function json.decode(source)
  local repaired, message = core.text.repair_json(source)
  if not repaired then return nil, message end
  local ok, value = pcall(cjson.decode, repaired)
  if ok then return tidied(value) end
  -- What finds no memory is not for that reason bad JSON.
  if failure.words(value) == failure.NO_MEMORY.message then error(failure.NO_MEMORY, 0) end
  local why = tostring(value):gsub("^.-:%d+: ", "")
  return nil, why, before_junk(repaired, why)
end

return json

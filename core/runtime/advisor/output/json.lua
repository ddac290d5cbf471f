--- JSON in one canonical form: sorted keys, shortest numbers that read back as
--- they were, UTF-8 as it is. Request bodies, hashes, exports and the digest
--- all use it, since lua-cjson's key order changes from process to process.
local cjson = require("cjson")
local text = require("advisor_core").text

local json = {}

--- Marks a table as a JSON array, so that an empty one is written as `[]`.
json.array_mark = {}

--- JSON's null, for data that must tell it from an absent field.
json.null = cjson.null

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(char)
  return ESCAPES[char] or ("\\u%04x"):format(char:byte())
end

local function encode_string(value)
  if not text.valid(value) then value = text.repair(value) end
  if value:find('[%z\1-\31"\\\127]') then value = value:gsub('[%z\1-\31"\\\127]', escape) end
  return '"' .. value .. '"'
end

local function encode_number(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if value ~= value or value == math.huge or value == -math.huge then
    error("json: a number that is not finite cannot be written", 0)
  end
  if value == math.floor(value) and math.abs(value) < 1e15 then
    return ("%d"):format(math.tointeger(value))
  end
  local short = ("%.15g"):format(value)
  if tonumber(short) == value then return short end
  short = ("%.16g"):format(value)
  return tonumber(short) == value and short or ("%.17g"):format(value)
end

local encode_value

local function encode_array(value, out, n, depth)
  out[n + 1] = "["
  n = n + 1
  for i = 1, #value do
    if i > 1 then
      n = n + 1
      out[n] = ","
    end
    n = encode_value(value[i], out, n, depth)
  end
  out[n + 1] = "]"
  return n + 1
end

local function encode_object(value, out, n, depth)
  local keys = {}
  for key in next, value do
    if type(key) ~= "string" then
      error("json: an object has a key that is no string: " .. tostring(key), 0)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  out[n + 1] = "{"
  n = n + 1
  for i = 1, #keys do
    local key = keys[i]
    out[n + 1] = (i > 1 and "," or "") .. encode_string(key) .. ":"
    n = encode_value(value[key], out, n + 1, depth)
  end
  out[n + 1] = "}"
  return n + 1
end

function encode_value(value, out, n, depth)
  local kind = type(value)
  if kind == "string" then
    out[n + 1] = encode_string(value)
  elseif kind == "number" then
    out[n + 1] = encode_number(value)
  elseif kind == "boolean" then
    out[n + 1] = value and "true" or "false"
  elseif value == cjson.null then
    out[n + 1] = "null"
  elseif kind == "table" then
    if depth > 64 then error("json: nested more than 64 deep", 0) end
    if value[1] ~= nil or getmetatable(value) == json.array_mark then
      return encode_array(value, out, n, depth + 1)
    end
    return encode_object(value, out, n, depth + 1)
  else
    error("json: a " .. kind .. " cannot be written", 0)
  end
  return n + 1
end

--- Writes a value in canonical form. Raises for what JSON cannot hold.
---@param value any Strings, finite numbers, booleans, `json.null`, tables of such.
---@return string
function json.encode(value)
  local out = {}
  local n = encode_value(value, out, 0, 0)
  return table.concat(out, "", 1, n)
end

--- Marks a list so that it is written as an array even if it is empty.
---@generic T: table
---@param list T
---@return T list The same table.
function json.array(list)
  return setmetatable(list, json.array_mark)
end

--- Leaves nulls out, and makes whole numbers integers, as they were written.
local function tidy(value)
  for key, inner in next, value do
    if inner == cjson.null then
      value[key] = nil
    elseif type(inner) == "table" then
      tidy(inner)
    elseif type(inner) == "number" then
      value[key] = math.tointeger(inner) or inner
    end
  end
  return value
end

--- Reads JSON text from outside: repaired first (byte order mark, ill-formed
--- UTF-8, lone surrogates), nulls left out.
---@param source string
---@return any|nil value nil, message if it is no JSON.
---@return string|nil message
function json.decode(source)
  local repaired, message = text.repair_json(source)
  if not repaired then return nil, message end
  local ok, value = pcall(cjson.decode, repaired)
  if not ok then return nil, (tostring(value):gsub("^.-:%d+: ", "")) end
  if type(value) == "table" then tidy(value) end
  if value == cjson.null then value = nil end
  return value
end

return json

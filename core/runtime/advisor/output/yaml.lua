--- Writes YAML that every reader takes the same way: block style, text in double
--- quotes, numbers without an exponent (YAML 1.1 takes 2e-05 for text).
local core = require("advisor_core")

local yaml = {}

local MAP = {}

--- Marks a list of `{ key, value }` as a map in that order. A value that is nil is
--- left out.
---@param entries table[]
---@return table
function yaml.map(entries)
  return setmetatable(entries, MAP)
end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

--- Text in double quotes. What YAML does not let stand as it is is escaped: control
--- characters, line separators, the byte order mark, noncharacters.
---@param value string
---@return string
function yaml.quote(value)
  value = core.text.valid(value) and value or core.text.repair(value)
  value = value:gsub('["\\\n\r\t]', ESCAPES):gsub("[%z\1-\31\127]", function(char)
    return ("\\x%02x"):format(char:byte())
  end)
  local function escaped(char) return ("\\u%04x"):format(utf8.codepoint(char)) end
  value = value:gsub("\194[\128-\160]", escaped):gsub("\226\128[\168\169]", escaped)
  return '"' .. value:gsub("\239\187\191", escaped):gsub("\239\191[\190\191]", escaped) .. '"'
end

--- The shortest decimal form that reads back as the same number.
local function decimal(value)
  if math.type(value) == "integer" then return tostring(value) end
  for digits = 1, 17 do
    local form = ("%%.%df"):format(digits)
    if tonumber(form:format(value)) == value then return form:format(value) end
  end
  error("yaml: the number " .. value .. " is too small or too large", 0)
end

local function scalar(value)
  local kind = type(value)
  if kind == "string" then return yaml.quote(value) end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return decimal(value) end
  error("yaml: cannot write a " .. kind, 0)
end

local block

--- A value after its key or dash.
local function after(value, indent, lines, prefix)
  if type(value) ~= "table" then
    lines[#lines + 1] = prefix .. " " .. scalar(value)
  elseif #value == 0 then
    lines[#lines + 1] = prefix .. (getmetatable(value) == MAP and " {}" or " []")
  else
    lines[#lines + 1] = prefix
    block(value, indent, lines)
  end
end

function block(value, indent, lines)
  local space = ("  "):rep(indent)
  for _, entry in ipairs(value) do
    if getmetatable(value) ~= MAP then
      after(entry, indent + 1, lines, space .. "-")
    elseif entry[2] ~= nil then
      after(entry[2], indent + 1, lines, ("%s%s:"):format(space, entry[1]))
    end
  end
end

--- Writes a document. Keys are ours: plain words.
---@param document table A `yaml.map`.
---@return string
function yaml.write(document)
  local lines = {}
  block(document, 0, lines)
  return table.concat(lines, "\n") .. "\n"
end

return yaml

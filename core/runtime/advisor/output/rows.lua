--- Reads labelled data: CSV with a header line, or JSON lines, by the file's name.
local core = require("advisor_core")
local guard = require("advisor.host.guard")
local csv = require("advisor.output.csv")
local json = require("advisor.output.json")

local rows = {}

local function read(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local source = file:read("a")
  file:close()
  if not source then return nil, path .. ": is no file that can be read" end
  return source
end

local function from_jsonl(source, path)
  local list, number = {}, 0
  for line in (source .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    if line:find("%S") then
      local fields, why = json.decode(line)
      if type(fields) ~= "table" then
        return nil, ("%s:%d: %s"):format(path, number, why or "an object is expected")
      end
      list[#list + 1] = { line = number, fields = fields }
    end
  end
  return list
end

local function from_csv(source, path)
  local list, why = csv.read(source)
  if not list then return nil, ("%s:%s"):format(path, why) end
  for _, row in ipairs(list) do
    for name, value in pairs(row.fields) do
      if not core.text.valid(value) then row.fields[name] = (core.text.repair(value)) end
    end
  end
  return list
end

--- Where a file is: its absolute path, or in the first folder that has it.
---@param name any
---@param folders string[]
---@return string? path
---@return string? message
function rows.find(name, folders)
  if type(name) ~= "string" then return nil, "the name of a file is expected" end
  for _, folder in ipairs(folders) do
    local path = name:sub(1, 1) == "/" and name or folder .. "/" .. name
    local may, why = guard.file(path, "data")
    if not may then return nil, why end
    if core.system.kind(path) then return path end
  end
  return nil, ("the file '%s' was not found"):format(name)
end

--- Reads all rows.
---@param path string Ends in .csv, .jsonl or .ndjson.
---@return { line: integer, fields: table<string, any> }[]? rows
---@return string? message With file and line.
function rows.read(path)
  local kind = path:lower():match("%.(%w+)$")
  if kind ~= "csv" and kind ~= "jsonl" and kind ~= "ndjson" then
    return nil, path .. ": must be a .csv or .jsonl file"
  end
  local source, why = read(path)
  if not source then return nil, why end
  local list, problem = (kind == "csv" and from_csv or from_jsonl)(source, path)
  if list and #list == 0 then return nil, path .. ": holds no rows" end
  return list, problem
end

--- Every second row, counted from 1.
---@param list table[]
---@param half string|nil "odd", "even", or nil for all.
function rows.half(list, half)
  if not half then return list end
  local part = {}
  for i = half == "odd" and 1 or 2, #list, 2 do part[#part + 1] = list[i] end
  return part
end

--- A field of a row as text.
---@return string? value
---@return string? message With file, line and field.
function rows.text(path, row, name)
  local value = row.fields[name]
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  if type(value) == "string" then return value end
  local names = {}
  for key in pairs(row.fields) do names[#names + 1] = tostring(key) end
  table.sort(names)
  local what = value == nil and "no field '%s'" or "the field '%s' is no text"
  return nil, ("%s:%d: %s; there are: %s"):format(path, row.line, what:format(name),
    table.concat(names, ", "))
end

return rows

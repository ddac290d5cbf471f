--- Seeds: the items that a run begins with, and the summary of what they cover.
local text = require("advisor.output.text")
local json = require("advisor.output.json")

local seeds = {}

local function read_lines(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local content = file:read("a")
  file:close()
  return text.lines(content)
end

local function from_jsonl(lines, path)
  local items = {}
  for number, line in ipairs(lines) do
    local row, why = json.decode(line)
    local item = type(row) == "table" and (row.text or row.prompt)
    if type(item) ~= "string" then
      return nil, ("%s:%d: %s"):format(path, number, why or "no field 'text' or 'prompt'")
    end
    items[number] = item
  end
  return { items = items, summary = {} }
end

local function check_list(value, what)
  if type(value) ~= "table" then return nil, what .. " must be a list of texts" end
  for i, element in ipairs(value) do
    if type(element) ~= "string" then return nil, ("%s.%d must be a text"):format(what, i) end
  end
  return value
end

local function from_table(value)
  local given = value
  if type(value) ~= "table" then return nil, "a list, a name or a file is expected" end
  if value[1] ~= nil then given = { items = value } end
  local items, problem = check_list(given.items or {}, "items")
  if not items then return nil, problem end
  local summary, wrong = check_list(given.summary or {}, "summary")
  if not summary then return nil, wrong end
  return { items = items, summary = summary, unit = given.unit, theme = given.theme }
end

--- Loads seeds given as a list, a table, the name of a theme (a Lua file that
--- returns a table), or a .txt (one a line) or .jsonl file.
---@param given any
---@param folders string[] Where names and files are looked for.
---@param evaluate fun(path: string, depth: integer): any, string|nil
---@return table|nil seeds `{ items, summary, unit, theme }`
---@return string|nil problem
function seeds.load(given, folders, evaluate)
  if given == nil then return { items = {}, summary = {} } end
  if type(given) ~= "string" then return from_table(given) end
  for _, folder in ipairs(folders) do
    local path = given:sub(1, 1) == "/" and given or folder .. "/" .. given
    if not path:find("%.%a+$") then path = path .. ".lua" end
    local lines = read_lines(path)
    if lines and path:find("%.lua$") then
      local value, problem = evaluate(path, 1)
      if problem then return nil, problem end
      return from_table(value)
    elseif lines and path:find("%.jsonl$") then
      return from_jsonl(lines, path)
    elseif lines then
      return { items = lines, summary = {} }
    end
  end
  return nil, ("'%s' was not found beside the experiment or in scripts/seeds"):format(given)
end

return seeds

--- Seeds: the items that a run begins with, and the summary of what they cover.
local guard = require("advisor.host.guard")
local text = require("advisor.output.text")
local json = require("advisor.output.json")
local rows = require("advisor.output.rows")
local options = require("advisor.host.options")

local seeds = {}

local function read(path)
  local content = guard.read(path, "data")
  if not content then return nil end
  return (content:gsub("^\239\187\191", ""))
end

local function from_jsonl(content, path)
  local items, number = {}, 0
  for line in content:gmatch("([^\n]*)\n?") do
    number = number + 1
    if line:find("%S") then
      local row, why = json.decode(line)
      local item = type(row) == "table" and (row.text or row.prompt)
      if type(item) ~= "string" then
        return nil, ("%s:%d: %s"):format(path, number, why or "no field 'text' or 'prompt'")
      end
      items[#items + 1] = item
    end
  end
  return { items = items, summary = {} }
end

--- The keys of seeds given as a table.
local KEYS = { items = true, summary = true, unit = true, theme = true }

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
  if options.problem({ type = "list" }, value) == nil then given = { items = value } end
  for _, key in ipairs(options.sorted_keys(given)) do
    if not KEYS[key] then
      return nil,
        ("'%s' is unknown: a list of texts, or { items =, summary =, unit =, theme = }, "
          .. "is expected"):format(tostring(key))
    end
  end
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
    local content = read(path)
    if content and path:find("%.lua$") then
      local value, problem = evaluate(path, 1)
      if problem then return nil, problem end
      return from_table(value)
    elseif content and path:find("%.jsonl$") then
      return from_jsonl(content, path)
    elseif content then
      return { items = text.lines(content), summary = {} }
    end
  end
  return nil, ("'%s' was not found beside the experiment or in scripts/seeds"):format(given)
end

local function pick_examples(path, given)
  local list, problem = rows.read(path)
  if not list then return nil, problem end
  local examples, lines = {}, {}
  for i, row in ipairs(list) do
    local item, no_text = rows.text(path, row, given.text or "text")
    local cell, no_cell = rows.text(path, row, given.cell or "cell")
    if not item or not cell then return nil, no_text or no_cell end
    examples[i], lines[i] = { text = item, cell = cell }, row.line
    if given.target then
      examples[i].target, problem = rows.text(path, row, given.target)
      if problem then return nil, problem end
    end
  end
  return examples, nil, lines
end

local function check_examples(list)
  for i, example in ipairs(list) do
    if type(example) ~= "table" or type(example.text) ~= "string" or type(example.cell) ~= "string" then
      return nil, ("example %d must be { text = …, cell = … }"):format(i)
    end
  end
  return list
end

--- Labelled examples for a labeller: a list of { text, cell }, or
--- { file =, text = FIELD, cell = FIELD } naming a JSONL or CSV file; `target = FIELD`
--- reads what advice would have been for.
---@param given any
---@param folders string[]
---@return table[]|nil examples
---@return string|nil problem
---@return integer[]|nil lines Of a file, the line of each example.
function seeds.load_examples(given, folders)
  if given == nil then return {} end
  if type(given) ~= "table" then
    return nil, "a list of { text, cell }, or { file, text, cell }, is expected"
  end
  if not given.file then return check_examples(given) end
  local path, problem = rows.find(given.file, folders)
  if not path then return nil, problem end
  return pick_examples(path, given)
end

return seeds

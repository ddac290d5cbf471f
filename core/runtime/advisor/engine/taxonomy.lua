--- Taxonomies: cells with names, descriptions and targets, as data.
local core = require("advisor_core")
local guard = require("advisor.host.guard")
local options = require("advisor.host.options")

local taxonomy = {}

--- Fields of a cell.
local CELL = {
  name = "string", parent = "string", description = "string", keywords = "table", share = "number",
  minimum = "number", examples = "table",
}

local function check_cell(cell, i)
  if type(cell) == "string" then cell = { name = cell } end
  if type(cell) ~= "table" or type(cell.name) ~= "string" or cell.name == "" then
    return nil, ("cells.%d must be a name, or { name = … }"):format(i)
  end
  for _, key in ipairs(options.sorted_keys(cell)) do
    if not CELL[key] then
      return nil, ("cells.%d has an unknown field '%s'"):format(i, tostring(key))
    end
    if type(cell[key]) ~= CELL[key] then
      return nil, ("cells.%d.%s must be a %s"):format(i, key, CELL[key])
    end
  end
  return cell
end

--- Whether a table or nothing is given.
local function may_be_table(value)
  return value == nil or type(value) == "table"
end

--- Two levels may be given as { category = { cells… }, … } in `groups`.
---@return table|nil cells Those of groups with their parent; nil and the problem where a
---list is none.
---@return string|nil problem
local function flatten(given)
  local cells = {}
  for _, key in ipairs({ "cells", "groups" }) do
    if not may_be_table(given[key]) then return nil, key .. " must be a list" end
  end
  for _, cell in ipairs(given.cells or {}) do cells[#cells + 1] = cell end
  for i, group in ipairs(given.groups or {}) do
    if type(group) ~= "table" or not may_be_table(group.cells) then
      return nil, ("groups.%d must be { name = …, cells = … }"):format(i)
    end
    for _, cell in ipairs(group.cells or {}) do
      if type(cell) == "string" then cell = { name = cell } end
      if type(cell) == "table" then cell.parent = group.name end
      cells[#cells + 1] = cell
    end
  end
  return cells
end

--- Every pair of cells of two axes, as "a × b".
local function cross(first, second)
  local cells = {}
  for _, a in ipairs(first) do
    for _, b in ipairs(second) do
      cells[#cells + 1] = { name = a.name .. " × " .. b.name, parent = a.name,
        description = a.description and b.description and a.description .. "; " .. b.description
          or a.description or b.description }
    end
  end
  return cells
end

--- Shares wanted: given ones as they are, the rest in equal parts of what is left.
local function set_wants(cells)
  local given, open = 0, 0
  for _, cell in ipairs(cells) do
    if cell.share then given = given + cell.share else open = open + 1 end
  end
  if given > 1 + 1e-9 then return ("the shares add up to %.3f, more than 1"):format(given) end
  for _, cell in ipairs(cells) do
    cell.want = cell.share or (1 - given) / open
    cell.share = nil
  end
  return nil
end

local function read_cells(given)
  local cells, seen = {}, {}
  local flat, wrong = flatten(given)
  if not flat then return nil, wrong end
  for i, raw in ipairs(flat) do
    local cell, problem = check_cell(raw, i)
    if not cell then return nil, problem end
    if seen[cell.name] then return nil, ("the cell '%s' stands twice"):format(cell.name) end
    seen[cell.name] = true
    cells[i] = cell
  end
  return cells
end

local function load_table(given, folders, evaluate)
  if type(given) == "table" then return given[1] ~= nil and { cells = given } or given end
  if type(given) ~= "string" then return nil, "a name, a file, or a table { cells = … }, is expected" end
  for _, folder in ipairs(folders) do
    local path = given:sub(1, 1) == "/" and given or folder .. "/" .. given
    if not path:find("%.lua$") then path = path .. ".lua" end
    local may, why = guard.file(path, "lua")
    if not may then return nil, why end
    if core.system.kind(path) == "file" then
      local value, problem = evaluate(path, 1)
      if problem then return nil, problem end
      return value
    end
  end
  return nil, ("'%s' was not found beside the experiment or in scripts/taxonomies"):format(given)
end

--- Loads a taxonomy given as a name in scripts/taxonomies, a file, a list of
--- cells, or { cells =, groups =, open =, minimum =, cross = another }.
---@param given any
---@param folders string[]
---@param evaluate fun(path: string, depth: integer): any, string|nil
---@return table|nil taxonomy `{ cells, open, axes }`
---@return string|nil problem
function taxonomy.load(given, folders, evaluate)
  if given == nil then return { cells = {}, open = true } end
  local source, problem = load_table(given, folders, evaluate)
  if not source then return nil, problem end
  if type(source) ~= "table" then return nil, "must be a table { cells = … }" end
  local cells, wrong = read_cells(source)
  if not cells then return nil, wrong end
  local axes
  if source.cross ~= nil then
    local other, trouble = taxonomy.load(source.cross, folders, evaluate)
    if not other then return nil, "cross: " .. trouble end
    axes = { cells, other.cells }
    cells = cross(cells, other.cells)
  end
  local open = source.open == true
  if #cells == 0 and not open then return nil, "holds no cell" end
  if not open then wrong = set_wants(cells) end
  if wrong then return nil, wrong end
  for _, cell in ipairs(cells) do cell.minimum = cell.minimum or source.minimum end
  return { cells = cells, open = open, axes = axes }
end

return taxonomy

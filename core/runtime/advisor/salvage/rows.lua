--- Which table a row is of, told by its columns' types, and all rows of a damaged run by
--- table and key.
local cells = require("advisor.salvage.cells")

local rows = {}

--- What a column may hold. `k` is the row's number, which is not stored with it.
local TYPES = {
  k = { null = true }, i = { integer = true }, t = { text = true }, o = { text = true, null = true },
  j = { integer = true, null = true }, f = { integer = true, real = true, null = true },
  b = { blob = true, text = true, null = true },
}

local function one_of(...)
  local set = {}
  for _, name in ipairs({ ... }) do set[name] = true end
  return set
end

--- Tables whose rows are wanted: columns in the order in which they are stored, their
--- types, and words that one of them holds.
rows.shapes = {
  { name = "attempt", kind = "table", types = "kittiitttbi", columns = { "id", "round", "stage", "lane", "ordinal",
    "n", "role", "endpoint", "request", "sent", "wall_ms" } },
  { name = "reply", kind = "table", types = "ktiiiiiijjtbt", columns = { "attempt", "state", "curl", "http", "sends",
    "reused", "bytes_up", "bytes_down", "first_byte_ns", "total_ns", "headers", "raw", "why" },
    column = 2, words = one_of("done", "failed", "unknown") },
  { name = "outcome", kind = "table", types = "kttijjf", columns = { "attempt", "class", "reason", "final",
    "prompt_tokens", "completion_tokens", "cost" } },
  { name = "round", kind = "table", types = "kittttttttfi", columns = { "round", "read_round", "state", "why", "gaps",
    "advice", "summary", "variants", "notes", "tokens", "cost", "wall_ms" },
    column = 3, words = one_of("committed", "failed", "surplus") },
  { name = "item", kind = "index", types = "iittoojoott", keys = 2, columns = { "round", "item_index", "verdict",
    "text", "target", "cell", "advice", "reason", "finding", "verdicts", "meta" },
    column = 3, words = one_of("kept", "dropped", "surplus") },
  { name = "response", kind = "index", types = "iittot", keys = 2, columns = { "round", "item_index", "verdict", "text",
    "finding", "meta" }, column = 3, words = one_of("safe", "unsafe", "pass", "fail", "unknown", "failed") },
  { name = "run", kind = "index", types = "tt", keys = 1, columns = { "key", "value" } },
  { name = "script", kind = "index", types = "ttttt", keys = 2, columns = { "kind", "name", "hash", "origin",
    "source" } },
}

local function fits(shape, values)
  if #values ~= #shape.types then return false end
  for i, value in ipairs(values) do
    if not TYPES[shape.types:sub(i, i)][value.type] then return false end
  end
  return not shape.words or shape.words[values[shape.column].value] == true
end

local function shape_of(kind, values)
  for _, shape in ipairs(rows.shapes) do
    if shape.kind == kind and fits(shape, values) then return shape end
  end
  return nil
end

local function key_of(shape, cell, values)
  if not shape.keys then return cell.rowid end
  local first, second = values[1].value, values[2].value
  if math.type(first) == "integer" then return second and first << 32 | second or nil end
  return shape.keys == 2 and first .. "\0" .. second or first
end

--- Remembers where each row of a page lies.
local function take_page(found, pages, number, older)
  local bytes, length = pages:read(number, older)
  if not bytes then return 0 end
  local list, kind, broken = cells.of_page(bytes, number, pages.usable)
  for _, cell in ipairs(list) do
    local last = cell.start + cell.here - 1
    local values = last <= length and cells.values(bytes:sub(cell.start, last), cell.length)
    local shape = values and shape_of(kind, values)
    local key = shape and key_of(shape, cell, values)
    if not values then
      broken = broken + 1
    elseif key then
      local places = found[shape.name]
      places[key] = places[key] or {}
      table.insert(places[key], { number = number, older = older, cell = cell })
    end
  end
  return broken
end

--- Finds all rows. A page whose newest form is damaged is also looked at as it was
--- before its last change.
---@param pages table As of `pages.open`.
---@return table<string, table> found Places by table and key.
---@return integer broken Cells of pages that could not be read.
function rows.find(pages)
  local found, broken = {}, 0
  for _, shape in ipairs(rows.shapes) do found[shape.name] = {} end
  for _, number in ipairs(pages.numbers) do
    if not pages.free[number] then
      local wrong = take_page(found, pages, number, false)
      local kind = (pages:read(number) or "\0"):byte(number == 1 and 101 or 1)
      if wrong > 0 or kind ~= 2 and kind ~= 5 and kind ~= 10 and kind ~= 13 then
        take_page(found, pages, number, true)
      end
      broken = broken + wrong
    end
  end
  return found, broken
end

--- Reads a row from the first of its places that can be read.
local function read_row(pages, shape, places)
  for _, place in ipairs(places) do
    local bytes = pages:read(place.number, place.older)
    local payload = bytes and cells.payload(bytes, place.cell, function(number) return pages:read_whole(number) end,
      pages.usable)
    local values = payload and cells.values(payload, place.cell.length)
    if values then
      local row = {}
      for i, name in ipairs(shape.columns) do row[name] = values[i].value end
      if shape.types:sub(1, 1) == "k" then row[shape.columns[1]] = place.cell.rowid end
      return row
    end
  end
  return nil
end

--- Visits the rows of a table in order of their keys.
---@param pages table
---@param found table As of `rows.find`.
---@param name string
---@param visit fun(row: table): any, string|nil nil, message ends it.
---@return { read: integer, lost: integer }|nil counts `lost`: rows of which only a part is there.
---@return string|nil message
function rows.each(pages, found, name, visit)
  local shape
  for _, each in ipairs(rows.shapes) do if each.name == name then shape = each end end
  local keys, counts = {}, { read = 0, lost = 0 }
  for key in pairs(found[name]) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local row = read_row(pages, shape, found[name][key])
    if row then
      local ok, why = visit(row)
      if not ok then return nil, why end
      counts.read = counts.read + 1
    else
      counts.lost = counts.lost + 1
    end
  end
  return counts
end

return rows

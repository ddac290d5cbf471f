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

--- Whether a row is there without need of another page.
local function settled(places)
  return places[1] ~= nil and not places[1].cell.overflow
end

--- Remembers where each row of a page lies.
local function take_page(found, pages, page)
  local bytes, length = pages:read(page)
  if not bytes then return 0 end
  local later = type(page) == "table"
  local list, kind, broken = cells.of_page(bytes, later and page.number or page, pages.usable)
  for _, cell in ipairs(list) do
    local last = cell.start + cell.here - 1
    local values = last <= length and cells.values(bytes:sub(cell.start, last), cell.length)
    local shape = values and shape_of(kind, values)
    local key = shape and key_of(shape, cell, values)
    if not values then
      broken = broken + 1
    elseif key then
      local places = found[shape.name][key] or {}
      found[shape.name][key] = places
      if not later or not settled(places) then places[#places + 1] = { page = page, later = later, cell = cell } end
    end
  end
  return broken
end

--- Finds all rows. Those that SQLite would read come first, so that what only a damaged
--- log holds never stands for one of them.
---@param pages table As of `pages.open`.
---@return table<string, table> found Places by table and key.
---@return integer broken Cells that could not be read, of pages that SQLite would read.
function rows.find(pages)
  local found, broken = {}, 0
  for _, shape in ipairs(rows.shapes) do found[shape.name] = {} end
  for _, number in ipairs(pages.numbers) do
    if not pages.free[number] then broken = broken + take_page(found, pages, number) end
  end
  for _, page in ipairs(pages.later) do take_page(found, pages, page) end
  return found, broken
end

--- Reads a row from the first of its places that can be read.
local function read_row(pages, shape, places)
  for _, place in ipairs(places) do
    local bytes = pages:read(place.page)
    local payload = bytes and cells.payload(bytes, place.cell, function(number)
      return pages:read_whole(number, place.later)
    end, pages.usable)
    local values = payload and cells.values(payload, place.cell.length)
    if values then
      local row = { unconfirmed = place.later or nil }
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
---@param visit fun(row: table): any, string|nil nil, message ends it. `row.unconfirmed`: only a part of
---the log that SQLite would not trust has it.
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

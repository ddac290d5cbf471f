--- Rows out of single pages: each page of a table names its own rows, so that one can
--- be read without those that lead to it.
local cells = {}

local LEAF_TABLE, LEAF_INDEX, INNER_INDEX = 13, 10, 2

--- A number of 1 to 9 bytes, and the place behind it; nil beyond the end.
local function varint(bytes, at)
  local value = 0
  for i = 0, 7 do
    local byte = bytes:byte(at + i)
    if not byte then return nil end
    value = value << 7 | byte & 0x7f
    if byte < 0x80 then return value, at + i + 1 end
  end
  local last = bytes:byte(at + 8)
  if not last then return nil end
  return value << 8 | last, at + 9
end

--- How much of a row lies on its page.
local function local_size(length, usable, is_table)
  local most = is_table and usable - 35 or (usable - 12) * 64 // 255 - 23
  if length <= most then return length end
  local least = (usable - 12) * 32 // 255 - 23
  local size = least + (length - least) % (usable - 4)
  return size <= most and size or least
end

--- One cell: where its row begins and how long it is.
local function read_cell(bytes, at, kind, usable)
  if kind == INNER_INDEX then at = at + 4 end
  local length, rowid
  length, at = varint(bytes, at)
  if length and kind == LEAF_TABLE then rowid, at = varint(bytes, at) end
  if not at or length < 2 or length > 0x7fffffff then return nil end
  local here = local_size(length, usable, kind == LEAF_TABLE)
  if at + here - 1 > usable then return nil end
  local overflow
  if here < length then
    if at + here + 3 > usable then return nil end
    overflow = string.unpack(">I4", bytes, at + here)
  end
  return { length = length, rowid = rowid, start = at, here = here, overflow = overflow }
end

--- The cells of a page.
---@param bytes string
---@param number integer The page's; the first one has the file's header before it.
---@param usable integer
---@return table[] list `{ length, rowid, start, here, overflow }`; none of a page without rows.
---@return "table"|"index"|nil kind
---@return integer broken Cells that point nowhere.
function cells.of_page(bytes, number, usable)
  local head = number == 1 and 101 or 1
  local kind = bytes:byte(head)
  if kind ~= LEAF_TABLE and kind ~= LEAF_INDEX and kind ~= INNER_INDEX then return {}, nil, 0 end
  local count, first = string.unpack(">I2", bytes, head + 3), head + (kind == INNER_INDEX and 12 or 8)
  local list, broken = {}, 0
  if first + 2 * count > usable then return {}, nil, 0 end
  for i = 0, count - 1 do
    local at = string.unpack(">I2", bytes, first + 2 * i) + 1
    local cell = at > first + 2 * i and at < usable and read_cell(bytes, at, kind, usable)
    if cell then list[#list + 1] = cell else broken = broken + 1 end
  end
  return list, kind == LEAF_TABLE and "table" or "index", broken
end

--- The whole row of a cell; nil where its further pages are damaged.
---@param bytes string The cell's page.
---@param cell table
---@param read fun(number: integer): string|nil
---@param usable integer
---@return string|nil
function cells.payload(bytes, cell, read, usable)
  local parts, have = { bytes:sub(cell.start, cell.start + cell.here - 1) }, cell.here
  local next_page = cell.overflow
  while have < cell.length do
    local page = next_page and next_page > 0 and read(next_page)
    if not page then return nil end
    local size = math.min(cell.length - have, usable - 4)
    next_page = string.unpack(">I4", page)
    parts[#parts + 1] = page:sub(5, 4 + size)
    have = have + size
  end
  return table.concat(parts)
end

--- Numbers by their serial type: how they are packed, and in how many bytes.
local NUMBERS = {
  [1] = { "integer", ">i1", 1 }, [2] = { "integer", ">i2", 2 }, [3] = { "integer", ">i3", 3 },
  [4] = { "integer", ">i4", 4 }, [5] = { "integer", ">i6", 6 }, [6] = { "integer", ">i8", 8 },
  [7] = { "real", ">d", 8 },
}

--- One value of a row: its type, the value, and how many bytes it took.
local function value_of(payload, at, serial)
  local number = NUMBERS[serial]
  if number then
    local whole = at + number[3] - 1 <= #payload
    return number[1], whole and string.unpack(number[2], payload, at) or nil, number[3]
  end
  if serial == 0 then return "null", nil, 0 end
  if serial == 8 or serial == 9 then return "integer", serial - 8, 0 end
  if serial < 12 then return nil end
  local size = (serial - 12) // 2
  return serial % 2 == 1 and "text" or "blob", payload:sub(at, at + size - 1), size
end

--- The values of a row.
---@param payload string All of it, or its beginning.
---@param length integer How long the whole is.
---@return { type: string, value: any }[]|nil values nil where this is no row; those that are not there
---in full have a value that is short, or none.
function cells.values(payload, length)
  local header, at = varint(payload, 1)
  if not header or header < 2 or header > #payload then return nil end
  local values, body = {}, header + 1
  while at <= header do
    local serial
    serial, at = varint(payload, at)
    if not serial or serial < 0 or #values >= 32 then return nil end
    local kind, value, size = value_of(payload, body, serial)
    if not kind then return nil end
    values[#values + 1] = { type = kind, value = value }
    body = body + size
  end
  if at ~= header + 1 or body ~= length + 1 then return nil end
  return values
end

return cells

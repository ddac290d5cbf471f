--- Reads and writes CSV as RFC 4180 has it: fields in quotes may hold commas, line ends and
--- doubled quotes. Line ends may be LF or CRLF; a UTF-8 mark in front is skipped.
local csv = {}

local function fail(line, message)
  error({ csv = ("%d: %s"):format(line, message) }, 0)
end

--- One field that begins at `at`: its value, where its separator is, its line ends.
local function field(source, at, line)
  if source:sub(at, at) ~= '"' then
    local stop = source:find("[,\r\n]", at) or #source + 1
    local value = source:sub(at, stop - 1)
    if value:find('"', 1, true) then
      fail(line, "a quote inside a field that does not begin with one")
    end
    return value, stop, 0
  end
  local from = at + 1
  while true do
    local quote = source:find('"', from, true)
    if not quote then fail(line, "a quoted field is not closed") end
    if source:sub(quote + 1, quote + 1) ~= '"' then
      local value = source:sub(at + 1, quote - 1)
      local _, ends = value:gsub("\n", "")
      return value:gsub('""', '"'), quote + 1, ends
    end
    from = quote + 2
  end
end

--- One record: the list of its fields, where it stops, its line ends.
local function record_at(source, at, line)
  local record, ends = { line = line }, 0
  while true do
    local value, stop, inside = field(source, at, line + ends)
    record[#record + 1], ends = value, ends + inside
    if source:sub(stop, stop) ~= "," then return record, stop, ends end
    at = stop + 1
  end
end

local function records(source)
  local list, line = {}, 1
  local at = source:sub(1, 3) == "\239\187\191" and 4 or 1
  while at <= #source do
    local record, stop, ends = record_at(source, at, line)
    line = line + ends
    local after = source:match("^\r?\n()", stop) or source:match("^\r()", stop)
    if not after and stop <= #source then
      fail(line, "a comma or a line end must follow a quoted field")
    end
    at, line = after or stop, line + 1
    if #record > 1 or record[1] ~= "" then list[#list + 1] = record end
  end
  return list
end

--- Reads rows under a header line.
---@param source string The whole file.
---@return table[]|nil rows `{ line = integer, fields = { [name] = value } }`
---@return string message_or_names "LINE: what is wrong"; the header's names if all is well.
function csv.read(source)
  local ok, list = pcall(records, source)
  if not ok then
    if type(list) == "table" then return nil, list.csv end
    error(list, 0)
  end
  local names = table.remove(list, 1)
  if not names then return nil, "1: there is no header line" end
  names.line = nil
  local rows = {}
  for i, record in ipairs(list) do
    if #record ~= #names then
      return nil, ("%d: %d fields, the header has %d"):format(record.line, #record, #names)
    end
    local fields = {}
    for k, name in ipairs(names) do fields[name] = record[k] end
    rows[i] = { line = record.line, fields = fields }
  end
  return rows, names
end

--- What makes a spreadsheet take a cell for a formula, also behind blanks, which some
--- take away; and the apostrophe itself.
local FORMULA, AT_ONCE = "^%s*[=+%-@]", "^[\t\r\n']"

--- Makes text inert in a spreadsheet: a cell that begins with = + - @, blanks and one of
--- those, a tab, a line end or an apostrophe gets an apostrophe in front. To read it back, take one
--- apostrophe away from the front of every cell that begins with one.
---@param value string
---@return string
function csv.inert(value)
  return (value:find(FORMULA) or value:find(AT_ONCE)) and "'" .. value or value
end

--- One record with its line end, CRLF.
---@param fields (string|number)[] As they are to be read.
---@return string
function csv.line(fields)
  local cells = {}
  for i, value in ipairs(fields) do
    value = tostring(value)
    cells[i] = value:find('[",\r\n]') and '"' .. value:gsub('"', '""') .. '"' or value
  end
  return table.concat(cells, ",") .. "\r\n"
end

return csv

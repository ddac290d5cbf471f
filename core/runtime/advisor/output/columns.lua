--- Rows of texts in columns, as a terminal shows them.
local columns = {}

--- Characters of a text as a terminal counts them, save for wide ones.
local function width_of(value)
  return utf8.len(value) or #value
end

--- Adds rows of texts in columns, the first one left and the others right; a text
--- `after` follows its row as it is.
---@param lines string[] Grows.
---@param rows table[]
function columns.add(lines, rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, value in ipairs(row) do widths[i] = math.max(widths[i] or 0, width_of(value)) end
  end
  for _, row in ipairs(rows) do
    local parts = {}
    for i, value in ipairs(row) do
      local pad = (" "):rep(widths[i] - width_of(value))
      parts[i] = i == 1 and value .. pad or pad .. value
    end
    local line = "  " .. table.concat(parts, "  ") .. (row.after and "  " .. row.after or "")
    lines[#lines + 1] = line:match("^(.-)%s*$")
  end
end

return columns

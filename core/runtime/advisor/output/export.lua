--- Exports: derived from the record, the same bytes each time.
local core = require("advisor_core")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")

local export = {}

local function id_of(row)
  return records.item_id(row.round, row.item_index)
end

--- Format -> which rows, and one row as a line.
export.formats = {
  jsonl = { each = records.each_kept, line = function(row)
    return { id = id_of(row), round = row.round, index = row.item_index, text = row.text,
      target = row.target or json.null, cell = row.cell or json.null, meta = json.decode(row.meta) or {} }
  end },
  -- Only replies that were found safe: what is unsafe or could not be checked is no
  -- training data.
  pairs = { each = records.each_pair, line = function(row)
    return { id = id_of(row), prompt = row.text, response = row.response, target = row.target or json.null,
      cell = row.cell or json.null, meta = json.decode(row.meta) or {} }
  end },
}

--- Writes all kept items in order of (round, index).
---@param store userdata
---@param format string
---@param file file*
---@return boolean|nil ok
---@return string|nil message
function export.write(store, format, file)
  local form = export.formats[format]
  local written, why = form.each(store, function(row) return file:write(json.encode(form.line(row)), "\n") end)
  if not written then return nil, why end
  local ok, problem = file:flush()
  return ok and true or nil, problem
end

--- Writes to a file as a whole: readers see the old one or the new one.
function export.to_file(store, format, path, force)
  if core.system.kind(path) and not force then
    return nil, path .. " exists already: --force replaces it"
  end
  local partial = path .. ".partial"
  local file, why = io.open(partial, "wb")
  if not file then return nil, why end
  local ok, problem = export.write(store, format, file)
  file:close()
  if ok then ok, problem = core.system.sync(partial) end
  if ok then ok, problem = os.rename(partial, path) end
  if not ok then
    os.remove(partial)
    return nil, problem
  end
  return core.system.sync(path:match("^(.*/)[^/]*$") or ".")
end

return export

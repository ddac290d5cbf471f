--- A folder that `datasets.load_dataset` reads as it stands.
local card = require("advisor.output.card")
local export = require("advisor.output.export")
local json = require("advisor.output.json")
local parts = require("advisor.output.parts")
local records = require("advisor.engine.records")
local whole = require("advisor.output.whole")

local dataset = {}

local REJECTED = {
  { "id", "string" }, { "round", "int64" }, { "text", "string" }, { "target", "string" },
  { "cell", "string" }, { "reason", "string" }, { "finding", "string" },
}

--- A format as a table's rows: what has no fixed shape becomes JSON text, and the
--- lineage is a column.
local function tabular(format)
  local columns, loose = {}, {}
  for i, column in ipairs(format.columns) do
    columns[i] = column
    if column[2] == "json" then loose[#loose + 1] = column[1] end
  end
  columns[#columns + 1] = { "lineage", { struct = export.lineage_columns } }
  return setmetatable({
    columns = columns,
    row = function(item, given)
      local row = format.row(item, given)
      for _, name in ipairs(row and loose or {}) do row[name] = json.encode(row[name]) end
      return row
    end,
  }, { __index = format })
end

--- Dropped items by reason.
---@return { dropped: table<string, integer>, rows: integer }|nil
---@return string|nil message
local function count_dropped(store)
  local found = { dropped = {}, rows = 0 }
  local ok, why = records.each_dropped(store, function(row)
    found.rows = found.rows + 1
    found.dropped[row.reason] = (found.dropped[row.reason] or 0) + 1
    return true
  end)
  if not ok then return nil, why end
  return found
end

local REJECTED_FILE = "rejected/rejected.jsonl"

local function write_rejected(store, put)
  return put(REJECTED_FILE, function(file)
    return records.each_dropped(store, function(row)
      return whole.write(file, REJECTED_FILE, json.encode({
        id = records.item_id(row.round, row.item_index), round = row.round, text = row.text,
        target = row.target or json.null, cell = row.cell or json.null, reason = row.reason,
        finding = row.finding or json.null }), "\n")
    end)
  end)
end

--- The first row of a format, for the card.
local function first_row(store, format, given)
  local first
  export.each(store, format, given, function(row)
    first = row
    return nil, "one is enough"
  end)
  return first
end

local function configs_of(format, plan, rejected)
  local files = {}
  for i, size in ipairs(plan.sizes) do
    files[i] = { split = size.name, path = parts.path(size.name), rows = size.rows }
  end
  local list = { { name = "default", columns = format.columns, files = files } }
  if rejected > 0 then
    list[2] = { name = "rejected", columns = REJECTED,
      files = { { split = "train", path = REJECTED_FILE, rows = rejected } } }
  end
  return list
end

local function fill(store, given, format, plan, put)
  local mixed, why = parts.write(store, format, given, plan, put)
  if not mixed then return nil, why end
  local rejected, problem = count_dropped(store)
  local wrote = rejected
  if rejected and rejected.rows > 0 then wrote, problem = write_rejected(store, put) end
  if not wrote then return nil, problem end
  local scripts, message = records.scripts(store)
  if not scripts then return nil, message end
  local identity = given.identity
  local facts = identity.facts
  local text = card.text({ name = identity.name, license = given.license,
    configs = configs_of(format, plan, rejected.rows), resolved = json.decode(facts.resolved or "{}"),
    merged = facts.merged_from and json.decode(facts.merged_from) or nil,
    scripts = scripts, digest = identity.digest, version = facts.version or "",
    dropped = rejected.dropped, counts = plan.counts, groups = plan.groups, seed = given.seed,
    command = given.command, example = first_row(store, format, given) })
  local ok, fault = whole.texts(put, { ["README.md"] = text,
    ["experiment.lua"] = facts.experiment or "",
    ["experiment.resolved.json"] = (facts.resolved or "{}") .. "\n" })
  if not ok then return nil, fault end
  return { format = "hf", run = identity.name, digest = identity.digest, seed = given.seed,
    splits = plan.sizes, counts = plan.counts, rejected = rejected.rows, command = given.command }
end

--- Writes the folder as a whole.
---@param store userdata
---@param given table `{ format, seed, license, command }`: `format` is that of the rows.
---@param path string
---@param force boolean|nil
---@return table|nil manifest
---@return string|nil message
function dataset.to_folder(store, given, path, force)
  local format = tabular(given.format)
  local plan, why = parts.plan(store, format, given)
  if not plan then return nil, why end
  local identity, problem = export.identity(store)
  if not identity then return nil, problem end
  local with = setmetatable({ lineage = true, identity = identity }, { __index = given })
  return whole.folder(path, force, function(put)
    return fill(store, with, format, plan, put)
  end)
end

return dataset

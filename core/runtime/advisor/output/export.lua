--- Exports of one file: derived from the record, the same bytes each time.
local csv = require("advisor.output.csv")
local json = require("advisor.output.json")
local mixing = require("advisor.output.mixing")
local records = require("advisor.engine.records")
local whole = require("advisor.output.whole")

local export = {}

--- What a format's `row` gets.
---@class advisor.ExportItem
---@field id string
---@field text string
---@field round integer|nil nil for rows of a file that is mixed in.
---@field index integer|nil
---@field target string|nil
---@field cell string|nil
---@field meta table
---@field response { text: string, verdict: string, meta: table }|nil Only with a verdict that the
---format may see: "safe", unless it asks for others.

--- A file in `output/formats/`; its name is the format's.
---@class advisor.Format
---@field description string One sentence.
---@field needs "items"|"responses" Items alone, or only those with a reply.
---@field verdicts table<string, true>|nil Verdicts of replies that it may see; nil: only "safe".
---@field columns table[]|nil `{ name, type }`: "string", "int64", "bool", "json" (any value, written
---as JSON text in tables), or a list of such: a list of structures.
---@field row fun(item: advisor.ExportItem, given: table): table|nil nil leaves the item out.
---@field writes "csv"|nil nil: JSON lines.
---@field model true|nil It needs `--model`.
---@field mixes false|nil Rows of another data set have not what it needs.
---@field lineage false|nil A row may hold nothing else.
---@field remedy string|nil What to say where no item has what it needs.

local SAFE = { safe = true }

--- Names of the lineage's fields, in order of CSV columns.
export.lineage_columns = {
  { "run", "string" }, { "digest", "string" }, { "id", "string" }, { "round", "int64" },
  { "cell", "string" }, { "target", "string" }, { "instruction", "string" }, { "gap", "string" },
}

local function in_text(value)
  if value == nil then return json.null end
  return type(value) == "string" and value or json.encode(value)
end

--- The run's name, digest and stored facts.
---@return { name: string, digest: string, facts: table<string, string> }|nil
---@return string|nil message
function export.identity(store)
  local facts, why = records.facts(store)
  if not facts then return nil, why end
  return { name = facts.name or "", digest = records.digest(store), facts = facts }
end

--- Where rows came from, as a function of rows of the record.
local function lineage_of(store, identity)
  local round, advice
  return function(row)
    if row.round ~= round then
      local problem
      advice, problem = records.advice(store, row.round)
      if not advice then return nil, problem end
      round = row.round
    end
    local piece = advice[row.advice] or {}
    return { run = identity.name, digest = identity.digest,
      id = records.item_id(row.round, row.item_index), round = row.round,
      cell = row.cell or json.null, target = piece.target or row.target or json.null,
      instruction = in_text(piece.instruction), gap = in_text(piece.gap) }
  end
end

local function foreign_lineage(id)
  local null = json.null
  return { run = null, digest = null, id = id, round = null, cell = null, target = null,
    instruction = null, gap = null }
end

local function item_of(row, format)
  local item = { id = records.item_id(row.round, row.item_index), round = row.round,
    index = row.item_index, text = row.text, target = row.target, cell = row.cell,
    meta = json.decode(row.meta) or {} }
  if row.response and (format.verdicts or SAFE)[row.response_verdict] then
    item.response = { text = row.response, verdict = row.response_verdict,
      meta = json.decode(row.response_meta) or {} }
  end
  return item
end

--- A row, or why there is none: a key of the counts.
local function make(format, item, row, given)
  if format.needs == "responses" and not item.response then
    local answered = row.response and row.response_verdict ~= "failed"
    return nil, answered and "unsafe" or "unanswered"
  end
  local made = format.row(item, given)
  if not made then return nil, "unfit" end
  return made
end

--- Visits the rows of a run's kept items in order.
---@param store userdata
---@param format advisor.Format
---@param given table `{ model, lineage = boolean, identity, only = nil|fun(id): boolean }`; a caller
---that writes several files gives `identity`, so that the digest is made once.
---@param visit fun(row: table, item: advisor.ExportItem): any, string|nil nil, message ends it.
---@return { rows: integer, unanswered: integer, unsafe: integer, unfit: integer }|nil counts
---@return string|nil message
function export.each(store, format, given, visit)
  local counts = { rows = 0, unanswered = 0, unsafe = 0, unfit = 0 }
  local trace
  if given.lineage then
    local identity, why = given.identity, nil
    if not identity then identity, why = export.identity(store) end
    if not identity then return nil, why end
    trace = lineage_of(store, identity)
  end
  local ok, problem = records.each_answered(store, function(row)
    local item = item_of(row, format)
    if given.only and not given.only(item.id) then return true end
    local made, reason = make(format, item, row, given)
    if not made then
      counts[reason] = counts[reason] + 1
      return true
    end
    if trace then
      made.lineage, reason = trace(row)
      if not made.lineage then return nil, reason end
    end
    counts.rows = counts.rows + 1
    return visit(made, item)
  end)
  if not ok then return nil, problem end
  return counts
end

--- As `each`, with the rows of `given.mix` among them: `{ rows, ratio, mode, seed }`.
---@return table|nil counts Also `mixed`.
---@return string|nil message
function export.each_mixed(store, format, given, visit)
  local mix = given.mix
  if not mix then return export.each(store, format, given, visit) end
  local counted, why = export.each(store, format, { model = given.model, only = given.only },
    function() return true end)
  if not counted or counted.rows == 0 then return counted, why end
  local taken, problem = mixing.take(mix, counted.rows)
  if not taken then return nil, problem end
  local function put(other)
    local item = { id = other.id, text = other.prompt, meta = {},
      response = { text = other.response, verdict = "safe", meta = {} } }
    local row = format.row(item, given)
    if given.lineage then row.lineage = foreign_lineage(item.id) end
    return visit(row, item)
  end
  local blend = mixing.blend(taken, counted.rows, mix.mode, mix.seed, put)
  local counts, failed = export.each(store, format, given, function(row, item)
    local ok, message = blend.before()
    if not ok then return nil, message end
    return visit(row, item)
  end)
  if not counts then return nil, failed end
  local ok, message = blend.rest()
  if not ok then return nil, message end
  counts.mixed = #taken
  return counts
end

--- Why a format has no row for any item, and what helps.
---@return string
function export.nothing(format, counts)
  if counts.unfit > 0 and format.remedy then return "nothing to export: " .. format.remedy end
  if counts.unsafe > 0 then
    return ("nothing to export: none of %d replies is known to be safe; a judge can look at them "
      .. "({ \"safe_reply\", judge = true } as pipeline.respond)"):format(counts.unsafe)
  end
  return "nothing to export: no kept item has a reply; run with a pipeline.respond, such as safe_reply"
end

local function cells_of(format, row, lineage)
  local cells = {}
  local function add(columns, values)
    for _, column in ipairs(columns) do
      local value = values[column[1]]
      if value == nil or value == json.null then value = "" end
      cells[#cells + 1] = type(value) == "string" and csv.inert(value) or value
    end
  end
  add(format.columns, row)
  if lineage then add(export.lineage_columns, row.lineage) end
  return cells
end

local function header_of(format, lineage)
  local names = {}
  for i, column in ipairs(format.columns) do names[i] = column[1] end
  if lineage then
    for _, column in ipairs(export.lineage_columns) do
      names[#names + 1] = "lineage_" .. column[1]
    end
  end
  return names
end

--- Writes a format's rows to an open file.
---@param name string The file's name in messages.
---@return table|nil counts
---@return string|nil message
function export.write(store, format, given, file, name)
  local is_csv = format.writes == "csv"
  if is_csv then
    local ok, why = whole.write(file, name, csv.line(header_of(format, given.lineage)))
    if not ok then return nil, why end
  end
  local counts, why = export.each_mixed(store, format, given, function(row)
    local line = is_csv and csv.line(cells_of(format, row, given.lineage))
      or json.encode(row) .. "\n"
    return whole.write(file, name, line)
  end)
  if not counts then return nil, why end
  if counts.rows == 0 and format.needs == "responses" and not given.only then
    return nil, export.nothing(format, counts)
  end
  local ok, problem = file:flush()
  if not ok then return nil, ("%s: %s"):format(name, problem) end
  return counts
end

--- Writes to a file as a whole: readers see the old one or the new one.
---@param path string
---@param force boolean|nil Replace one that is there.
---@return table|nil counts
---@return string|nil message
function export.to_file(store, format, given, path, force)
  return whole.file(path, force, function(file)
    return export.write(store, format, given, file, path)
  end)
end

return export

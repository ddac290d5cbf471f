--- What was read of a damaged run, as files that other programs can use.
local core = require("advisor_core")
local json = require("advisor.output.json")
local jsonl = require("advisor.output.formats.jsonl")
local records = require("advisor.engine.records")
local rows = require("advisor.salvage.rows")
local whole = require("advisor.output.whole")

local writing = {}

--- A text that JSON can hold.
local function clean(value)
  if value == nil then return json.null end
  return core.text.valid(value) and value or core.text.repair(value)
end

--- Adds bytes to a row: as text, and where they are none also as they are.
local function add_bytes(row, name, value)
  row[name] = clean(value)
  if value and not core.text.valid(value) then
    row[name .. "_hex"] = value:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  end
end

local function decoded(value)
  local table_ = value and json.decode(value)
  if table_ == nil then return clean(value) end
  return table_
end

local function item_row(row)
  local meta = json.decode(row.meta)
  return jsonl.row({ id = records.item_id(row.round, row.item_index), round = row.round, index = row.item_index,
    text = clean(row.text), target = row.target and clean(row.target), cell = row.cell and clean(row.cell),
    meta = type(meta) == "table" and meta or {} })
end

--- Files of one table each: which rows, and what of them.
local FILES = {
  { file = "items.jsonl", table = "item", row = function(row)
    return row.verdict == "kept" and item_row(row) or nil
  end },
  { file = "not_kept.jsonl", table = "item", row = function(row)
    if row.verdict == "kept" then return nil end
    local made = item_row(row)
    made.verdict, made.reason, made.finding = row.verdict, clean(row.reason), decoded(row.finding)
    return made
  end },
  { file = "responses.jsonl", table = "response", row = function(row)
    return { id = records.item_id(row.round, row.item_index), verdict = row.verdict, text = clean(row.text),
      meta = decoded(row.meta) }
  end },
}

--- The rows of a file, one a line.
local function write_table(put, pages, found, each)
  local written, unconfirmed = 0, 0
  local counts, why = put(each.file, function(file)
    return rows.each(pages, found, each.table, function(row)
      local made = each.row(row)
      if not made then return true end
      written = written + 1
      if row.unconfirmed then made.unconfirmed, unconfirmed = true, unconfirmed + 1 end
      return whole.write(file, each.file, json.encode(made), "\n")
    end)
  end)
  if not counts then return nil, why end
  return { rows = written, lost = counts.lost, unconfirmed = unconfirmed }
end

--- Attempts with their replies, in the order in which they were made; a reply whose
--- attempt is lost has its bytes all the same.
local function write_calls(put, pages, found)
  local attempts, outcomes = {}, {}
  assert(rows.each(pages, found, "outcome", function(row)
    outcomes[row.attempt] = row
    return true
  end))
  for id, places in pairs(found.attempt) do attempts[id] = places end
  local function attempt_of(id)
    local row
    rows.each(pages, { attempt = { [id] = attempts[id] } }, "attempt", function(read)
      row = read
      return true
    end)
    return row or {}
  end
  return write_table(put, pages, found, { file = "replies.jsonl", table = "reply", row = function(row)
    local attempt, outcome = attempt_of(row.attempt), outcomes[row.attempt] or {}
    local made = { id = row.attempt, state = row.state, http = row.http, why = clean(row.why),
      round = attempt.round or json.null, stage = clean(attempt.stage), lane = clean(attempt.lane),
      ordinal = attempt.ordinal or json.null, n = attempt.n or json.null, role = clean(attempt.role),
      request = decoded(attempt.request), class = clean(outcome.class) }
    add_bytes(made, "raw", row.raw)
    return made
  end })
end

--- The experiment and the scripts, as a run folder has them.
local function write_sources(put, pages, found)
  local facts, texts = {}, {}
  assert(rows.each(pages, found, "run", function(row)
    facts[row.key] = row.value
    return true
  end))
  texts["experiment.lua"] = facts.experiment
  texts["experiment.resolved.json"] = facts.resolved and facts.resolved .. "\n"
  assert(rows.each(pages, found, "script", function(row)
    if core.text.hash(row.source) == row.hash then
      texts[("scripts/%s-%s.lua"):format(row.hash, row.name:gsub("[^%w_%-]", "_"))] = row.source
    end
    return true
  end))
  return whole.texts(put, texts)
end

--- Numbers between the first and the last one that are not there.
local function gaps(keys)
  local n, last = 0, 0
  for key in pairs(keys) do n, last = n + 1, math.max(last, key) end
  return last - n
end

--- Writes all that can be read into a new folder.
---@param pages table As of `pages.open`.
---@param folder string
---@param force boolean|nil Replace an earlier export.
---@return table|nil result `{ items, not_kept, responses, replies: { rows, lost, unconfirmed }, missing_attempts,
---broken_cells, pages }`; `unconfirmed`: how many of the rows only a part of the log has that SQLite would
---not trust, and that say so.
---@return string|nil message
function writing.folder(pages, folder, force)
  local found, broken = rows.find(pages)
  return whole.folder(folder, force, function(put)
    local result = { broken_cells = broken, pages = pages:count(), missing_attempts = gaps(found.attempt) }
    for _, each in ipairs(FILES) do
      local counts, why = write_table(put, pages, found, each)
      if not counts then return nil, why end
      result[each.file:match("^[%w_]+")] = counts
    end
    local counts, why = write_calls(put, pages, found)
    if not counts then return nil, why end
    result.replies = counts
    local ok, problem = write_sources(put, pages, found)
    if not ok then return nil, problem end
    return result
  end)
end

return writing

--- The rows that rounds and items leave in run.db, and their SQL. Calls are
--- recorded by core/calls; outcomes by models/ask.lua.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local options = require("advisor.host.options")

local records = {}

--- One kept item's line in the digest: id, text, target.
function records.digest_line(item)
  return json.encode({ id = item.id, text = item.text, target = item.target }) .. "\n"
end

--- The id of an item: r<round>-<index>.
function records.item_id(round, index)
  return ("r%d-%d"):format(round, index)
end

--- The rows of a query; raises where it fails. For files that hold SQL.
---@param store userdata
---@param sql string
---@return table[]
function records.rows(store, sql, ...)
  local rows, message, code = store:query(sql, ...)
  if not rows then error({ message = message, code = code }, 0) end
  return rows
end

--- What SQLite finds wrong with the file at a quick look, which reads all of it.
---@return string|nil problem
function records.damage(store)
  local rows, why = store:query("PRAGMA quick_check(1)")
  if not rows then return why end
  local word = rows[1] and rows[1].quick_check
  return word ~= "ok" and (word or "no answer"):gsub("%s+", " ") or nil
end

local function write(store, statements)
  local ok, message, code = store:write(statements)
  if not ok then return nil, message, code end
  return true
end

local INSERT_VECTOR = "INSERT OR IGNORE INTO vector (model, hash, round, data) VALUES (?, ?, ?, "
  .. "CAST(? AS BLOB))"

local SET = "INSERT INTO run (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
  .. "excluded.value"

--- Sets facts about the run. Yields until they are on disk.
---@param facts table<string, string>
function records.set(store, facts)
  local statements, keys = {}, {}
  for key in pairs(facts) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do statements[#statements + 1] = { SET, key, facts[key] } end
  return write(store, statements)
end

--- Sets facts about a run that goes further than it was meant to: rounds that were
--- surplus are made again, from the journal. Yields until it is on disk.
function records.extend(store, facts)
  local ok, why, code = write(store, {
    { "DELETE FROM item WHERE round IN (SELECT round FROM round WHERE state = 'surplus')" },
    { "DELETE FROM round WHERE state = 'surplus'" },
  })
  if not ok then return nil, why, code end
  return records.set(store, facts)
end

local function add_scripts(statements, scripts)
  for _, script in ipairs(scripts) do
    statements[#statements + 1] = {
      "INSERT INTO script (kind, name, hash, origin, source) VALUES (?, ?, ?, ?, ?)",
      script.kind, script.name, script.hash, script.origin, script.source,
    }
  end
end

--- Makes a copy of a run into one of its first rounds, with facts of its own. Yields
--- until it is on disk.
---@param round integer The last round that stays.
---@param with_calls boolean Whether the calls of later rounds go as well.
---@param facts table<string, string>
---@param dropped string[] Keys of facts that go.
---@param scripts advisor.Script[]|nil In the place of the run's own.
function records.cut(store, round, with_calls, facts, dropped, scripts)
  local statements = {
    { "DELETE FROM response WHERE round > ?", round }, { "DELETE FROM item WHERE round > ?", round },
    { "DELETE FROM round WHERE round > ?", round }, { "DELETE FROM vector WHERE round > ?", round },
  }
  if with_calls then
    local later = " IN (SELECT id FROM attempt WHERE round > ?)"
    table.move({
      { "DELETE FROM outcome WHERE attempt" .. later, round },
      { "DELETE FROM reply WHERE attempt" .. later, round },
      { "DELETE FROM attempt WHERE round > ?", round },
    }, 1, 3, #statements + 1, statements)
  end
  if scripts then
    statements[#statements + 1] = { "DELETE FROM script" }
    add_scripts(statements, scripts)
  end
  -- The store has marked the copy as one that is not what it says yet.
  statements[#statements + 1] = { "DELETE FROM run WHERE key = 'unfinished'" }
  for _, key in ipairs(dropped) do statements[#statements + 1] = { "DELETE FROM run WHERE key = ?", key } end
  for _, key in ipairs(options.sorted_keys(facts)) do
    statements[#statements + 1] = { SET, key, facts[key] }
  end
  return write(store, statements)
end

--- Lets the vectors of a run be seen from its first round on: for a replay that decides
--- anew, whose other choices may want them earlier. Yields until it is on disk.
function records.know_vectors(store, source)
  local rows, why = source:query("SELECT model, hash, data FROM vector")
  if not rows then return nil, why end
  local statements = {}
  for i, row in ipairs(rows) do statements[i] = { INSERT_VECTOR, row.model, row.hash, 0, row.data } end
  if #statements == 0 then return true end
  return write(store, statements)
end

--- All facts about the run.
---@return table<string, string>|nil
---@return string|nil message
function records.facts(store)
  local rows, message, code = store:query("SELECT key, value FROM run")
  if not rows then return nil, message, code end
  local facts = {}
  for _, row in ipairs(rows) do facts[row.key] = row.value end
  return facts
end

--- Stores what a new run needs to go on without any file beside it.
---@param facts table<string, string>
---@param scripts advisor.Script[]
function records.begin(store, facts, scripts)
  local statements = {}
  add_scripts(statements, scripts)
  for _, key in ipairs(options.sorted_keys(facts)) do
    statements[#statements + 1] = { SET, key, facts[key] }
  end
  return write(store, statements)
end

--- The scripts that a run uses.
function records.scripts(store)
  return store:query("SELECT kind, name, hash, origin, source FROM script")
end

--- Rows of one transaction.
local BATCH = 1000

--- Forgets the texts of references: those of a run that was killed before it began.
function records.clear_references(store)
  return write(store, { { "DELETE FROM reference" } })
end

--- Stores the texts of a reference, a batch at a time. Yields until they are on disk.
---@param name string
---@param texts string[]
function records.add_reference(store, name, texts)
  for first = 1, #texts, BATCH do
    local statements = {}
    for i = first, math.min(first + BATCH - 1, #texts) do
      statements[#statements + 1] = {
        "INSERT INTO reference (name, reference_index, text) VALUES (?, ?, ?)", name, i, texts[i],
      }
    end
    local ok, message, code = write(store, statements)
    if not ok then return nil, message, code end
  end
  return true
end

local INSERT_ROUND = "INSERT INTO round (round, read_round, state, why, gaps, advice, summary, "
  .. "variants, notes, tokens,"
  .. " cost, wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
local INSERT_ITEM = "INSERT INTO item (round, item_index, verdict, text, target, cell, advice, "
  .. "reason, finding,"
  .. " verdicts, meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

local function item_row(round, draft)
  local finding = draft.finding and json.encode(draft.finding) or nil
  return { INSERT_ITEM, round, draft.index, draft.verdict, draft.text, draft.target, draft.cell,
    draft.advice,
    draft.reason, finding, json.encode(json.array(draft.verdicts)), json.encode(draft.meta),
      n = 12 }
end

--- The vector of a text, if a round up to `horizon` embedded it.
---@param model string As the role's `model`.
---@param hash string Of the text.
---@return string|nil
function records.vector(store, model, hash, horizon)
  local rows = records.rows(store, "SELECT data FROM vector WHERE model = ? AND hash = ? AND round <= ?",
    model, hash, horizon)
  return rows[1] and rows[1].data
end

local function add_vectors(statements, round, vectors)
  for _, entry in ipairs(vectors) do
    statements[#statements + 1] = { INSERT_VECTOR, entry.model, entry.hash, round, entry.vector }
  end
end

local INSERT_RESPONSE = "INSERT INTO response (round, item_index, verdict, text, finding, meta)"
  .. " VALUES (?, ?, ?, ?, ?, ?)"

local function response_row(round, index, response)
  return { INSERT_RESPONSE, round, index, response.verdict, response.text,
    response.finding and json.encode(response.finding), json.encode(response.meta), n = 7 }
end

--- Commits a round as a whole. Yields until it is on disk.
---@param result table The round as engine/round.lua makes it. One that is put together from other
---runs may have its `responses`, each with the `index` of its item.
function records.commit_round(store, result)
  local statements = { { INSERT_ROUND, result.number, result.read_round, result.state,
    result.why or "",
    json.encode(json.array(result.gaps)), json.encode(json.array(result.advice)),
    json.encode(result.summary),
    json.encode(result.variants), json.encode(json.array(result.notes)), json.encode(result.spent),
    result.spent.money, core.system.wall_ms(), n = 13 } }
  for _, draft in ipairs(result.drafts) do
    statements[#statements + 1] = item_row(result.number, draft)
  end
  add_vectors(statements, result.number, result.vectors or {})
  for _, response in ipairs(result.responses or {}) do
    statements[#statements + 1] = response_row(result.number, response.index, response)
  end
  return write(store, statements)
end

--- Commits what was measured before the first round. Yields until it is on disk.
---@param measured string JSON.
---@param vectors { model: string, hash: string, vector: string }[]
function records.commit_measured(store, measured, vectors)
  local statements = { { SET, "measured", measured } }
  add_vectors(statements, 0, vectors)
  return write(store, statements)
end

--- Committed rounds in order, as stored.
function records.rounds(store)
  return store:query("SELECT round, read_round, state, why, gaps, advice, summary, variants, "
    .. "tokens, cost, notes FROM round "
    .. "WHERE state <> 'surplus' ORDER BY round")
end

--- A round as stored; nil where there is none.
---@return table|nil
function records.round(store, round)
  local rows = records.rows(store, "SELECT round, read_round, state, why, gaps, advice, summary, variants,"
    .. " tokens, cost, notes FROM round WHERE round = ?", round)
  return rows[1]
end

--- All items of a round, in order.
---@return table[]|nil
---@return string|nil message
function records.items_of(store, round)
  return store:query("SELECT item_index, verdict, text, target, cell, advice, reason, finding, verdicts,"
    .. " meta FROM item WHERE round = ? ORDER BY item_index", round)
end

local PAGE = 500

--- Rows of a query in order of (round, index), a page at a time: memory does not
--- grow with the data set.
---@param sql string Ends before its ORDER BY; its last condition is about item `i`.
local function each(store, sql, visit)
  local round, index = -1, -1
  while true do
    local rows, why = store:query(sql .. " AND (i.round, i.item_index) > (?, ?)"
      .. " ORDER BY i.round, i.item_index LIMIT ?", round, index, PAGE)
    if not rows then return nil, why end
    for _, row in ipairs(rows) do
      local ok, problem = visit(row)
      if not ok then return nil, problem end
    end
    if #rows < PAGE then return true end
    round, index = rows[#rows].round, rows[#rows].item_index
  end
end

--- Kept items in order of (round, index).
---@param store userdata
---@param visit fun(row: table): any, string|nil Rows `{ round, item_index, text, target, cell, meta
---}`; nil, message ends it.
---@return boolean|nil ok
---@return string|nil message
function records.each_kept(store, visit)
  return each(store, "SELECT i.round, i.item_index, i.text, i.target, i.cell, i.meta FROM item i"
    .. " WHERE i.verdict = 'kept'", visit)
end

--- Kept items with what an export may say of them, in order.
---@param visit fun(row: table): any, string|nil Rows as for `each_kept`, with `advice` (its
---position in the round's) and, where there is a reply, `response`, `response_verdict`,
---`response_meta`.
---@return boolean|nil ok
---@return string|nil message
function records.each_answered(store, visit)
  return each(store, "SELECT i.round, i.item_index, i.text, i.target, i.cell, i.meta, i.advice,"
    .. " p.text AS response, p.verdict AS response_verdict, p.meta AS response_meta"
    .. " FROM item i LEFT JOIN response p USING (round, item_index) WHERE i.verdict = 'kept'", visit)
end

--- Dropped items in order.
---@param visit fun(row: table): any, string|nil Rows `{ round, item_index, text, target, cell,
---reason, finding }`.
---@return boolean|nil ok
---@return string|nil message
function records.each_dropped(store, visit)
  return each(store, "SELECT i.round, i.item_index, i.text, i.target, i.cell, i.reason, i.finding"
    .. " FROM item i WHERE i.verdict = 'dropped'", visit)
end

--- The advice of a round, in order.
---@return table[]|nil advice `{ target, instruction, count, gap }`
---@return string|nil message
function records.advice(store, round)
  local rows, why = store:query("SELECT advice FROM round WHERE round = ?", round)
  if not rows then return nil, why end
  return rows[1] and json.decode(rows[1].advice) or {}
end

--- The digest of a data set: XXH3-128 over the canonical lines of its kept
--- items in order of (round, index).
---@return string hex
function records.digest(store)
  local hasher = core.text.hasher()
  failure.must(records.each_kept(store, function(row)
    hasher:add(records.digest_line({ id = records.item_id(row.round, row.item_index),
      text = row.text,
      target = row.target }))
    return true
  end))
  return hasher:hex()
end

--- Kept items of one round, in order.
function records.kept_in(store, round)
  return store:query("SELECT item_index, text, target, cell, meta FROM item WHERE round = ? AND "
    .. "verdict = 'kept' "
    .. "ORDER BY item_index", round)
end

--- Attempts of a round with what came of them, in order.
function records.attempts_of(store, round)
  return store:query("SELECT a.id, a.round, a.stage, a.lane, a.ordinal, a.n, a.request, a.endpoint, r.state,"
    .. " r.curl, r.http, r.sends, r.headers, r.raw, r.why, o.class, o.reason, o.final FROM attempt a"
    .. " JOIN reply r ON r.attempt = a.id LEFT JOIN outcome o ON o.attempt = a.id WHERE a.round = ?"
    .. " ORDER BY a.id", round)
end

--- A reply that was paid for, to the same call with the same body.
---@param any boolean Also one that is a refusal or has no text.
---@return { raw: string, endpoint: string }|nil
function records.paid_reply(store, round, stage, lane, ordinal, body, any)
  local rows = records.rows(store, "SELECT r.raw, a.endpoint, o.class, o.reason FROM attempt a JOIN reply r"
    .. " ON r.attempt = a.id JOIN outcome o ON o.attempt = a.id WHERE a.round = ? AND a.stage = ? AND"
    .. " a.lane = ? AND a.ordinal = ? AND a.sent = CAST(? AS BLOB) AND o.final = 1 AND r.state = 'done'"
    .. " AND o.class IN ('ok', 'unusable') ORDER BY a.id DESC LIMIT 1", round, stage, lane, ordinal, body)
  local row = rows[1]
  local usual = row and row.class == "ok" and row.reason ~= "refusal" and row.reason ~= "filtered"
  return row and (any or usual) and row or nil
end

--- Attempts that were in flight when the process ended.
---@return integer[]|nil ids
---@return integer|string last The last round that has an attempt; -1: none. On failure, why.
---@return string|nil code
function records.lost_attempts(store)
  local rows, why, code = store:query("SELECT a.id FROM attempt a LEFT JOIN reply r ON r.attempt = a.id"
    .. " WHERE r.attempt IS NULL ORDER BY a.id")
  if not rows then return nil, nil, why, code end
  local ids, last = {}
  for i, row in ipairs(rows) do ids[i] = row.id end
  last, why, code = store:query("SELECT coalesce(max(round), -1) AS last FROM attempt")
  if not last then return nil, nil, why, code end
  return ids, last[1].last
end

--- Stores the response to a kept item. Yields until it is on disk.
function records.add_response(store, round, index, response)
  return write(store, { response_row(round, index, response) })
end

--- Kept items without a response, in order.
function records.unanswered(store)
  return store:query("SELECT i.round, i.item_index, i.text, i.target, i.cell, i.meta FROM item i"
    .. " LEFT JOIN response p USING (round, item_index) WHERE i.verdict = 'kept' AND p.round IS "
    .. "NULL"
    .. " ORDER BY i.round, i.item_index")
end

--- Marks the attempts that were in flight when the process ended: their outcome
--- is not known. Yields until that is on disk.
---@param ids integer[]
---@param curl integer The code that tells them from a lost connection.
function records.mark_interrupted(store, ids, curl)
  local statements = {}
  for _, id in ipairs(ids) do
    statements[#statements + 1] = {
      "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down, "
        .. "headers, raw, why)"
        .. " VALUES (?, 'unknown', ?, 0, 0, 0, 0, 0, '', NULL, 'the process ended while it was in "
        .. "flight')",
      id, curl,
    }
    statements[#statements + 1] = {
      "INSERT INTO outcome (attempt, class, reason, final) VALUES (?, 'unknown', 'interrupted', 0)",
      id,
    }
  end
  if #statements == 0 then return true end
  return write(store, statements)
end

--- Texts of a reference in order, those after `index`, a page at a time.
---@return { reference_index: integer, text: string }[]
function records.reference_page(store, name, index)
  return records.rows(store, "SELECT reference_index, text FROM reference WHERE name = ? AND "
    .. "reference_index > ? ORDER BY reference_index LIMIT ?", name, index, BATCH)
end

--- One text of a reference.
---@return string
function records.reference_text(store, name, index)
  return records.rows(store, "SELECT text FROM reference WHERE name = ? AND reference_index = ?",
    name, index)[1].text
end

return records

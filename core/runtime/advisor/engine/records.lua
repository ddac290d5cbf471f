--- The rows that rounds and items leave in run.db, and their SQL. Calls are
--- recorded by core/calls; outcomes by models/ask.lua.
local core = require("advisor_core")
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

local function write(store, statements)
  local ok, message, code = store:write(statements)
  if not ok then return nil, message, code end
  return true
end

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
  for _, script in ipairs(scripts) do
    statements[#statements + 1] = {
      "INSERT INTO script (kind, name, hash, origin, source) VALUES (?, ?, ?, ?, ?)",
      script.kind, script.name, script.hash, script.origin, script.source,
    }
  end
  for _, key in ipairs(options.sorted_keys(facts)) do
    statements[#statements + 1] = { SET, key, facts[key] }
  end
  return write(store, statements)
end

--- The scripts that a run uses.
function records.scripts(store)
  return store:query("SELECT kind, name, hash, origin, source FROM script")
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

--- Commits a round as a whole. Yields until it is on disk.
---@param result table The round as engine/round.lua makes it.
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
  return write(store, statements)
end

--- Committed rounds in order, as stored.
function records.rounds(store)
  return store:query("SELECT round, read_round, state, why, gaps, advice, summary, variants, "
    .. "tokens, cost, notes FROM round "
    .. "WHERE state <> 'surplus' ORDER BY round")
end

local PAGE = 500

--- Kept items in order of (round, index), a page at a time: memory does not grow
--- with the data set.
---@param store userdata
---@param visit fun(row: table): any, string|nil Rows `{ round, item_index, text, target, cell, meta
---}`; nil, message ends it.
---@return boolean|nil ok
---@return string|nil message
function records.each_kept(store, visit)
  local round, index = -1, -1
  while true do
    local rows, why = store:query("SELECT round, item_index, text, target, cell, meta FROM item "
      .. "WHERE verdict = 'kept'"
      .. " AND (round, item_index) > (?, ?) ORDER BY round, item_index LIMIT ?", round, index, PAGE)
    if not rows then return nil, why end
    for _, row in ipairs(rows) do
      local ok, problem = visit(row)
      if not ok then return nil, problem end
    end
    if #rows < PAGE then return true end
    round, index = rows[#rows].round, rows[#rows].item_index
  end
end

--- Kept items with their safe response, in order; those without one are left out.
---@param visit fun(row: table): any, string|nil Rows as for `each_kept`, with `response` and `finding`.
function records.each_pair(store, visit)
  return records.each_kept(store, function(row)
    local found, why = store:query("SELECT text, finding FROM response WHERE round = ? AND item_index = ?"
      .. " AND verdict = 'safe'", row.round, row.item_index)
    if not found then return nil, why end
    if not found[1] then return true end
    row.response, row.finding = found[1].text, found[1].finding
    return visit(row)
  end)
end

--- The digest of a data set: XXH3-128 over the canonical lines of its kept
--- items in order of (round, index).
---@return string hex
function records.digest(store)
  local hasher = core.text.hasher()
  assert(records.each_kept(store, function(row)
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

--- Attempts of rounds that are not committed, or whose items still lack a
--- response, with what came of them.
function records.open_attempts(store, after_round)
  return store:query("SELECT a.id, a.round, a.stage, a.lane, a.ordinal, a.n, a.request, r.state, "
    .. "r.curl, r.http,"
    .. " r.sends, r.headers, r.raw, r.why, o.class, o.reason, o.final FROM attempt a LEFT JOIN "
    .. "reply r ON r.attempt = a.id"
    .. " LEFT JOIN outcome o ON o.attempt = a.id WHERE a.round > ? OR (a.stage = 'respond' AND "
    .. "EXISTS (SELECT 1 FROM"
    .. " item i LEFT JOIN response p USING (round, item_index) WHERE i.round = a.round AND "
    .. "i.verdict = 'kept'"
    .. " AND p.round IS NULL)) ORDER BY a.id", after_round)
end

--- Stores the response to a kept item. Yields until it is on disk.
function records.add_response(store, round, index, response)
  return write(store, { { "INSERT INTO response (round, item_index, verdict, text, finding, meta)"
    .. " VALUES (?, ?, ?, ?, ?, ?)", round, index, response.verdict, response.text,
    response.finding and json.encode(response.finding), json.encode(response.meta), n = 7 } })
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

local function count(store, sql)
  local rows, message, code = store:query(sql)
  if not rows then error({ message = message, code = code }, 0) end
  return rows
end

--- What came of prompt variants over all rounds, in order of name.
---@return table[] `{ variant, drafts, kept, reasons, tokens }`
function records.variants(store)
  local total = {}
  for _, row in ipairs(count(store, "SELECT variants FROM round WHERE state = 'committed' AND "
    .. "variants <> '{}'")) do
    records.add_variants(total, json.decode(row.variants))
  end
  local list = {}
  for _, name in ipairs(options.sorted_keys(total)) do list[#list + 1] = total[name] end
  return json.array(list)
end

--- Adds one round's variants to a total, both by name.
function records.add_variants(total, variants)
  for _, name in ipairs(options.sorted_keys(variants)) do
    local sum = total[name] or { variant = name, drafts = 0, kept = 0, tokens = 0, reasons = {} }
    local more = variants[name]
    total[name] = sum
    sum.drafts, sum.kept, sum.tokens = sum.drafts + more.drafts, sum.kept + more.kept,
      sum.tokens + more.tokens
    for reason, n in pairs(more.reasons) do sum.reasons[reason] = (sum.reasons[reason] or 0) + n end
  end
end

--- What `advisor status` prints, from the record alone.
---@param store userdata
---@return table
function records.summary(store)
  local facts = assert(records.facts(store))
  local dropped = {}
  for _, row in ipairs(count(store, "SELECT reason, count(*) AS n FROM item WHERE verdict = "
    .. "'dropped' "
    .. "GROUP BY reason")) do
    dropped[row.reason] = row.n
  end
  local items = count(store, "SELECT count(*) AS drafts, coalesce(sum(verdict = 'kept'), 0) AS "
    .. "kept,"
    .. " coalesce(sum(verdict = 'surplus'), 0) AS surplus FROM item")[1]
  local calls = count(store, "SELECT count(*) AS attempts, count(DISTINCT round || '/' || stage "
    .. "|| '/' || lane || '/'"
    .. " || ordinal) AS calls FROM attempt")[1]
  local unknown = count(store, "SELECT count(*) AS n FROM reply WHERE state = 'unknown'")[1].n
  local in_flight = count(store, "SELECT count(*) AS n FROM attempt a LEFT JOIN reply r ON "
    .. "r.attempt = a.id"
    .. " WHERE r.attempt IS NULL")[1].n
  unknown = unknown + count(store, "SELECT count(*) AS n FROM outcome o JOIN reply r ON r.attempt "
    .. "= o.attempt"
    .. " WHERE o.class = 'unknown' AND r.state <> 'unknown'")[1].n
  local tokens = count(store, "SELECT coalesce(sum(prompt_tokens), 0) AS prompt, "
    .. "coalesce(sum(completion_tokens), 0)"
    .. " AS completion, sum(cost) AS cost, count(*) AS n, count(cost) AS priced FROM outcome"
    .. " WHERE class IN ('ok', 'unusable')")[1]
  local rounds = count(store, "SELECT coalesce(sum(state = 'committed'), 0) AS committed,"
    .. " coalesce(sum(state = 'failed'), 0) AS failed FROM round")[1]
  local responses = {}
  for _, row in ipairs(count(store,
    "SELECT verdict, count(*) AS n FROM response GROUP BY verdict")) do
    responses[row.verdict] = row.n
  end
  return {
    name = facts.name, state = facts.state, why = facts.why, rounds = rounds.committed,
    failed_rounds = rounds.failed,
    calls = calls.calls, attempts = calls.attempts, unknown_attempts = unknown,
    in_flight = in_flight, drafts = items.drafts,
    kept = items.kept, responses = responses, variants = records.variants(store),
    surplus = items.surplus, dropped = dropped,
    tokens = { prompt = tokens.prompt, completion = tokens.completion },
    cost = tokens.n > 0 and tokens.priced == tokens.n and tokens.cost or json.null,
    digest = records.digest(store), accept = tonumber(facts.accept),
    rounds_asked = tonumber(facts.rounds),
  }
end

return records

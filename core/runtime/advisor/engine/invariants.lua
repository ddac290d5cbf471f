--- What must hold in every run's record, whatever happened to the process that wrote
--- it. Each check reads only; none repairs.
local core = require("advisor_core")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rows = require("advisor.salvage.rows")

local invariants = {}

--- Committed rounds that have calls, with the sums of what their scripts were given.
--- What a replay decides anew rests on other calls than the recorded ones. Replies of
--- another run cost nothing, and are counted at their price all the same.
local ACCOUNTED = "round d JOIN (SELECT a.round, count(o.final) AS calls, count(o.final + o.cost) AS priced,"
  .. " coalesce(sum(coalesce(o.prompt_tokens, 0) + coalesce(o.completion_tokens, 0)), 0) AS tokens,"
  .. " coalesce(sum(o.cost), 0) AS cost, sum(a.endpoint LIKE 'reused:%') AS reused FROM attempt a"
  .. " LEFT JOIN outcome o ON o.attempt = a.id AND o.final = 1 AND o.class IN ('ok', 'unusable')"
  .. " WHERE a.stage <> 'respond' GROUP BY a.round) c USING (round) WHERE d.state = 'committed'"
  .. " AND json_valid(d.tokens) AND NOT EXISTS (SELECT 1 FROM run WHERE key = 'replayed')"

--- Rows that must not be there. Each query gives `what` to name a row by.
---@type { name: string, means: string, sql: string }[]
local FORBIDDEN = {
  { name = "schema", means = "triggers or views that the program did not make",
    sql = "SELECT name AS what FROM sqlite_schema WHERE type = 'trigger' OR (type = 'view' AND name <> 'journal')" },
  { name = "attempts", means = "attempts with the same call and number",
    sql = "SELECT max(id) AS what FROM attempt GROUP BY round, stage, lane, ordinal, n HAVING count(*) > 1" },
  { name = "attempts", means = "calls whose attempts are not numbered from 1 on",
    sql = "SELECT max(id) AS what FROM attempt GROUP BY round, stage, lane, ordinal"
      .. " HAVING min(n) <> 1 OR max(n) <> count(*)" },
  { name = "attempts", means = "calls that asked for different things under one key",
    sql = "SELECT max(id) AS what FROM attempt GROUP BY round, stage, lane, ordinal"
      .. " HAVING min(request) <> max(request)" },
  { name = "attempts", means = "calls sent again while nothing said what had come of them",
    sql = "SELECT max(a.id) AS what FROM attempt a LEFT JOIN outcome o ON o.attempt = a.id"
      .. " GROUP BY a.round, a.stage, a.lane, a.ordinal HAVING min(CASE WHEN o.attempt IS NULL THEN a.n END)"
      .. " < max(a.n)" },
  { name = "attempts", means = "calls in flight in a run that is done",
    sql = "SELECT id AS what FROM attempt WHERE id NOT IN (SELECT attempt FROM reply)"
      .. " AND EXISTS (SELECT 1 FROM run WHERE key = 'state' AND value = 'done')" },
  { name = "attempts", means = "lanes whose calls are not numbered from 1 on",
    sql = "SELECT max(id) AS what FROM attempt WHERE NOT EXISTS (SELECT 1 FROM run WHERE key = 'replayed')"
      .. " GROUP BY round, stage, lane HAVING min(ordinal) <> 1 OR max(ordinal) <> count(DISTINCT ordinal)" },
  { name = "replies", means = "replies without an attempt",
    sql = "SELECT attempt AS what FROM reply WHERE attempt NOT IN (SELECT id FROM attempt)" },
  { name = "replies", means = "replies of no known state, or without the bytes that came",
    sql = "SELECT attempt AS what FROM reply WHERE state NOT IN ('done', 'failed', 'unknown')"
      .. " OR (state = 'done' AND raw IS NULL)" },
  { name = "replies", means = "replies to a request that was sent more than once, or never",
    sql = "SELECT attempt AS what FROM reply WHERE sends > 1 OR (state = 'failed' AND sends > 0 AND http > 0)" },
  { name = "outcomes", means = "outcomes without a reply",
    sql = "SELECT attempt AS what FROM outcome WHERE attempt NOT IN (SELECT attempt FROM reply)" },
  { name = "outcomes", means = "texts that are said to be in a reply that never came",
    sql = "SELECT o.attempt AS what FROM outcome o JOIN reply r USING (attempt)"
      .. " WHERE o.class = 'ok' AND r.state <> 'done'" },
  { name = "outcomes", means = "calls with several final outcomes, or asked again after one",
    sql = "SELECT max(a.id) AS what FROM attempt a LEFT JOIN outcome o ON o.attempt = a.id"
      .. " GROUP BY a.round, a.stage, a.lane, a.ordinal HAVING coalesce(sum(o.final), 0) > 1"
      .. " OR max(CASE WHEN o.final = 1 THEN a.n END) < max(a.n)" },
  { name = "outcomes", means = "calls of committed rounds that have no final outcome",
    sql = "SELECT max(a.id) AS what FROM attempt a JOIN round d ON d.round = a.round AND d.state = 'committed'"
      .. " LEFT JOIN outcome o ON o.attempt = a.id WHERE a.stage <> 'respond'"
      .. " GROUP BY a.round, a.stage, a.lane, a.ordinal HAVING coalesce(sum(o.final), 0) = 0" },
  { name = "rounds", means = "rounds behind a gap",
    sql = "SELECT round AS what FROM (SELECT round, row_number() OVER (ORDER BY round) AS place FROM round"
      .. " WHERE state <> 'surplus') WHERE round <> place" },
  { name = "rounds", means = "surplus rounds before the last one that counts",
    sql = "SELECT round AS what FROM round WHERE state = 'surplus' AND round <"
      .. " (SELECT max(round) FROM round WHERE state <> 'surplus')" },
  { name = "rounds", means = "rounds of no known state, or that read a later one",
    sql = "SELECT round AS what FROM round WHERE state NOT IN ('committed', 'failed', 'surplus')"
      .. " OR read_round < 0 OR read_round >= round" },
  { name = "rounds", means = "rounds whose JSON cannot be read",
    sql = "SELECT round AS what FROM round WHERE NOT (json_valid(gaps) AND json_valid(advice) AND"
      .. " json_valid(summary) AND json_valid(variants) AND json_valid(notes) AND json_valid(tokens))" },
  { name = "rounds", means = "rounds whose advice, gaps or notes are of no known form",
    sql = "SELECT d.round AS what FROM round d WHERE EXISTS (SELECT 1 FROM json_each(d.advice)"
      .. " WHERE type <> 'object') OR EXISTS (SELECT 1 FROM json_each(d.notes) WHERE type <> 'object')"
      .. " OR EXISTS (SELECT 1 FROM json_each(d.gaps) WHERE type <> 'object'"
      .. " OR json_type(value, '$.principle') IS NOT 'text')" },
  { name = "items", means = "items of a round that is not there",
    sql = "SELECT 'r' || round || '-' || item_index AS what FROM item WHERE round NOT IN (SELECT round FROM round)" },
  { name = "items", means = "rounds whose items are not numbered from 1 on",
    sql = "SELECT round AS what FROM item GROUP BY round HAVING min(item_index) <> 1"
      .. " OR max(item_index) <> count(*)" },
  { name = "items", means = "items of no known verdict, kept outside a committed round, or dropped without a reason",
    sql = "SELECT 'r' || i.round || '-' || i.item_index AS what FROM item i JOIN round d USING (round)"
      .. " WHERE i.verdict NOT IN ('kept', 'dropped', 'surplus') OR (i.verdict = 'kept' AND d.state <> 'committed')"
      .. " OR (i.verdict = 'dropped' AND i.reason IS NULL)" },
  { name = "items", means = "items whose JSON cannot be read, or whose advice is not there",
    sql = "SELECT 'r' || i.round || '-' || i.item_index AS what FROM item i JOIN round d USING (round) WHERE"
      .. " CASE WHEN json_valid(i.verdicts) AND json_valid(i.meta) AND json_valid(coalesce(i.finding, '{}'))"
      .. " AND json_valid(d.advice) THEN i.advice NOT BETWEEN 1 AND json_array_length(d.advice) ELSE 1 END" },
  { name = "items", means = "items with a verdict of no known form",
    sql = "SELECT 'r' || i.round || '-' || i.item_index AS what FROM item i WHERE EXISTS (SELECT 1 FROM"
      .. " json_each(i.verdicts) WHERE type <> 'object' OR json_type(value, '$.principle') IS NOT 'text'"
      .. " OR coalesce(json_extract(value, '$.verdict'), '') NOT IN ('pass', 'fail', 'unknown'))" },
  { name = "responses", means = "responses to an item that was not kept",
    sql = "SELECT 'r' || p.round || '-' || p.item_index AS what FROM response p LEFT JOIN item i"
      .. " USING (round, item_index) WHERE i.verdict IS NOT 'kept'" },
  { name = "vectors", means = "vectors that are cut short",
    sql = "SELECT hash AS what FROM vector WHERE length(data) = 0 OR length(data) % 4 <> 0" },
  { name = "cost", means = "committed rounds that count other tokens or calls than they made",
    sql = "SELECT d.round AS what FROM " .. ACCOUNTED
      .. " AND (coalesce(json_extract(d.tokens, '$.prompt') + json_extract(d.tokens, '$.completion'), 0)"
      .. " <> c.tokens OR coalesce(json_extract(d.tokens, '$.calls'), 0) <> c.calls)" },
  { name = "cost", means = "committed rounds whose cost is not the sum of their calls'",
    sql = "SELECT d.round AS what FROM " .. ACCOUNTED .. " AND c.reused = 0 AND CASE WHEN c.priced = c.calls"
      .. " THEN d.cost IS NULL OR abs(d.cost - c.cost) > 1e-9 + 1e-6 * c.cost ELSE d.cost IS NOT NULL END" },
}

--- The remedy where a record contradicts itself.
invariants.BY_HAND = "somebody changed run.db, or this is a fault in the program; keep the folder, and see what"
  .. " 'advisor salvage' reads"

--- The remedy where the record could not be read: nothing is known of it then.
local UNREAD = "it could not be looked at; see to that and look again"

--- What to do about a record that contradicts itself, or could not be read.
---@param problem string
---@return string
function invariants.remedy(problem)
  return problem:find("store: ", 1, true) and UNREAD or invariants.BY_HAND
end

local STATES = { running = true, done = true, paused = true, stopped = true }

--- Whether SQLite finds the file sound.
---@return string|nil problem
local function check_database(store)
  local found, why = store:query("PRAGMA integrity_check(3)")
  if not found then return why end
  if #found == 1 and found[1].integrity_check == "ok" then return nil end
  local words = {}
  for i, row in ipairs(found) do words[i] = row.integrity_check end
  return table.concat(words, "; ")
end

local function check_forbidden(store, rule)
  local found, why = store:query("SELECT count(*) AS n, min(what) AS first FROM (" .. rule.sql .. ")")
  if not found then return why end
  if found[1].n == 0 then return nil end
  return ("%d %s, the first: %s"):format(found[1].n, rule.means, tostring(found[1].first))
end

--- Whether each table has the columns that the program made it with.
local function check_columns(store)
  for _, shape in ipairs(rows.shapes) do
    local found, why = store:query("SELECT " .. table.concat(shape.columns, ", ") .. " FROM " .. shape.name
      .. " LIMIT 0")
    if not found then return why end
  end
  return nil
end

local function check_scripts(store)
  local scripts, why = records.scripts(store)
  if not scripts then return why end
  for _, script in ipairs(scripts) do
    if core.text.hash(script.source) ~= script.hash then
      return ("the source of %s %s is not the one that its hash names"):format(script.kind, script.name)
    end
  end
  return nil
end

local function check_facts(facts)
  if next(facts) == nil then return nil, "the run ended before it began" end
  if facts.unfinished then return nil, "a copy that was not finished: fork into it again, or remove it" end
  if not STATES[facts.state or "running"] then return ("its state is '%s'"):format(facts.state) end
  for _, key in ipairs({ "resolved", "measured", "caps", "reuse", "forked_from", "replayed", "merged_from" }) do
    if facts[key] and json.decode(facts[key]) == nil then return ("the fact '%s' cannot be read"):format(key) end
  end
  if not facts.resolved then return "the experiment is not there" end
  return nil
end

local function check_digest(store)
  local ok, digest = pcall(records.digest, store)
  if ok then return nil, digest end
  return type(digest) == "table" and digest.message or tostring(digest)
end

--- What of a run's record holds and what does not. Reads all of it.
---@param store userdata
---@param facts table<string, string>
---@return { name: string, problem: string|nil, note: string|nil, remedy: string|nil }[] checks In order;
---after a damaged file nothing more is looked at.
function invariants.check(store, facts)
  local checks = {}
  local function add(name, problem, note, remedy)
    checks[#checks + 1] = { name = name, problem = problem, note = note,
      remedy = problem and (remedy or invariants.remedy(problem)) or nil }
  end
  local damage = check_database(store)
  add("database", damage, nil, "restore it from a copy, or: advisor salvage RUN -o FOLDER")
  if damage then return checks end
  add("facts", check_facts(facts))
  add("columns", check_columns(store))
  local i = 1
  while FORBIDDEN[i] do
    local name, problem = FORBIDDEN[i].name, nil
    while FORBIDDEN[i] and FORBIDDEN[i].name == name do
      problem = problem or check_forbidden(store, FORBIDDEN[i])
      i = i + 1
    end
    add(name, problem)
  end
  add("scripts", check_scripts(store))
  add("digest", check_digest(store))
  return checks
end

return invariants

--- Sums over a run's record: what came of drafts, calls, cells and prompt variants.
--- The rows themselves are read in engine/records.lua and engine/run_records.lua.
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local records = require("advisor.engine.records")

local counts = {}

--- What came of prompt variants over all rounds, in order of name.
---@return table[] `{ variant, drafts, kept, reasons, tokens }`
function counts.variants(store)
  local total = {}
  for _, row in ipairs(records.rows(store, "SELECT variants FROM round WHERE state = 'committed' AND "
    .. "variants <> '{}'")) do
    counts.add_variants(total, json.decode(row.variants))
  end
  local list = {}
  for _, name in ipairs(options.sorted_keys(total)) do list[#list + 1] = total[name] end
  return json.array(list)
end

--- Adds one round's variants to a total, both by name.
function counts.add_variants(total, variants)
  for _, name in ipairs(options.sorted_keys(variants)) do
    local sum = total[name] or { variant = name, drafts = 0, kept = 0, tokens = 0, reasons = {} }
    local more = variants[name]
    total[name] = sum
    sum.drafts, sum.kept, sum.tokens = sum.drafts + more.drafts, sum.kept + more.kept,
      sum.tokens + more.tokens
    for reason, n in pairs(more.reasons) do sum.reasons[reason] = (sum.reasons[reason] or 0) + n end
  end
end

--- Verdicts that a check could not give, by principle, over all drafts.
---@return table<string, integer>
function counts.unknown_verdicts(store)
  local unknown = {}
  for _, row in ipairs(records.rows(store, "SELECT json_extract(v.value, '$.principle') AS principle, "
    .. "count(*) AS n FROM item, json_each(item.verdicts) v WHERE item.verdicts LIKE '%unknown%'"
    .. " AND json_extract(v.value, '$.verdict') = 'unknown' GROUP BY 1")) do
    unknown[row.principle] = row.n
  end
  return unknown
end

--- Drafts that advice asked for, and those of them that were lost: nobody made them.
---@return { asked: integer, lost: integer }
function counts.asked_drafts(store)
  return records.rows(store, "SELECT coalesce(sum(asked), 0) AS asked, coalesce(sum(max(asked - made, 0)),"
    .. " 0) AS lost FROM (SELECT (SELECT coalesce(sum(json_extract(a.value, '$.count')), 0) FROM"
    .. " json_each(r.advice) a) AS asked, (SELECT count(*) FROM item i WHERE i.round = r.round) AS"
    .. " made FROM round r)")[1]
end

--- Kept items by cell, in the order in which cells came to hold any; the row of
--- items without one has no `cell`.
---@return { cell: string|nil, n: integer }[]
function counts.cells(store)
  return records.rows(store, "SELECT cell, count(*) AS n FROM item WHERE verdict = 'kept' GROUP BY cell"
    .. " ORDER BY min(round), min(item_index)")
end

--- What advice of committed rounds aimed at, each target once, in order.
---@return { target: string }[]
function counts.targets(store)
  return records.rows(store, "SELECT json_extract(a.value, '$.target') AS target FROM round r, "
    .. "json_each(r.advice) a WHERE r.state = 'committed' AND json_extract(a.value, '$.target') IS"
    .. " NOT NULL GROUP BY 1 ORDER BY min(r.round), min(a.key)")
end

--- Drafts that were dropped for what they have in common with a reference.
---@return { reference: string, kind: string, n: integer }[]
function counts.reference_hits(store)
  return records.rows(store, "SELECT json_extract(finding, '$.reference') AS reference, "
    .. "json_extract(finding, '$.kind') AS kind, count(*) AS n FROM item WHERE verdict = 'dropped'"
    .. " AND finding LIKE '%\"reference\"%' AND json_type(finding, '$.reference') = 'text'"
    .. " AND json_type(finding, '$.kind') = 'text' GROUP BY 1, 2")
end

--- Drafts that were not dropped for one of the reasons.
---@param reasons string[]
---@return integer
function counts.drafts_beside(store, reasons)
  return records.rows(store, "SELECT count(*) AS n FROM item WHERE coalesce(reason, '') NOT IN (SELECT "
    .. "value FROM json_each(?))", json.encode(json.array(reasons)))[1].n
end

--- The gaps that the last committed round saw.
---@return { round: integer, gaps: table[] }|nil
function counts.last_gaps(store)
  local row = records.rows(store, "SELECT round, gaps FROM round WHERE state = 'committed' ORDER BY round"
    .. " DESC LIMIT 1")[1]
  return row and { round = row.round, gaps = json.decode(row.gaps) }
end

--- How the questions of an evaluation were answered, counted by suite, category, what was
--- expected, verdict (nil: no reply yet) and code of the finding.
---@return { suite: string, category: string|nil, expected: string, verdict: string|nil, code: string|nil,
---guessed: integer|nil, n: integer }[]
function counts.answers(store)
  return records.rows(store, "SELECT json_extract(i.meta, '$.suite') AS suite, i.cell AS category,"
    .. " json_extract(i.meta, '$.expected') AS expected, p.verdict, json_extract(p.finding, '$.code') AS code,"
    .. " json_extract(p.finding, '$.guessed') AS guessed, count(*) AS n FROM item i LEFT JOIN response p"
    .. " USING (round, item_index) WHERE i.verdict = 'kept' GROUP BY 1, 2, 3, 4, 5, 6"
    .. " ORDER BY min(i.round), min(i.item_index)")
end

--- The questions of an evaluation that have a verdict, in order.
---@return { suite: string, expected: string, text: string, verdict: string }[] "pass" or "fail".
function counts.verdicts(store)
  return records.rows(store, "SELECT json_extract(i.meta, '$.suite') AS suite, json_extract(i.meta,"
    .. " '$.expected') AS expected, i.text, p.verdict FROM item i JOIN response p USING (round, item_index)"
    .. " WHERE i.verdict = 'kept' AND p.verdict IN ('pass', 'fail') ORDER BY i.round, i.item_index")
end

--- The counts of a run, from the record alone; engine/account.lua adds to them.
---@param store userdata
---@return table
function counts.summary(store)
  local facts = failure.must(records.facts(store))
  local dropped = {}
  for _, row in ipairs(records.rows(store, "SELECT reason, count(*) AS n FROM item WHERE verdict = "
    .. "'dropped' "
    .. "GROUP BY reason")) do
    dropped[row.reason] = row.n
  end
  local items = records.rows(store, "SELECT count(*) AS drafts, coalesce(sum(verdict = 'kept'), 0) AS "
    .. "kept,"
    .. " coalesce(sum(verdict = 'surplus'), 0) AS surplus FROM item")[1]
  local calls = records.rows(store, "SELECT count(*) AS attempts, count(DISTINCT round || '/' || stage "
    .. "|| '/' || lane || '/'"
    .. " || ordinal) AS calls FROM attempt")[1]
  local unknown = records.rows(store, "SELECT count(*) AS n FROM reply WHERE state = 'unknown'")[1].n
  local in_flight = records.rows(store, "SELECT count(*) AS n FROM attempt a LEFT JOIN reply r ON "
    .. "r.attempt = a.id"
    .. " WHERE r.attempt IS NULL")[1].n
  unknown = unknown + records.rows(store, "SELECT count(*) AS n FROM outcome o JOIN reply r ON r.attempt "
    .. "= o.attempt"
    .. " WHERE o.class = 'unknown' AND r.state <> 'unknown'")[1].n
  local tokens = records.rows(store, "SELECT coalesce(sum(prompt_tokens), 0) AS prompt, "
    .. "coalesce(sum(completion_tokens), 0)"
    .. " AS completion, sum(cost) AS cost, count(*) AS n, count(cost) AS priced, count(prompt_tokens)"
    .. " AS counted FROM outcome"
    .. " WHERE class IN ('ok', 'unusable')")[1]
  local rounds = records.rows(store, "SELECT coalesce(sum(state = 'committed'), 0) AS committed,"
    .. " coalesce(sum(state = 'failed'), 0) AS failed FROM round")[1]
  local asked = counts.asked_drafts(store)
  local responses = {}
  for _, row in ipairs(records.rows(store,
    "SELECT verdict, count(*) AS n FROM response GROUP BY verdict")) do
    responses[row.verdict] = row.n
  end
  return {
    name = facts.name, state = facts.state, why = facts.why, rounds = rounds.committed,
    failed_rounds = rounds.failed,
    calls = calls.calls, attempts = calls.attempts, unknown_attempts = unknown,
    unknown_verdicts = counts.unknown_verdicts(store),
    reused = records.rows(store, "SELECT count(*) AS n FROM attempt WHERE endpoint LIKE 'reused:%'")[1].n,
    in_flight = in_flight, drafts = items.drafts, drafts_asked = asked.asked,
    drafts_lost = asked.lost,
    kept = items.kept, responses = responses, variants = counts.variants(store),
    surplus = items.surplus, dropped = dropped,
    tokens = { prompt = tokens.prompt, completion = tokens.completion },
    uncounted_replies = tokens.n - tokens.counted,
    cost = tokens.n > 0 and tokens.priced == tokens.n and tokens.cost or json.null,
    digest = records.digest(store), accept = tonumber(facts.accept),
    rounds_asked = tonumber(facts.rounds),
  }
end

return counts

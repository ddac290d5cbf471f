--- The account of a run: what was asked, what came of it and why it ended, as
--- plain data from the record alone. `run`, `resume` and `status` show it;
--- output/account.lua has the words.
local failure = require("advisor.output.failure")
local coverage = require("advisor.engine.coverage")
local intervals = require("advisor.measure.intervals")
local json = require("advisor.output.json")
local measuring = require("advisor.engine.measuring")
local quality = require("advisor.output.quality")
local counts = require("advisor.engine.counts")
local records = require("advisor.engine.records")
local references = require("advisor.engine.references")
local scoring = require("advisor.engine.scoring")
local shares = require("advisor.measure.shares")

local account = {}

--- Coverage of all kept items, by the taxonomy that is stored with the run.
---@return table|nil As `coverage:at` gives it, with `covered`, the number of cells that hold items.
local function coverage_of(store, round, resolved, measured)
  local taxonomy = resolved and resolved.coverage and resolved.coverage.taxonomy
  if not taxonomy then return nil end
  local counted, kept = coverage.new(taxonomy), {}
  measuring.correct(counted, resolved, measured)
  for _, row in ipairs(counts.cells(store)) do
    local item = { cell = row.cell }
    for _ = 1, row.n do kept[#kept + 1] = item end
  end
  counted:add_round(round, taxonomy.open and counts.targets(store) or {}, kept)
  local found = counted:at(round)
  found.covered = counted:covered()
  json.array(found.cells)
  return found
end

local function gaps_of(store)
  local last = counts.last_gaps(store)
  if not last then return nil end
  local names = {}
  for i, gap in ipairs(last.gaps) do names[i] = gap.principle end
  return { round = last.round, count = #names, by_principle = shares.count(names) }
end

--- A fact that is JSON.
local function decoded(fact) return fact and json.decode(fact) end

--- What `status` prints.
---@param store userdata Open for reading at least.
---@return table account As `counts.summary` gives it, with `coverage`, `gaps`, `quality`
--- (null where there are none; the last as of output/quality.lua), `before` (what measuring
--- it cost, part of the sums: `{ calls, prompt, completion, money }`), `decontamination`
--- (as of `references.report`, or null), `scores` (as of `scoring.of`, or null), `forked_from`
--- (`{ run, name, round, digest, set }`, or null), `merged_from` (as of `merging.provenance` in
--- experiments/merging.lua, or null) and the share kept of each prompt variant with
--- its Wilson interval (95 %).
function account.of(store)
  local found = counts.summary(store)
  if found.why == "" then found.why = nil end
  for _, variant in ipairs(found.variants) do
    variant.share = variant.drafts > 0 and variant.kept / variant.drafts or 0
    variant.low, variant.high = intervals.wilson(variant.kept, variant.drafts)
  end
  local facts = failure.must(records.facts(store))
  local resolved, measured = decoded(facts.resolved), decoded(facts.measured)
  found.coverage = coverage_of(store, found.rounds + found.failed_rounds, resolved, measured)
    or json.null
  found.before = measured and measured.spent or json.null
  found.quality = measured and quality.object(measuring.found(resolved, measured)) or json.null
  found.gaps = gaps_of(store) or json.null
  found.forked_from = decoded(facts.forked_from) or json.null
  found.merged_from = decoded(facts.merged_from) or json.null
  found.decontamination = references.report(store, resolved) or json.null
  found.scores = scoring.of(store, resolved) or json.null
  return found
end

return account

--- What a run comes to, in numbers: at its end, and over drafts.
local account = require("advisor.engine.account")
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local distance = require("advisor.measure.distance")
local diversity = require("advisor.measure.diversity")
local evaluated = require("advisor.experiments.evaluated")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local shares = require("advisor.measure.shares")

local figures = {}

--- What is compared, in this order. `more` says what is better: 1 more, -1 less, 0
--- neither.
figures.measures = {
  { name = "kept", doc = "Items kept.", more = 1 },
  { name = "yield", doc = "Kept items / drafts.", more = 1 },
  { name = "cells", doc = "Cells of the taxonomy that hold an item.", more = 1 },
  { name = "cells_5", doc = "Cells that hold five items or more.", more = 1 },
  { name = "evenness", doc = "Shannon evenness of the cells.", more = 1 },
  { name = "distance", doc = "Total variation from the wanted mix.", more = -1 },
  { name = "distinct_2", doc = "Different word pairs / all.", more = 1 },
  { name = "compression", doc = "Bytes / compressed bytes.", more = -1 },
  { name = "tokens_per_kept", doc = "Tokens for each kept item.", more = -1 },
  { name = "cost", doc = "Money.", more = -1 },
}

--- Kept items by the cells of the taxonomy, one round after the other.
local function counts_of(cells)
  local counts = {}
  for _, cell in ipairs(cells) do counts[cell.cell] = 0 end
  return counts
end

local function wanted(cells)
  local want, any = {}, false
  for _, cell in ipairs(cells) do
    want[cell.cell] = cell.want or 1 / #cells
    any = true
  end
  return any and want or nil
end

--- The measures that look at counts by cell.
local function spread(counts, want)
  if not want then return {} end
  return { cells = shares.covered(counts), cells_5 = shares.covered(counts, 5),
    evenness = shares.evenness(counts),
    distance = shares.total(counts) > 0 and distance.total_variation(counts, want) or 1 }
end

--- A point for each round: `{ round, drafts, kept, yield, cells, cells_5, evenness, distance, distinct_2 }`.
local function curve_of(store, cells, open)
  local counts, want, points = counts_of(cells), wanted(cells), {}
  local drafts, kept, add, distinct = 0, 0, diversity.growing_distinct(2), nil
  for _, row in ipairs(failure.must(records.rounds(store))) do
    for _, item in ipairs(failure.must(records.items_of(store, row.round))) do
      drafts = drafts + 1
      if item.verdict == "kept" then
        kept, distinct = kept + 1, add(diversity.words(item.text))
        if item.cell and (counts[item.cell] or open) then
          counts[item.cell] = (counts[item.cell] or 0) + 1
        end
      end
    end
    local point = spread(counts, want)
    point.round, point.drafts, point.kept, point.distinct_2 = row.round, drafts, kept, distinct
    point.yield = kept / math.max(drafts, 1)
    points[#points + 1] = point
  end
  return json.array(points)
end

local function texts_of(store)
  local texts, words = {}, {}
  failure.must(records.each_kept(store, function(row)
    texts[#texts + 1] = row.text
    words[#words + 1] = diversity.words(row.text)
    return true
  end))
  return texts, words
end

--- The measures that need items.
local function of_items(store, found)
  local texts, words = texts_of(store)
  if #texts == 0 then return {} end
  return { distinct_2 = diversity.distinct(words, 2), compression = diversity.compression_ratio(texts),
    tokens_per_kept = found.calls > 0 and (found.tokens.prompt + found.tokens.completion) / #texts
      or nil }
end

--- The measures of a run: of an evaluation its scores and its cost, of any other run all
--- that is asked of a data set.
local function measures_of(store, scores, found, last)
  local measures = scores and scores.measures or of_items(store, found)
  measures.cost = type(found.cost) == "number" and found.cost or nil
  if scores then return measures end
  for _, name in ipairs({ "cells", "cells_5", "evenness", "distance" }) do measures[name] = last[name] end
  measures.kept, measures.yield = found.kept, found.kept / math.max(found.drafts, 1)
  return measures
end

--- The hashes of a run's scripts by "kind/name".
local function scripts_of(store)
  local hashes = {}
  for _, script in ipairs(failure.must(records.scripts(store))) do
    hashes[script.kind .. "/" .. script.name] = script.hash
  end
  return hashes
end

--- The numbers of a run.
---@param folder string
---@return table|nil run `{ folder, name, seed, state, digest, settings, scripts, measures, dropped,
---drafts, unlabelled, curve, forked_from, evaluated, evaluates }`: `measures` by the names in
---`figures.measures`, absent where there are none; `settings` the resolved experiment without name
---and seed, as JSON; `scripts` their hashes by "kind/name"; `unlabelled` counts kept items without a
---cell, nil without a taxonomy. Of an evaluation, `evaluated` lists its own measures, and `evaluates`
---is the run it belongs to.
---@return string|nil message
function figures.of(folder)
  local store, why = core.store.open(folder, "read")
  if not store then return nil, why end
  local facts = failure.must(records.facts(store))
  local resolved = facts.resolved and json.decode(facts.resolved)
  if not resolved then
    store:close()
    return nil, folder .. ": the run ended before it began"
  end
  local found = account.of(store)
  local cells = type(found.coverage) == "table" and found.coverage.cells or {}
  local curve = curve_of(store, cells, resolved.coverage.taxonomy.open)
  local scores, scripts = evaluated.of(store, resolved), scripts_of(store)
  if scores then cells, curve = {}, json.array({}) end
  local measures = measures_of(store, scores, found, curve[#curve] or {})
  store:close()
  local seed, name = resolved.seed, resolved.name
  resolved.seed, resolved.name = nil, nil
  return { folder = folder, name = name, seed = seed, state = found.state, digest = found.digest,
    settings = json.encode(resolved), scripts = scripts, measures = measures, dropped = found.dropped,
    drafts = found.drafts, unlabelled = #cells > 0 and found.coverage.unlabelled or nil, curve = curve,
    forked_from = found.forked_from, evaluated = scores and scores.list, evaluates = facts.evaluates }
end

return figures

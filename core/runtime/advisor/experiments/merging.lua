--- One data set from many runs: a run folder of its own, whose round k holds what run k
--- kept, each item with where it comes from. No model is asked.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local counts = require("advisor.engine.counts")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local run_records = require("advisor.engine.run_records")
local selection = require("advisor.experiments.selection")
local version = require("advisor.version")
local whole = require("advisor.output.whole")

local merging = {}

--- Kept items of a run, and its advice as one list, to whose pieces they point.
local function items_of(store, source)
  local items, advice, first, round = {}, json.array({}), 0, nil
  local ok, why = run_records.each_item(store, function(row)
    if row.verdict ~= "kept" then return end
    if row.round ~= round then
      first, round = #advice, row.round
      for _, piece in ipairs(failure.must(records.advice(store, row.round))) do
        piece.count = 0
        advice[#advice + 1] = piece
      end
    end
    local meta = json.decode(row.meta) or {}
    meta.source = { run = source.name, digest = source.digest, source = meta.source,
      id = records.item_id(row.round, row.item_index) }
    local piece = row.advice and advice[first + row.advice]
    if piece then piece.count = piece.count + 1 end
    items[#items + 1] = { text = row.text, target = row.target, cell = row.cell, meta = meta,
      advice = piece and first + row.advice or nil, verdicts = json.decode(row.verdicts) or {},
      run = source.name, of_round = row.round, of_index = row.item_index }
  end)
  if not ok then return nil, why end
  return items, advice
end

--- Replies to the items, by their position.
local function responses_of(store, items)
  local position, list = {}, {}
  for i, item in ipairs(items) do position[records.item_id(item.of_round, item.of_index)] = i end
  local ok, why = run_records.each_response(store, function(row)
    local i = position[records.item_id(row.round, row.item_index)]
    if not i then return end
    list[#list + 1] = { index = i, verdict = row.verdict, text = row.text, meta = json.decode(row.meta) or {},
      finding = row.finding and json.decode(row.finding) or nil }
  end)
  if not ok then return nil, why end
  return list
end

--- Vectors of the items' texts.
local function vectors_of(store, items)
  local wanted, list = {}, {}
  for _, item in ipairs(items) do wanted[core.text.hash(item.text)] = true end
  local ok, why = run_records.each_vector(store, function(row)
    if wanted[row.hash] then
      list[#list + 1] = { model = row.model, hash = row.hash, vector = row.data }
    end
  end)
  if not ok then return nil, why end
  return list
end

--- What a run paid for; of one that was merged itself, what its runs did.
local function paid(found, facts)
  if not facts.merged_from then
    return { calls = found.calls, prompt = found.tokens.prompt, completion = found.tokens.completion,
      money = type(found.cost) == "number" and found.cost or nil }
  end
  local sum = { calls = 0, prompt = 0, completion = 0, money = 0 }
  for _, each in ipairs(json.decode(facts.merged_from).runs) do
    sum.calls, sum.prompt = sum.calls + each.paid.calls, sum.prompt + each.paid.prompt
    sum.completion = sum.completion + each.paid.completion
    sum.money = sum.money and each.paid.money and sum.money + each.paid.money
  end
  return sum
end

local function check_source(folder, facts)
  if not facts.resolved then return folder .. ": the run ended before it began: it has no items" end
  if run_records.state(folder, facts.state) == "running" then
    return folder .. ": the run goes on; wait for its end, or stop it with Ctrl-C first"
  end
  return nil
end

local function read_open(store, folder)
  local facts, why = records.facts(store)
  if not facts then return nil, why end
  local problem = check_source(folder, facts)
  if problem then return nil, problem end
  local resolved, wrong = json.decode(facts.resolved)
  if not resolved then return nil, folder .. ": the stored experiment cannot be read: " .. tostring(wrong) end
  local found, last = counts.summary(store), failure.must(records.rounds(store))
  local source = { folder = folder, name = found.name, seed = resolved.seed, digest = found.digest,
    state = run_records.state(folder, facts.state), taxonomy = resolved.coverage.taxonomy,
    paid = paid(found, facts), summary = last[1] and json.decode(last[#last].summary) or { text = "" } }
  source.items, source.advice = items_of(store, source)
  if not source.items then return nil, source.advice end
  source.responses, why = responses_of(store, source.items)
  if not source.responses then return nil, why end
  source.vectors, why = vectors_of(store, source.items)
  if not source.vectors then return nil, why end
  return source
end

--- Reads the runs that are to be merged. They are only read.
---@param folders string[]
---@return table[]|nil sources
---@return string|nil message
function merging.read(folders)
  local sources, seen = {}, {}
  for k, folder in ipairs(folders) do
    local real, why = core.system.realpath(folder)
    if not real then return nil, ("%s: %s"):format(folder, why) end
    if seen[real] then return nil, folder .. " is given twice" end
    seen[real] = true
    local store, problem = core.store.open(real, "read")
    if not store then return nil, problem end
    local source, message = read_open(store, real)
    store:close()
    if not source then return nil, message end
    for i, item in ipairs(source.items) do item.id, item.index = records.item_id(k, i), i end
    sources[k] = source
  end
  return sources
end

--- The cells of all runs: those of the first one's taxonomy where all are alike, else all
--- cells, by name.
---@return table taxonomy
---@return boolean alike
function merging.taxonomy(sources)
  local first, alike = json.encode(sources[1].taxonomy), true
  for _, source in ipairs(sources) do alike = alike and json.encode(source.taxonomy) == first end
  if alike then return json.decode(first), true end
  local union, seen = { cells = {}, open = false }, {}
  local function add(cell)
    if seen[cell.name] then return end
    seen[cell.name] = true
    table.insert(union.cells, { name = cell.name, parent = cell.parent, description = cell.description })
  end
  for _, source in ipairs(sources) do
    union.open = union.open or source.taxonomy.open
    for _, cell in ipairs(source.taxonomy.cells) do add(cell) end
  end
  return union, false
end

--- Names of all cells: those of an open taxonomy are also what items are in.
local function cell_names(taxonomy, items)
  local names, seen = {}, {}
  local function add(name)
    if name and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  for _, cell in ipairs(taxonomy.cells) do add(cell.name) end
  if taxonomy.open then
    for _, item in ipairs(items) do add(item.cell) end
  end
  return names
end

--- Draws the mix that is asked for.
local function mix(items, taxonomy, given)
  if not given.balance then
    if given.most then selection.limit(items, given.most, given.seed) end
    return nil
  end
  local wanted, problem = selection.wanted(given.balance, cell_names(taxonomy, items))
  if not wanted then return nil, problem end
  if not given.most then
    local most, thinnest, empty = selection.most_balanced(items, wanted)
    local hint = ("%d is the most that has the mix exactly, because of the cell '%s'"):format(most, thinnest)
    if empty > 0 then
      hint = ("%d of %d cells hold no item, so no number has the mix exactly"):format(empty, #wanted)
    end
    return nil, "--most N is missing: with --balance it says how many items are wanted; " .. hint
  end
  local by_name = {}
  for _, cell in ipairs(taxonomy.cells) do by_name[cell.name] = cell end
  for _, each in ipairs(wanted) do
    local cell = by_name[each.cell]
    if not cell then
      cell = { name = each.cell }
      table.insert(taxonomy.cells, cell)
    end
    cell.want = each.share
  end
  return selection.balance(items, wanted, given.most, given.seed)
end

--- Decides over all items.
---@param sources table[] As of `merging.read`; their items are changed in place.
---@param given table `{ near, prefer, balance, most, seed }`: `balance` as of
---`selection.read_balance`, nil: none; `most` nil: all.
---@return table|nil plan `{ taxonomy, alike, cells }`: `cells` as of `selection.balance`.
---@return string|nil message
function merging.decide(sources, given)
  local items = {}
  for _, source in ipairs(sources) do table.move(source.items, 1, #source.items, #items + 1, items) end
  if #items == 0 then return nil, "the runs have kept no item: there is nothing to merge" end
  local ok, why = selection.duplicates(items, given)
  if not ok then return nil, why end
  local taxonomy, alike = merging.taxonomy(sources)
  local cells, problem = mix(items, taxonomy, given)
  if problem then return nil, problem end
  return { taxonomy = taxonomy, alike = alike, cells = cells }
end

--- Where the items come from, as it is stored: the fact `merged_from`.
---@return table
function merging.provenance(sources, plan, given)
  local runs = json.array({})
  for k, source in ipairs(sources) do
    local kept, dropped = 0, {}
    for _, item in ipairs(source.items) do
      if item.reason then
        dropped[item.reason] = (dropped[item.reason] or 0) + 1
      else
        kept = kept + 1
      end
    end
    runs[k] = { folder = source.folder, name = source.name, seed = source.seed, digest = source.digest,
      state = source.state, items = #source.items, kept = kept, dropped = dropped, paid = source.paid }
  end
  return { runs = runs, near = given.near, prefer = given.prefer, most = given.most, seed = given.seed,
    balance = given.balance and (given.balance.shares or "even"), same_taxonomy = plan.alike,
    cells = plan.cells and json.array(plan.cells) }
end

--- A source as a round.
local function round_of(number, source)
  local drafts = {}
  for i, item in ipairs(source.items) do
    item.verdict = item.reason and "dropped" or "kept"
    drafts[i] = item
  end
  return { number = number, read_round = 0, state = "committed", gaps = {}, advice = source.advice,
    summary = source.summary, variants = {}, notes = {}, drafts = drafts, vectors = source.vectors,
    responses = source.responses, spent = source.paid }
end

--- Replies of items that stay.
local function answered(source)
  local list = {}
  for _, response in ipairs(source.responses) do
    if not source.items[response.index].reason then list[#list + 1] = response end
  end
  source.responses = list
end

--- What a merged run has for an experiment: its cells, and what was asked for.
local function resolved_of(name, plan, given, provenance)
  return { name = name, seed = given.seed, models = {}, pipeline = { filter = json.array({}) },
    principles = json.array({}), calibration = json.array({}), references = {}, stop = { budget = {} },
    coverage = { taxonomy = plan.taxonomy, targets = {} },
    merge = { near = given.near, prefer = given.prefer, most = given.most, balance = provenance.balance } }
end

--- What stands where other runs have their experiment.
local function words_of(provenance)
  local lines = { "-- No experiment: this data set was merged from the items of other runs." }
  for _, run in ipairs(provenance.runs) do
    lines[#lines + 1] = ("-- %s, seed %s, digest %s: %d of %d items"):format(run.name, run.seed, run.digest,
      run.kept, run.items)
  end
  return table.concat(lines, "\n") .. "\n"
end

local function write_store(store, sources, facts)
  for k, source in ipairs(sources) do
    answered(source)
    local ok, why = records.commit_round(store, round_of(k, source))
    if not ok then return nil, why end
  end
  return records.begin(store, facts, {})
end

--- Removes a folder that was not finished.
local function discard(folder)
  for _, name in ipairs(core.system.list(folder) or {}) do os.remove(folder .. "/" .. name) end
  os.remove(folder)
end

local function fill(partial, sources, facts)
  local store, why = core.store.open(partial, "create")
  if not store then return nil, why end
  local ok, problem = write_store(store, sources, facts)
  store:close()
  for name, text in pairs({ ["experiment.lua"] = facts.experiment,
    ["experiment.resolved.json"] = facts.resolved .. "\n" }) do
    if ok then
      ok, problem = whole.file(partial .. "/" .. name, false, function(file)
        return whole.write(file, name, text)
      end)
    end
  end
  return ok, problem
end

--- A run's name from its folder's.
local function name_of(folder)
  local name = (folder:match("([^/]+)/*$") or ""):gsub("[^%w_%.%-]", "_"):gsub("^%.+", ""):sub(1, 64)
  return name ~= "" and name or "merged"
end

--- Writes the run folder as a whole. Yields.
---@param folder string Must not be there yet.
---@param sources table[] As `merging.decide` left them.
---@param plan table
---@param given table
---@return table|nil provenance As of `merging.provenance`, with `run`, `name`.
---@return string|nil message
function merging.write(folder, sources, plan, given)
  folder = folder:match("^(.-)/*$")
  local partial, name = folder .. ".partial", name_of(folder)
  for _, path in ipairs({ folder, partial }) do
    if core.system.kind(path) then
      return nil, ("%s is there already: remove it, or name another -o"):format(path)
    end
  end
  local provenance = merging.provenance(sources, plan, given)
  local facts = { name = name, state = "done", why = ("merged from %d runs"):format(#sources),
    version = version.line(), created_ms = tostring(core.system.wall_ms()), rounds = "", accept = "",
    resolved = json.encode(resolved_of(name, plan, given, provenance)), experiment = words_of(provenance),
    merged_from = json.encode(provenance) }
  local ok, why = fill(partial, sources, facts)
  if ok then ok, why = os.rename(partial, folder) end
  if not ok then
    discard(partial)
    return nil, why
  end
  provenance.run, provenance.name = folder, name
  return provenance
end

--- Why a verb that goes on from a run's calls cannot take a merged one; nil: it is none.
---@param folder string
---@param facts table<string, string>
---@return string|nil
function merging.refusal(folder, facts)
  if not facts.merged_from then return nil end
  local folders = {}
  for i, run in ipairs(json.decode(facts.merged_from).runs) do folders[i] = run.folder end
  return ("%s was merged from other runs: it has no experiment and no calls to go on from. Take one of "
    .. "its runs (%s), and merge again"):format(folder, table.concat(folders, ", "))
end

return merging

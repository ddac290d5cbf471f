--- Everything that a report shows, as plain data from the record alone.
local failure = require("advisor.output.failure")
local account = require("advisor.engine.account")
local columns = require("advisor.report.columns")
local curves = require("advisor.report.curves")
local json = require("advisor.output.json")
local reasons = require("advisor.report.reasons")
local records = require("advisor.engine.records")
local run_records = require("advisor.engine.run_records")
local scoring = require("advisor.engine.scoring")
local setup = require("advisor.report.setup")
local traffic = require("advisor.report.traffic")

local data = {}

--- What JSON cannot hold (an estimate that does not exist) becomes null.
local function finite(value)
  if type(value) == "table" then
    for key, element in pairs(value) do value[key] = finite(element) end
  elseif type(value) == "number" and (value ~= value or math.abs(value) == math.huge) then
    return json.null
  end
  return value
end

local function read_rounds(store)
  local rows = failure.must(run_records.rounds(store))
  local list, by_number = {}, {}
  for i, row in ipairs(rows) do
    list[i] = { round = row.round, read_round = row.read_round, state = row.state, why = row.why,
      wall_ms = row.wall_ms, gaps = json.decode(row.gaps) or {}, advice = json.decode(row.advice) or {},
      spent = json.decode(row.tokens) or {}, notes = json.decode(row.notes) or {},
      summary = json.decode(row.summary) or {}, drafts = 0, kept = {} }
    by_number[row.round] = list[i]
  end
  return list, by_number
end

--- One pass over the items: columns, reasons, and what each round kept.
local function read_items(store, by_number)
  local made, add = columns.items()
  local counted = reasons.new()
  failure.must(run_records.each_item(store, function(row)
    add(row)
    counted:add({ id = records.item_id(row.round, row.item_index), verdict = row.verdict,
      reason = row.reason, verdicts = row.verdicts ~= "[]" and json.decode(row.verdicts) or {} })
    local round = by_number[row.round]
    if not round then return end
    round.drafts = round.drafts + 1
    if row.verdict == "kept" then
      round.kept[#round.kept + 1] = { cell = row.cell, target = row.target }
    end
  end))
  local responses = {}
  failure.must(run_records.each_response(store, function(row)
    responses[records.item_id(row.round, row.item_index)] = { verdict = row.verdict, text = row.text,
      finding = row.finding }
  end))
  made.responses = responses
  return made, counted:result()
end

local function read_calls(store)
  local made, add = columns.calls()
  local counted = traffic.new()
  failure.must(run_records.each_attempt(store, function(row)
    add(row)
    counted:add(row)
  end))
  return made, counted:result()
end

--- The gap that a piece of advice answers: of those that the round saw the one of
--- its cell, or what the strategy named.
local function gap_of(round, piece)
  for _, gap in ipairs(round.gaps) do
    if type(gap) == "table" and gap.cell ~= nil and gap.cell == piece.target then return gap end
  end
  if type(piece.gap) == "string" then return { text = piece.gap } end
  if type(piece.gap) == "table" then return piece.gap end
  if math.type(piece.gap) == "integer" then return round.gaps[piece.gap] end
  return nil
end

--- Every piece of advice in order, with its gap and what came of it.
local function timeline(rounds)
  local list = json.array({})
  for _, round in ipairs(rounds) do
    for position, piece in ipairs(round.advice) do
      list[#list + 1] = { round = round.round, position = position, state = round.state,
        read_round = round.read_round, target = piece.target, instruction = piece.instruction,
        count = piece.count, drafts = piece.drafts, kept = piece.kept, tokens = piece.tokens,
        cells = type(piece.cells) == "table" and next(piece.cells) and piece.cells or nil,
        gap = gap_of(round, piece) }
    end
  end
  return list
end

local function notes_of(rounds)
  local list = json.array({})
  for _, round in ipairs(rounds) do
    if round.state == "failed" then
      list[#list + 1] = { round = round.round, stage = "round", text = "failed: " .. round.why }
    end
    for _, note in ipairs(round.notes) do
      list[#list + 1] = { round = round.round, stage = note.stage, script = note.script, text = note.text }
    end
  end
  return list
end

local function in_state(rounds)
  local list = {}
  for _, round in ipairs(rounds) do
    if round.state ~= "surplus" then list[#list + 1] = round end
  end
  return list
end

--- The scores of an evaluation, each with its name; nil: the run is none.
local function scores_of(store, resolved)
  local scores = scoring.of(store, resolved)
  for _, score in ipairs(scores or {}) do score.name = scoring.name(score) end
  return scores
end

--- Gathers a run.
---@param store userdata Open for reading at least.
---@param folder string The run folder, as it is named in commands.
---@return table gathered `{ arm, items, calls }`: `arm` is all but the items and calls themselves,
---which are columns (report/columns.lua). Everything can be written as JSON.
function data.gather(store, folder)
  local facts = failure.must(records.facts(store))
  local resolved = facts.resolved and json.decode(facts.resolved)
  if not resolved then
    error({ message = folder .. ": the run ended before it began: there is nothing to report" }, 0)
  end
  local rounds, by_number = read_rounds(store)
  local items, counted = read_items(store, by_number)
  local calls, flown = read_calls(store)
  local found = account.of(store)
  local followed = in_state(rounds)
  local course = curves.of(resolved, followed)
  local last = followed[#followed]
  local arm = {
    account = found, setup = setup.of(store, folder, facts, resolved),
    state = run_records.state(folder, facts.state), why = facts.why,
    ended_ms = #rounds > 0 and rounds[#rounds].wall_ms or json.null,
    coverage = type(found.coverage) == "table" and found.coverage or course.coverage,
    points = json.array(course.points), saturation = course.saturation,
    saturation_options = course.options, advice = timeline(rounds), notes = notes_of(rounds),
    dropped = counted.dropped, checks = counted.checks, traffic = flown, scores = scores_of(store, resolved),
    summary = last and last.summary.text or "",
  }
  json.array(arm.coverage.cells)
  found.coverage, found.gaps = nil, nil
  if not next(items.responses) then items.responses = nil end
  return { arm = finite(arm), items = items, calls = calls }
end

return data

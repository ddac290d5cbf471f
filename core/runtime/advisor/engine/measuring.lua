--- What a run measures of its own scripts before the first round: the labeller on
--- `coverage.check`, principles on `calibration`. These calls are round 0's: lanes,
--- journal and limits are as in any round. What came of them is one fact of the run
--- (`measured`), on disk before round 1 begins and read from there ever after.
local core = require("advisor_core")
local correction = require("advisor.engine.correction")
local json = require("advisor.output.json")
local labelled = require("advisor.engine.labelled")
local records = require("advisor.engine.records")

local measuring = {}

--- Rows that a labeller sees at once: a batch, as in a round.
local BATCH = 64

local ROUND = 0

local function check_of(resolved) return resolved.coverage.check or {} end
local function calibration_of(resolved) return resolved.calibration or {} end

--- Rows as scripts see items.
local function rows_of(list, label)
  local rows = {}
  for i, row in ipairs(list) do
    rows[i] = { line = row.line, label = row[label],
      item = { text = row.text, target = row.target, meta = {}, index = i } }
  end
  return rows
end

local function positives(calibration)
  local set = {}
  for _, label in ipairs(calibration.positive) do set[label] = true end
  return set
end

--- Lets coverage be corrected by what was measured of the labeller.
---@param coverage table From `coverage.new`.
---@param resolved table The experiment.
---@param measured table|nil The fact; nil: nothing was measured.
function measuring.correct(coverage, resolved, measured)
  if not measured or not measured.labels then return end
  local rows = rows_of(check_of(resolved), "cell")
  coverage:correct_by(correction.count(rows, measured.labels), resolved.seed)
end

--- Takes in what was measured.
local function take(run, measured)
  run.measured = measured
  measuring.correct(run.timeline.coverage, run.resolved, measured)
  local initial = run.states[0]
  for key, value in pairs(measured.spent) do initial.spent[key] = value end
  initial.spent.money = measured.spent.money
end

--- Reads what an earlier process measured. Yields.
---@param run table Opened, its initial state made.
---@return boolean|nil ok
---@return string|nil message
---@return string|nil code
function measuring.open(run)
  local facts, why, code = records.facts(run.store)
  if not facts then return nil, why, code end
  if facts.measured then take(run, json.decode(facts.measured)) end
  return true
end

--- Whether something is still to be measured: round 0 is open then.
---@return boolean
function measuring.pending(run)
  return not run.measured
    and (#check_of(run.resolved) > 0 or #calibration_of(run.resolved) > 0)
end

local function measure_all(run)
  local resolved, measured = run.resolved, { verdicts = {} }
  local check = check_of(resolved)
  if #check > 0 then
    measured.labels = json.array(labelled.labels(run, run.pipeline.label, rows_of(check, "cell"),
      run.label_options, { round = ROUND, stage = "label", batch = BATCH }))
  end
  for i, each in ipairs(calibration_of(resolved)) do
    measured.verdicts[i] = json.array(labelled.verdicts(run, run.calibrated[i],
      rows_of(each.rows, "label"), { round = ROUND, stage = "calibrate", path = tostring(i) }))
  end
  json.array(measured.verdicts)
  measured.spent, measured.notes = run.ledger:spent_in(ROUND), json.array(run.ledger:notes_of(ROUND))
  return measured
end

--- How well the scripts did, from the record alone.
---@param resolved table The experiment.
---@param measured table The fact.
---@return { labeller: table|nil, calibration: table[] } found The labeller's `{ name, measured }` is
--- as of `agreement.measure`; a calibration is `{ principle, file, positive, min_kappa, rows,
--- measured, unknown, by_label }`.
function measuring.found(resolved, measured)
  local found = { calibration = {} }
  if measured.labels then
    local rows = rows_of(check_of(resolved), "cell")
    found.labeller = { name = resolved.coverage.label.name, rows = #rows,
      measured = labelled.agreement(rows, measured.labels) }
  end
  for i, each in ipairs(calibration_of(resolved)) do
    local result = labelled.judged(rows_of(each.rows, "label"), measured.verdicts[i],
      positives(each))
    result.principle, result.file, result.positive = each.principle, each.file, each.positive
    result.min_kappa, result.rows = each.min_kappa, #each.rows
    found.calibration[i] = result
  end
  return found
end

--- Cohen's kappa, nil where it says nothing: of most rows there is no verdict, or
--- chance alone would agree as well. Rounded, since it is compared with a threshold.
local function kappa_of(each)
  if 2 * (each.unknown.fail + each.unknown.pass) > each.rows then return nil end
  local kappa = each.measured.kappa
  return kappa and tonumber(("%.9f"):format(kappa))
end

--- Why the run must not begin: a principle that agrees with people too little. A
--- kappa that cannot be told passes where none is asked for, at -1.
local function too_low(found)
  for i, each in ipairs(found.calibration) do
    local kappa = kappa_of(each)
    if each.min_kappa and (kappa or -1) < each.min_kappa then
      return { state = "paused", code = "EPAUSED", message = (
        "the principle '%s' agrees with the labels of %s too little: Cohen's kappa %s, at least "
        .. "%s is asked for (%d rows, %d without a verdict); no item was paid for. Mend the judge "
        .. "and begin a new run, or go on all the same: advisor resume RUN --set "
        .. "calibration.%d.min_kappa=%s"):format(each.principle, each.file,
        kappa and ("%.3f"):format(kappa) or "cannot be told", each.min_kappa, each.rows,
        each.unknown.fail + each.unknown.pass, i,
        kappa and ("%.2f"):format(math.floor(kappa * 100 + 1e-6) / 100) or "-1") }
    end
  end
  return nil
end

local function log(found)
  local labeller = found.labeller
  if labeller then
    core.log.write("info", ("the labeller %s is right on %d of %d texts of the check"):format(
      labeller.name, labeller.measured.hits, labeller.rows))
  end
  for _, each in ipairs(found.calibration) do
    core.log.write("info", ("the principle %s agrees with %d of %d labels of %s"):format(
      each.principle, each.measured.hits, each.measured.total, each.file))
  end
end

--- Measures what is still to be measured, puts it on disk, and compares it with what
--- is asked for. Yields. A script that fails raises `{ failed = stages.Failed }`.
---@param run table
---@return table|nil reason Why the run cannot go on, as for `run:halt`.
function measuring.measure(run)
  if measuring.pending(run) then
    local measured = measure_all(run)
    if run.halted then return run.halted end
    core.system.crash_point("measuring")
    local stored, why, code = records.commit_measured(run.store, json.encode(measured),
      run.vectors:of_round(ROUND))
    core.system.crash_point("measured")
    if not stored then return { state = "paused", code = code, message = why } end
    take(run, measured)
    run.journal:forget(ROUND)
    run.ledger:forget(ROUND)
    run.vectors:forget(ROUND)
    log(measuring.found(run.resolved, measured))
  end
  if not run.measured or run.committed > 0 then return nil end
  return too_low(measuring.found(run.resolved, run.measured))
end

return measuring

--- Compares arms of runs: means over seeds with intervals, differences of runs that
--- share a seed, and curves over drafts.
local core = require("advisor_core")
local evaluated = require("advisor.experiments.evaluated")
local figures = require("advisor.experiments.figures")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local paired = require("advisor.measure.paired")
local sweep = require("advisor.experiments.sweep")

local compare = {}

--- Points of a curve.
local POINTS = 20

--- The figures of a run, with those of evaluations that lie in its folder.
local function run_in(folder)
  local run, why = figures.of(folder)
  if not run then return nil, why end
  for _, each in ipairs(evaluated.beside(folder)) do
    local evaluation, problem = figures.of(each)
    if not evaluation then return nil, problem end
    if evaluation.evaluated then
      local ok, twice = evaluated.join(run, evaluation)
      if not ok then return nil, twice end
    end
  end
  return run
end

--- Runs of a sweep by its arms; what has not run is left out and counted.
local function arms_of_sweep(folder)
  local manifest, why = sweep.read(folder)
  if not manifest then return nil, why end
  local arms, missing = {}, 0
  for i, arm in ipairs(manifest.arms) do arms[i] = { name = arm.name, set = arm.set, runs = {} } end
  for _, task in ipairs(manifest.tasks) do
    local state = sweep.state(folder, task)
    if state == "done" then
      local run, problem = run_in(folder .. "/" .. task.run)
      if not run then return nil, problem end
      table.insert(arms[task.arm].runs, run)
    else
      missing = missing + 1
    end
  end
  return arms, nil, missing
end

--- The run among arms that an evaluation belongs to.
local function owner_of(arms, evaluation)
  for _, arm in ipairs(arms) do
    for _, run in ipairs(arm.runs) do
      if core.system.realpath(run.folder) == evaluation.evaluates then return run end
    end
  end
  return nil
end

--- Single runs: those that differ in their seed only are one arm. A run whose script
--- was changed is of another one; an evaluation of a run that is there is part of that.
local function add_run(arms, by_settings, run)
  local owner = run.evaluates and owner_of(arms, run)
  if owner then return evaluated.join(owner, run) end
  local settings = run.settings .. json.encode(run.scripts)
  local arm = by_settings[settings]
  if not arm then
    arm = { name = run.name, runs = {} }
    by_settings[settings] = arm
    arms[#arms + 1] = arm
  end
  for _, other in ipairs(arm.runs) do
    if other.seed == run.seed then
      return nil, ("%s and %s are the same experiment with the same seed: leave one out"):format(
        other.folder, run.folder)
    end
  end
  table.insert(arm.runs, run)
  return true
end

--- Names that tell arms apart: where two are alike, the first run's folder.
local function name_arms(arms)
  local seen = {}
  for _, arm in ipairs(arms) do seen[arm.name] = (seen[arm.name] or 0) + 1 end
  for _, arm in ipairs(arms) do
    if seen[arm.name] > 1 and arm.runs[1] then arm.name = arm.runs[1].folder end
  end
end

local function values_of(runs, name)
  local values = {}
  for _, run in ipairs(runs) do values[#values + 1] = run.measures[name] end
  return values
end

local function stream(name) return core.rng.new("compare/" .. name) end

local function means_of(arm, measures)
  local means = {}
  for _, measure in ipairs(measures) do
    local values = values_of(arm.runs, measure.name)
    if #values == #arm.runs and #values > 0 then
      means[measure.name] = #values == 1 and evaluated.mean(arm.runs[1], measure.name)
        or paired.mean(values, stream(arm.name .. "/" .. measure.name))
    end
  end
  return means
end

--- Runs of both arms that share a seed, in order of seeds.
local function pairs_of(a, b)
  local by_seed, left, right = {}, {}, {}
  for _, run in ipairs(b.runs) do by_seed[run.seed] = run end
  for _, run in ipairs(a.runs) do
    if by_seed[run.seed] then
      left[#left + 1], right[#right + 1] = run, by_seed[run.seed]
    end
  end
  return left, right
end

--- The rounds that both runs of each pair have in common: of forks of one run, or of
--- a run and its fork.
local function common_stem(left, right)
  local least
  for i, run in ipairs(left) do
    local a, b = run.forked_from, right[i].forked_from
    local function round(fork, other)
      return type(fork) == "table" and (fork.run == core.system.realpath(other.folder)
        and fork.round) or nil
    end
    local both = type(a) == "table" and type(b) == "table" and a.run == b.run
      and math.min(a.round, b.round) or round(a, right[i]) or round(b, run)
    if not both then return nil end
    least = math.min(least or both, both)
  end
  return least
end

local function differences_of(arm, baseline, measures)
  local left, right = pairs_of(arm, baseline)
  local found = { pairs = #left, measures = {}, common_rounds = #left > 0 and common_stem(left, right) or nil }
  for _, measure in ipairs(measures) do
    local a, b = values_of(left, measure.name), values_of(right, measure.name)
    if #left > 0 and #a == #left and #b == #left then
      local difference = #a == 1 and evaluated.difference(left[1], right[1], measure.name)
        or paired.difference(a, b, stream(arm.name .. "/" .. baseline.name .. "/" .. measure.name))
      difference.verdict = paired.verdict(difference, measure.more)
      found.measures[measure.name] = difference
    end
  end
  return found
end

--- A measure of a run after so many drafts: of the last round that is complete then.
local function at(run, drafts, name)
  local value
  for _, point in ipairs(run.curve) do
    if point.drafts > drafts then break end
    value = point[name]
  end
  return value
end

local ON_CURVES = { "kept", "yield", "cells", "cells_5", "evenness", "distance", "distinct_2" }

--- The i-th point of an arm's curve.
local function point_of(arm, i, drafts)
  local point = { drafts = drafts }
  for _, name in ipairs(ON_CURVES) do
    local values = {}
    for _, run in ipairs(arm.runs) do values[#values + 1] = at(run, drafts, name) end
    if #values == #arm.runs then
      point[name] = paired.mean(values, stream(arm.name .. "/" .. name .. "/" .. i))
    end
  end
  return point
end

--- Means over seeds at equal numbers of drafts, as far as all runs reach.
local function curves_of(arms)
  local most = math.huge
  for _, arm in ipairs(arms) do
    for _, run in ipairs(arm.runs) do most = math.min(most, run.drafts) end
  end
  if most == math.huge or most == 0 then return end
  for _, arm in ipairs(arms) do
    if #arm.runs > 0 then
      arm.curve = json.array({})
      for i = 1, POINTS do arm.curve[i] = point_of(arm, i, math.ceil(most * i / POINTS)) end
    end
  end
end

--- Drops by reason over an arm's runs.
local function dropped_of(arm)
  local sum = {}
  for _, run in ipairs(arm.runs) do
    for reason, n in pairs(run.dropped) do sum[reason] = (sum[reason] or 0) + n end
  end
  return sum
end

--- Kept items without a cell over an arm's runs, nil without a taxonomy.
local function unlabelled_of(arm)
  local sum
  for _, run in ipairs(arm.runs) do
    if run.unlabelled then sum = (sum or 0) + run.unlabelled end
  end
  return sum
end

--- Scripts that not all runs of an arm have alike, as in a sweep that went on after a
--- change of one.
local function mixed_of(arm)
  local first, mixed = arm.runs[1] and arm.runs[1].scripts or {}, {}
  for _, run in ipairs(arm.runs) do
    for name, hash in pairs(run.scripts) do
      if first[name] and first[name] ~= hash then mixed[name] = true end
    end
  end
  return json.array(options.sorted_keys(mixed))
end

--- Compares.
---@param folders string[] Runs and sweeps. The first arm is what the others are compared with.
---@return table|nil found `{ arms = { name, set, runs, means, dropped, unlabelled, mixed, curve,
---versus }[], missing }`: `mixed` names scripts that an arm's runs do not have alike, `curve` is
---absent for arms without a run,
---`means` as of `paired.mean` by measure, `versus` `{ pairs, common_rounds, measures }` as of
---`paired.difference` with their `paired.verdict`, absent for the first arm; `missing` counts tasks of
---sweeps that are not done.
---@return string|nil message
function compare.of(folders)
  local arms, singles, missing, by_settings = {}, {}, 0, {}
  for _, folder in ipairs(folders) do
    if sweep.is(folder) then
      local more, why, absent = arms_of_sweep(folder)
      if not more then return nil, why end
      table.move(more, 1, #more, #arms + 1, arms)
      missing = missing + absent
    else
      local run, why = run_in(folder)
      if not run then return nil, why end
      singles[#singles + 1] = run
    end
  end
  for _, evaluations in ipairs({ false, true }) do
    for _, run in ipairs(singles) do
      if (run.evaluates ~= nil) == evaluations then
        local ok, why = add_run(arms, by_settings, run)
        if not ok then return nil, why end
      end
    end
  end
  local measures = evaluated.measures(figures.measures, arms)
  name_arms(arms)
  curves_of(arms)
  for i, arm in ipairs(arms) do
    table.sort(arm.runs, function(a, b) return a.seed < b.seed end)
    arm.means, arm.dropped = means_of(arm, measures), dropped_of(arm)
    arm.unlabelled, arm.mixed = unlabelled_of(arm), mixed_of(arm)
    if i > 1 then arm.versus = differences_of(arm, arms[1], measures) end
  end
  for _, arm in ipairs(arms) do
    for _, run in ipairs(arm.runs) do
      run.settings, run.evaluated = nil, nil
      run.evaluations = run.evaluations and json.array(run.evaluations)
    end
    json.array(arm.runs)
  end
  return { arms = json.array(arms), measures = json.array(measures), missing = missing }
end

--- Arms that have runs, and so curves.
---@param arms table[] As of `compare.of`.
---@return table[]
function compare.drawn(arms)
  local drawn = {}
  for _, arm in ipairs(arms) do
    if arm.curve then drawn[#drawn + 1] = arm end
  end
  return drawn
end

return compare

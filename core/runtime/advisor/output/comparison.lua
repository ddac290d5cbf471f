--- A comparison of arms in words.
local account = require("advisor.output.account")
local columns = require("advisor.output.columns")
local compare = require("advisor.experiments.compare")
local printable = require("advisor.output.text").printable

local function number(x)
  if math.type(x) == "integer" or x == math.floor(x) and math.abs(x) < 1e15 then return ("%d"):format(x) end
  return ("%.4g"):format(x)
end

local function with_interval(found, signed)
  local plus = signed and found.mean > 0 and "+" or ""
  local text = plus .. number(found.mean)
  if not found.low then return text end
  return ("%s [%s, %s]"):format(text, number(found.low), number(found.high))
end

--- A measure of an arm; with what it is compared to, where there is that.
local function row_of(measure, mean, versus)
  local row = { measure.name, with_interval(mean) }
  if versus then
    local found = versus.measures[measure.name]
    row[3] = found and with_interval(found, true) or ""
    row[4] = found and found.effect and ("%.2f"):format(found.effect) or ""
    row.after = found and found.verdict or ""
  end
  return row
end

--- The fewest and most drafts of runs.
local function drafts_of(runs)
  local least, most = math.huge, 0
  for _, run in ipairs(runs) do least, most = math.min(least, run.drafts), math.max(most, run.drafts) end
  return least, most
end

local function headline(arm, baseline)
  local least, most = drafts_of(arm.runs)
  local text = ("%s: %d run%s of %s drafts"):format(printable(arm.name), #arm.runs,
    #arm.runs == 1 and "" or "s", least == most and most or ("%d to %d"):format(least, most))
  local versus = arm.versus
  if not versus or #baseline.runs == 0 then return text end
  text = text .. (", %d of them paired by seed with %s"):format(versus.pairs, printable(baseline.name))
  if not versus.common_rounds then return text end
  return text .. (" and alike in the first %d rounds"):format(versus.common_rounds)
end

local function kept_in(runs)
  local kept = 0
  for _, run in ipairs(runs) do kept = kept + run.measures.kept end
  return kept
end

local function arm_table(lines, arm, baseline, measures)
  if #arm.runs == 0 then
    lines[#lines + 1] = printable(arm.name) .. ": no run is done"
    return
  end
  local rows, versus = { { "measure", "mean [95 %]" } }, arm.versus
  if versus and versus.pairs == 0 then versus = nil end
  if versus then rows[1] = { "measure", "mean [95 %]", "difference [95 %]", "effect" } end
  for _, measure in ipairs(measures) do
    local mean = arm.means[measure.name]
    if mean then rows[#rows + 1] = row_of(measure, mean, versus) end
  end
  lines[#lines + 1] = headline(arm, baseline)
  columns.add(lines, rows)
  lines[#lines + 1] = "  dropped: " .. account.listed(arm.dropped)
  if (arm.unlabelled or 0) > 0 then
    lines[#lines + 1] = ("  without a cell: %d of %d kept items"):format(arm.unlabelled, kept_in(arm.runs))
  end
  if #arm.mixed > 0 then
    lines[#lines + 1] = "  NOT ALIKE: its runs have different versions of " .. table.concat(arm.mixed, ", ")
  end
end

--- Curves over drafts of one measure, an arm a column.
local function curve_table(lines, arms, name)
  local rows = { { "drafts" } }
  for _, arm in ipairs(arms) do table.insert(rows[1], printable(arm.name)) end
  for i = 4, #arms[1].curve, 4 do
    local row, any = { number(arms[1].curve[i].drafts) }, false
    for _, arm in ipairs(arms) do
      local point = arm.curve[i][name]
      any = any or point
      row[#row + 1] = point and with_interval(point) or ""
    end
    if any then rows[#rows + 1] = row end
  end
  if #rows == 1 then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = ("%s after so many drafts (after the last round that they complete), mean [95 %%]"):format(name)
  columns.add(lines, rows)
end

--- Whether all runs made as many drafts.
local function is_even(arms)
  local all = {}
  for _, arm in ipairs(arms) do table.move(arm.runs, 1, #arm.runs, #all + 1, all) end
  local least, most = drafts_of(all)
  return least == most
end

local LEGEND = "intervals: bootstrap over seeds (Student's t below eight), none where all are alike; effect: Hedges' g "
  .. "of pairs, from three\non; better, worse: the interval of the difference leaves out 0; measures: advisor "
  .. "compare --help"

--- Whether an interval is one over the questions of an evaluation.
local function has_questions(arms)
  for _, arm in ipairs(arms) do
    for _, mean in pairs(arm.means) do
      if mean.of_questions then return true end
    end
  end
  return false
end

local OF_QUESTIONS = "scores of one run: the interval is over its questions, and says nothing of other seeds (Wilson; "
  .. "differences\nover the questions that both were judged on, Agresti and Min)"

--- What `advisor compare` prints.
---@param found table As of `compare.of` in experiments/compare.lua.
---@return string
return function(found)
  local lines = {}
  for i, arm in ipairs(found.arms) do
    if i > 1 then lines[#lines + 1] = "" end
    arm_table(lines, arm, found.arms[1], found.measures)
  end
  local done = compare.drawn(found.arms)
  if #done > 1 then
    for _, name in ipairs({ "cells", "kept" }) do curve_table(lines, done, name) end
  end
  lines[#lines + 1] = ""
  if found.missing > 0 then
    lines[#lines + 1] = ("%d %s of the sweep %s not done and left out"):format(found.missing,
      found.missing == 1 and "task" or "tasks", found.missing == 1 and "is" or "are")
  end
  if #done > 0 and #found.arms[1].runs == 0 then
    lines[#lines + 1] = "the first arm has no run that is done, so there is nothing to compare the others with"
  end
  if #done > 1 and not is_even(done) then
    lines[#lines + 1] = "not all runs made as many drafts: the curves compare them at equal numbers"
  end
  lines[#lines + 1] = LEGEND
  if has_questions(found.arms) then lines[#lines + 1] = OF_QUESTIONS end
  return table.concat(lines, "\n") .. "\n"
end

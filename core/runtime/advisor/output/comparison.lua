--- A comparison of arms in words.
local figures = require("advisor.experiments.figures")
local options = require("advisor.host.options")
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

local function pad(text, width)
  return text .. (" "):rep(width - (utf8.len(text) or #text))
end

--- Rows in columns, the last one as it is.
local function columns(lines, rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, value in ipairs(row) do widths[i] = math.max(widths[i] or 0, utf8.len(value) or #value) end
  end
  for _, row in ipairs(rows) do
    local parts = {}
    for i, value in ipairs(row) do parts[i] = i < #row and pad(value, widths[i]) or value end
    lines[#lines + 1] = "  " .. table.concat(parts, "  ")
  end
end

--- Whether an interval of a difference leaves out 0, and for the better or worse.
local function verdict(measure, found)
  if not found.low or found.low <= 0 and found.high >= 0 then return "" end
  if measure.more == 0 then return "differs" end
  return (found.mean > 0) == (measure.more > 0) and "better" or "worse"
end

--- A measure of an arm; with what it is compared to, where there is that.
local function row_of(measure, mean, versus)
  local row = { measure.name, with_interval(mean) }
  if versus then
    local found = versus.measures[measure.name]
    row[3] = found and with_interval(found, true) or ""
    row[4] = found and found.effect and ("%.2f"):format(found.effect) or ""
    row[5] = found and verdict(measure, found) or ""
  end
  return row
end

local function headline(arm, baseline)
  local text = ("%s: %d run%s"):format(printable(arm.name), #arm.runs, #arm.runs == 1 and "" or "s")
  local versus = arm.versus
  if not versus then return text end
  text = text .. (", %d of them paired by seed with %s"):format(versus.pairs, printable(baseline.name))
  if not versus.common_rounds then return text end
  return text .. (" and alike in the first %d rounds"):format(versus.common_rounds)
end

local function dropped(counts)
  local parts = {}
  for _, reason in ipairs(options.sorted_keys(counts)) do
    parts[#parts + 1] = ("%s %d"):format(printable(reason), counts[reason])
  end
  return #parts > 0 and table.concat(parts, ", ") or "none"
end

local function arm_table(lines, arm, baseline)
  local rows = { { "measure", "mean [95 %]" } }
  if arm.versus then rows[1] = { "measure", "mean [95 %]", "difference [95 %]", "effect", "" } end
  for _, measure in ipairs(figures.measures) do
    local mean = arm.means[measure.name]
    if mean then rows[#rows + 1] = row_of(measure, mean, arm.versus) end
  end
  lines[#lines + 1] = headline(arm, baseline)
  columns(lines, rows)
  lines[#lines + 1] = "  dropped: " .. dropped(arm.dropped)
end

--- Curves over drafts of one measure, an arm a column.
local function curve_table(lines, arms, name)
  local first = arms[1].curve
  if not first or not first[1][name] and not first[#first][name] then return end
  lines[#lines + 1] = ("%s over drafts, mean over seeds"):format(name)
  local rows = { { "drafts" } }
  for _, arm in ipairs(arms) do table.insert(rows[1], printable(arm.name)) end
  for i = 4, #first, 4 do
    local row = { number(first[i].drafts) }
    for _, arm in ipairs(arms) do
      local point = arm.curve[i][name]
      row[#row + 1] = point and with_interval(point) or ""
    end
    rows[#rows + 1] = row
  end
  columns(lines, rows)
end

--- What `advisor compare` prints.
---@param found table As of `compare.of` in experiments/compare.lua.
---@return string
return function(found)
  local lines = {}
  for i, arm in ipairs(found.arms) do
    if i > 1 then lines[#lines + 1] = "" end
    arm_table(lines, arm, found.arms[1])
  end
  if #found.arms > 1 then
    for _, name in ipairs({ "cells", "kept" }) do
      lines[#lines + 1] = ""
      curve_table(lines, found.arms, name)
    end
  end
  if found.missing > 0 then
    lines[#lines + 1] = ("%d tasks of the sweep are not done and left out"):format(found.missing)
  end
  lines[#lines + 1] = "intervals: bootstrap-t over seeds (Student's t below five), 95 %; effect: Hedges' g of pairs"
  return table.concat(lines, "\n") .. "\n"
end

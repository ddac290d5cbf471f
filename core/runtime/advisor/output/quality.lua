--- How well a run's labeller and principles did on labelled rows, and the shares
--- corrected for the labeller's mistakes: for programs and in words.
local evaluation = require("advisor.output.evaluation")
local json = require("advisor.output.json")
local printable = require("advisor.output.text").printable

local quality = {}

local function labeller_object(labeller)
  if not labeller then return json.null end
  local object = evaluation.figures(labeller.measured)
  object.name, object.rows, object.unlabelled = labeller.name, labeller.rows, labeller.measured.missing
  return object
end

local function calibration_object(found)
  local object = evaluation.figures(found.measured)
  object.principle, object.file, object.rows = found.principle, found.file, found.rows
  object.positive, object.min_kappa = json.array(found.positive), found.min_kappa or json.null
  object.unknown, object.by_label = found.unknown.fail + found.unknown.pass, found.by_label
  return object
end

--- For programs. Figures that have no value are null.
---@param found table From `measuring.found`.
---@return { labeller: table, calibration: table[] }
function quality.object(found)
  local calibration = {}
  for i, each in ipairs(found.calibration) do calibration[i] = calibration_object(each) end
  return { labeller = labeller_object(found.labeller), calibration = json.array(calibration) }
end

local function shown(value)
  return type(value) == "number" and ("%.3f"):format(value) or "-"
end

local function agreement_of(object)
  local interval = object.accuracy_interval
  return ("accuracy %s (95 %% interval %s to %s), kappa %s, macro-F1 %s"):format(
    shown(object.accuracy), shown(interval[1]), shown(interval[2]), shown(object.kappa),
    shown(object.macro_f1))
end

--- The mistakes of each class: of how many rows it gave another answer.
local function mistakes_of(object)
  local parts = {}
  for _, class in ipairs(object.classes) do
    if class.wanted > 0 then
      parts[#parts + 1] = ("%d of %d that should %s"):format(class.wanted - class.hits,
        class.wanted, class.label)
    end
  end
  return table.concat(parts, ", ")
end

--- Adds lines on the labeller and the calibrated principles.
---@param lines string[]
---@param object table From `quality.object`.
---@param coverage any The account's coverage, for what keeps it from being corrected.
function quality.add_lines(lines, object, coverage)
  local labeller = object.labeller
  if labeller ~= json.null then
    lines[#lines + 1] = ("labeller %s on %d texts: %s; %d without a label"):format(
      printable(labeller.name), labeller.rows, agreement_of(labeller), labeller.unlabelled)
    if type(coverage) == "table" and coverage.uncorrected then
      lines[#lines + 1] = "shares are not corrected: " .. printable(coverage.uncorrected)
    end
  end
  for _, each in ipairs(object.calibration) do
    lines[#lines + 1] = ("principle %s on %d rows of %s: %s; wrong on %s; %d unknown%s"):format(
      printable(each.principle), each.rows, printable(each.file), agreement_of(each),
      mistakes_of(each), each.unknown,
      each.min_kappa ~= json.null and ("; kappa of at least %s is asked for"):format(each.min_kappa)
        or "")
  end
end

--- Adds the columns of corrected shares to a table's head, where there are any.
---@param head string[]
---@param coverage table
---@return string[] head
function quality.add_head(head, coverage)
  if coverage.corrected then
    head[#head + 1] = "corrected"
    head[#head + 1] = "95 % interval"
    head[#head + 1] = "likely"
  end
  return head
end

--- Adds a cell's corrected share to its row.
---@param row string[]
---@param cell table
---@return string[] row
function quality.add_corrected(row, cell)
  local corrected = cell.corrected
  if corrected then
    row[#row + 1] = ("%.3f"):format(corrected.share)
    row[#row + 1] = ("%.3f to %.3f"):format(corrected.low, corrected.high)
    row[#row + 1] = ("%.1f"):format(corrected.likely)
  end
  return row
end

return quality

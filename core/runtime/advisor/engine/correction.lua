--- Coverage corrected for the labeller's mistakes, as they were measured on texts
--- whose cells are known (`coverage.check`).
local confusion = require("advisor.measure.confusion")
local core = require("advisor_core")
local options = require("advisor.host.options")

local correction = {}

--- Bootstrap samples behind an interval: (samples + 1) * 0.025 is whole.
local SAMPLES = 199

--- Stands for no cell, as a label and as the truth.
local NONE = ""

--- Results decide over gaps, and floating-point libraries differ in the last digits.
local function rounded(x) return tonumber(("%.9g"):format(x)) end

--- What a labeller answered to texts of known cells.
---@param rows { label: string }[] The true cell; "" for a text of none.
---@param labels (string|false)[] The labeller's answers.
---@return table<string, table<string, integer>> examples By true cell, then given label.
function correction.count(rows, labels)
  local examples = {}
  for i, row in ipairs(rows) do
    local counts = examples[row.label] or {}
    examples[row.label] = counts
    local label = labels[i] or NONE
    counts[label] = (counts[label] or 0) + 1
  end
  return examples
end

--- Answers that are no cell of the coverage count as none.
local function known_only(examples, known)
  local cleaned = {}
  for truth, given in next, examples do
    cleaned[truth] = {}
    for label, n in next, given do
      if not known[label] then label = NONE end
      cleaned[truth][label] = (cleaned[truth][label] or 0) + n
    end
  end
  return cleaned
end

--- Items by label, and the cells and answers of the matrix.
local function frame_of(coverage, examples)
  local counts, cells, answers = { [NONE] = coverage.unlabelled }, {}, {}
  for i, cell in ipairs(coverage.cells) do
    counts[cell.cell], cells[i], answers[i] = cell.count, cell.cell, cell.cell
  end
  for _, truth in ipairs(options.sorted_keys(examples)) do
    if truth ~= NONE and not counts[truth] then
      return nil, ("'%s' has examples and is no cell yet"):format(truth)
    end
  end
  answers[#answers + 1] = NONE
  if examples[NONE] then cells[#cells + 1] = NONE end
  return { counts = counts, cells = cells, answers = answers }
end

--- The answer "none" is an equation of its own only where the labeller gives it.
local function trim(frame, examples)
  local given = frame.counts[NONE] > 0 or examples[NONE] ~= nil
  for _, counts in next, examples do given = given or counts[NONE] ~= nil end
  if not given then frame.answers[#frame.answers] = nil end
end

local function corrected_rows(coverage, examples, stream)
  if #coverage.cells == 0 then return nil, "there are no cells" end
  local known = {}
  for _, cell in ipairs(coverage.cells) do known[cell.cell] = true end
  local cleaned = known_only(examples, known)
  local frame, why = frame_of(coverage, cleaned)
  if not frame then return nil, why end
  trim(frame, cleaned)
  local rows, failed = confusion.corrected(frame.counts, cleaned, frame.cells,
    core.rng.new(stream), { samples = SAMPLES, answers = frame.answers })
  if not rows then return nil, failed end
  if not rows[1].low then return nil, "the check has too few examples for an interval" end
  return rows
end

--- The counted items as far as the corrected interval allows them. A corrected share
--- varies more than a count errs as long as examples are few (tests/runtime/engine/
--- correction_spec.lua shows by how much), its interval holds all the same.
local function likely(counted, row, items)
  return math.max(row.low * items, math.min(row.high * items, counted))
end

--- Adds to coverage what its cells truly hold, by estimate. Each cell gets
--- `corrected = { share, low, high, likely }`, the share of all kept items, unlabelled
--- ones too, with its 95 % interval, and the items counted, moved into it; the coverage
--- gets `corrected = { items, inside }`, how many items there are and how many of them
--- belong to some cell. Where that cannot be had, it gets `uncorrected`, words that say
--- why.
--- The intervals are bootstrap ones: a cell with few examples, all of them labelled
--- alike, makes them too narrow. They hold for texts like those of the check.
---@param coverage table As `coverage:at` makes it; changed in place.
---@param examples table From `correction.count`.
---@param stream string Names the random stream.
function correction.apply(coverage, examples, stream)
  local rows, why = corrected_rows(coverage, examples, stream)
  if not rows then
    coverage.uncorrected = why
    return
  end
  local items, outside = coverage.total + coverage.unlabelled, rows[#coverage.cells + 1]
  local inside = outside and 1 - outside.share or 1
  -- What has no label is shared out as what has one.
  local scale = coverage.total > 0 and items / coverage.total * inside or 0
  for i, cell in ipairs(coverage.cells) do
    local row = rows[i]
    cell.corrected = { share = rounded(row.share), low = rounded(row.low),
      high = rounded(row.high), likely = rounded(likely(cell.count * scale, row, items)) }
  end
  coverage.corrected = { items = items, inside = rounded(items * inside) }
end

--- The stream of a state's correction.
---@param seed integer Of the run.
---@param round integer
---@return string
function correction.stream(seed, round)
  return ("%d/%d/coverage/corrected"):format(seed, round)
end

return correction

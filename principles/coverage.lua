local M = {
  api = 1,
  kind = "principle",
  level = "dataset",
  statement = "The data set covers many different topics, each with enough items.",
  description = "Finds the cells below their minimum or their share, the surest shortfall first.",
  options = {
    most = { type = "integer", default = 10, min = 1, doc = "Most gaps returned." },
    certain = {
      type = "boolean", default = false,
      doc = "Only cells short of a minimum, or of a share at the upper end of its 95 % interval.",
    },
    corrected = {
      type = "boolean", default = true,
      doc = "Where coverage.check has measured the labeller, mind its mistakes.",
    },
  },
}

--- Items wanted in a cell: its share of what there is, or of the first round where
--- there is nothing yet. Without a target or a minimum, an even share.
local function wanted(cell, coverage, total, per_round)
  local share = cell.want or (cell.minimum and 0 or 1 / #coverage.cells)
  return math.max(share * (total > 0 and total or per_round or 0), cell.minimum or 0)
end

--- Items that a cell holds, as counted or as they are likely: a corrected share on
--- its own varies more than a count errs, so it moves the count only as far as its
--- interval asks for.
local function held(cell, coverage, fixed)
  if fixed then
    local items, found = coverage.corrected.items, cell.corrected
    return { have = found.likely, low = found.low * items, high = found.high * items,
      words = ("likely %.1f of %d items (%d counted)"):format(found.likely, items, cell.count) }
  end
  local total = coverage.total
  return { have = cell.count, low = cell.low * total, high = cell.high * total, counted = true,
    words = ("%d of %d items"):format(cell.count, total) }
end

--- A minimum counts items, whose number is known; a share may be chance.
local function is_gap(cell, want, found, certain)
  if found.counted and cell.minimum and cell.count < cell.minimum then return true end
  return (certain and found.high or found.have) < want - 1e-9
end

--- `subject` is the state.
function M.check(_, subject, opt)
  local coverage, gaps = subject.coverage, {}
  local fixed = opt.corrected and coverage.corrected ~= nil
  local total = fixed and coverage.corrected.inside or coverage.total
  for _, cell in ipairs(coverage.cells) do
    local want = wanted(cell, coverage, total, subject.per_round)
    local found = held(cell, coverage, fixed)
    if is_gap(cell, want, found, opt.certain) then
      gaps[#gaps + 1] = { cell = cell.cell, have = found.have, want = want,
        interval = { low = found.low, high = found.high },
        text = ("%s: %s (95 %% interval %.1f to %.1f), %.1f wanted"):format(cell.cell,
          found.words, found.low, found.high, want) }
    end
  end
  table.sort(gaps, function(a, b)
    local left, right = a.want - a.interval.high, b.want - b.interval.high
    if left ~= right then return left > right end
    return a.have < b.have
  end)
  for i = #gaps, opt.most + 1, -1 do gaps[i] = nil end
  return gaps
end

return M

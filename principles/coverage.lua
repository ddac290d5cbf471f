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
  },
}

--- Items wanted in a cell: its share of what there is, or of the first round where
--- there is nothing yet. Without a target or a minimum, an even share.
local function wanted(cell, coverage, per_round)
  local share = cell.want or (cell.minimum and 0 or 1 / #coverage.cells)
  local total = coverage.total > 0 and coverage.total or per_round or 0
  return math.max(share * total, cell.minimum or 0)
end

--- A minimum counts items, whose number is known; a share may be chance.
local function is_gap(cell, want, high, certain)
  if cell.minimum and cell.count < cell.minimum then return true end
  return (certain and high or cell.count) < want - 1e-9
end

--- `subject` is the state.
function M.check(_, subject, opt)
  local coverage, gaps = subject.coverage, {}
  for _, cell in ipairs(coverage.cells) do
    local want = wanted(cell, coverage, subject.per_round)
    local low, high = cell.low * coverage.total, cell.high * coverage.total
    if is_gap(cell, want, high, opt.certain) then
      gaps[#gaps + 1] = { cell = cell.cell, have = cell.count, want = want,
        interval = { low = low, high = high },
        text = ("%s: %d of %d items (95 %% interval %.1f to %.1f), %.1f wanted"):format(cell.cell,
          cell.count, coverage.total, low, high, want) }
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

local M = {
  api = 1,
  kind = "principle",
  level = "dataset",
  statement = "The data set covers many different topics, each with enough items.",
  description = "Finds the targets that hold fewer kept items than an even share.",
  options = {
    most = {
      type = "integer", default = 10, min = 1, doc = "Most gaps returned, the largest first.",
    },
  },
}

--- `subject` is the state: its coverage counts kept items by the advice's target.
function M.check(_, subject, opt)
  local cells, total, gaps = subject.coverage.cells, subject.coverage.total, {}
  local want = #cells > 0 and total / #cells or 0
  for _, cell in ipairs(cells) do
    if cell.count < want then
      gaps[#gaps + 1] = {
        cell = cell.cell, have = cell.count, want = want,
        text = ("%s: %d items, %.1f would be even"):format(cell.cell, cell.count, want),
      }
    end
  end
  table.sort(gaps, function(a, b) return a.have < b.have end)
  for i = #gaps, opt.most + 1, -1 do gaps[i] = nil end
  return gaps
end

return M

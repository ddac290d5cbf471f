local M = {
  api = 1,
  kind = "principle",
  level = "dataset",
  statement = "The items of the data set are spread evenly over its topics.",
  description = "Where evenness is too low, finds the cells that hold less than an even share.",
  options = {
    floor = {
      type = "number", default = 0.85, min = 0, max = 1,
      doc = "Lowest evenness accepted (Shannon's entropy / that of equal cells).",
    },
    min_items = {
      type = "integer", default = 30, min = 1,
      doc = "Items from which evenness is looked at; few items are uneven by chance.",
    },
    most = { type = "integer", default = 10, min = 1, doc = "Most gaps returned." },
    named = { type = "integer", default = 3, min = 0, doc = "Most overfull cells named in a gap." },
  },
}

--- The fullest cells that hold more than an even share even at the lower end of
--- their interval, in words.
local function overfull(cells, named)
  local list, names = {}, {}
  for _, cell in ipairs(cells) do
    if cell.low > 1 / #cells then list[#list + 1] = cell end
  end
  table.sort(list, function(a, b) return a.count > b.count end)
  for i = 1, math.min(named, #list) do
    names[i] = ("%s (%d)"):format(list[i].cell, list[i].count)
  end
  return #names > 0 and "; too many in " .. table.concat(names, ", ") or ""
end

--- Cells are compared with an even share, whatever targets the taxonomy has: who
--- wants another mix has the principle coverage.
function M.check(ctx, subject, opt)
  local cells, total, counts = subject.coverage.cells, subject.coverage.total, {}
  if #cells < 2 or total < opt.min_items then return {} end
  for _, cell in ipairs(cells) do counts[cell.cell] = cell.count end
  local evenness = ctx.measure.evenness(counts)
  if evenness >= opt.floor then return {} end
  local gaps, want, others = {}, total / #cells, overfull(cells, opt.named)
  for _, cell in ipairs(cells) do
    if cell.count < want - 1e-9 then
      gaps[#gaps + 1] = { cell = cell.cell, have = cell.count, want = want,
        interval = { low = cell.low * total, high = cell.high * total },
        text = ("%s: %d items, %.1f would be even; evenness %.2f, at least %.2f wanted%s"):format(
          cell.cell, cell.count, want, evenness, opt.floor, others) }
    end
  end
  table.sort(gaps, function(a, b) return a.have < b.have end)
  for i = #gaps, opt.most + 1, -1 do gaps[i] = nil end
  return gaps
end

return M

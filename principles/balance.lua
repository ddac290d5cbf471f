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
    corrected = {
      type = "boolean", default = true,
      doc = "Where coverage.check has measured the labeller, mind its mistakes.",
    },
    most = { type = "integer", default = 10, min = 1, doc = "Most gaps returned." },
    named = { type = "integer", default = 3, min = 0, doc = "Most overfull cells named in a gap." },
  },
}

--- Items that cells hold, as counted or as they are likely (see the principle
--- coverage), with their intervals; and how many an even share is.
local function held(coverage, fixed)
  local of = fixed and coverage.corrected.items or coverage.total
  local list = {}
  for i, cell in ipairs(coverage.cells) do
    local found = fixed and cell.corrected or cell
    list[i] = { cell = cell.cell, have = fixed and found.likely or cell.count,
      low = found.low * of, high = found.high * of }
  end
  return list, (fixed and coverage.corrected.inside or of) / #list
end

--- A number of items in words.
local function items(have) return have % 1 == 0 and "%d" or "%.1f" end

--- The fullest cells that hold more than an even share even at the lower end of
--- their interval, in words.
local function overfull(cells, even, named)
  local list, names = {}, {}
  for _, cell in ipairs(cells) do
    if cell.low > even then list[#list + 1] = cell end
  end
  table.sort(list, function(a, b) return a.have > b.have end)
  for i = 1, math.min(named, #list) do
    names[i] = ("%s (" .. items(list[i].have) .. ")"):format(list[i].cell, list[i].have)
  end
  return #names > 0 and "; too many in " .. table.concat(names, ", ") or ""
end

--- Cells are compared with an even share, whatever targets the taxonomy has: who
--- wants another mix has the principle coverage.
function M.check(ctx, subject, opt)
  local coverage, counts = subject.coverage, {}
  if #coverage.cells < 2 or coverage.total < opt.min_items then return {} end
  local cells, want = held(coverage, opt.corrected and coverage.corrected ~= nil)
  for _, cell in ipairs(cells) do counts[cell.cell] = cell.have end
  local evenness = ctx.measure.evenness(counts)
  if evenness >= opt.floor then return {} end
  local gaps, others = {}, overfull(cells, want, opt.named)
  for _, cell in ipairs(cells) do
    if cell.have < want - 1e-9 then
      gaps[#gaps + 1] = { cell = cell.cell, have = cell.have, want = want,
        interval = { low = cell.low, high = cell.high },
        text = ("%s: " .. items(cell.have) .. " items, %.1f would be even; evenness %.2f, at least "
          .. "%.2f wanted%s"):format(cell.cell, cell.have, want, evenness, opt.floor, others) }
    end
  end
  table.sort(gaps, function(a, b) return a.have < b.have end)
  for i = #gaps, opt.most + 1, -1 do gaps[i] = nil end
  return gaps
end

return M

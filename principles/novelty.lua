local M = {
  api = 1,
  kind = "principle",
  level = "dataset",
  statement = "The data set goes on reaching topics that it did not hold before.",
  description = "Finds that the last rounds brought hardly an item of a new cell.",
  options = {
    window = { type = "integer", default = 5, min = 1, doc = "Rounds looked back upon." },
    rate = {
      type = "number", default = 0, min = 0, max = 1,
      doc = "Highest share of kept items that found a new cell at which this is a gap.",
    },
  },
}

--- Kept items of the last rounds by cell.
local function recent(history, since)
  local counts, total = {}, 0
  for i = #history, 1, -1 do
    local entry = history[i]
    if entry.round <= since then break end
    for cell, count in pairs(entry.cells or {}) do
      counts[cell], total = (counts[cell] or 0) + count, total + count
    end
  end
  return counts, total
end

--- A closed taxonomy whose cells are all filled has nothing new to find. Nor can
--- it be told where no item has a cell, or fewer rounds were made than are looked at.
function M.check(_, subject, opt)
  local coverage = subject.coverage
  if subject.round < opt.window then return {} end
  local counts, total = recent(subject.history, subject.round - opt.window)
  if total == 0 then return {} end
  local found, empty = 0, 0
  for _, cell in ipairs(coverage.cells) do
    local late = counts[cell.cell]
    if late and cell.count <= late then found = found + 1 end
    if cell.count == 0 then empty = empty + 1 end
  end
  if found / total > opt.rate or (empty == 0 and not coverage.open) then return {} end
  return { { have = found, want = math.floor(opt.rate * total) + 1,
    text = ("%d of the %d items kept in the last %d rounds found a new topic"):format(found, total,
      opt.window) .. (empty > 0 and ("; %d are still empty"):format(empty) or "") } }
end

return M

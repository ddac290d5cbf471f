local M = {
  api = 1,
  kind = "advise",
  description = "Aims at the cells that even at best lie furthest below what is wanted.",
  options = {
    cells = {
      type = "integer", default = 4, min = 1, max = 64, doc = "Pieces of advice in a round.",
    },
  },
}

--- What a text such as "Gifts: 1 of 12 items" or a cell says, in items: `short`
--- is what is missing even at the upper end of the interval.
local function candidate(cell, have, want, high, description, text)
  return { target = cell, have = have, missing = want - have, short = want - high,
    instruction = description, gap = text }
end

--- The cells that principles name; of two gaps in one cell the larger one.
local function from_gaps(state, descriptions)
  local list, at = {}, {}
  for _, gap in ipairs(state.gaps or {}) do
    if gap.cell and gap.want then
      local have = gap.have or 0
      local found = candidate(gap.cell, have, gap.want, gap.interval and gap.interval.high or have,
        descriptions[gap.cell], gap.text)
      local known = at[gap.cell]
      if not known then
        list[#list + 1], at[gap.cell] = found, #list + 1
      elseif found.short > list[known].short then
        list[known] = found
      end
    end
  end
  return list
end

--- Without a target in an open taxonomy, an even share is wanted. Where nothing
--- is missing, all cells are candidates: the thinnest one is still the thinnest.
local function from_coverage(coverage)
  local all, thin = {}, {}
  for _, cell in ipairs(coverage.cells) do
    local want = (cell.want or 1 / #coverage.cells) * coverage.total
    want = math.max(want, cell.minimum or 0)
    local found = candidate(cell.cell, cell.count, want, cell.high * coverage.total,
      cell.description)
    all[#all + 1] = found
    if found.missing > 1e-9 then thin[#thin + 1] = found end
  end
  return #thin > 0 and thin or all
end

function M.run(ctx, state, opt)
  local descriptions = {}
  for _, cell in ipairs(state.coverage.cells) do descriptions[cell.cell] = cell.description end
  local list = from_gaps(state, descriptions)
  if #list == 0 then list = from_coverage(state.coverage) end
  if #list == 0 then
    return nil, "no advice: there is no cell to aim at; give coverage a taxonomy with cells"
  end
  list = ctx.rng("ties"):shuffle(list)
  table.sort(list, function(a, b)
    if a.short ~= b.short then return a.short > b.short end
    return a.have < b.have
  end)
  local advice = {}
  for i = 1, math.min(opt.cells, #list) do
    local found = list[i]
    advice[i] = { target = found.target, instruction = found.instruction, gap = found.gap }
  end
  return advice
end

return M

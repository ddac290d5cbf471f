local M = {
  api = 1,
  kind = "advise",
  description = "Aims at several gaps a round, drafts shared out by size of gap and yield so far.",
  options = {
    gaps = {
      type = "integer", default = 6, min = 1, max = 64, doc = "Most gaps aimed at in a round.",
    },
    total = {
      type = "integer", default = 0, min = 0,
      doc = "Drafts of a round; 0: per_round where the state shows it, else what the gaps need, "
        .. "at most 12.",
    },
    prior = {
      type = "number", default = 2, min = 0.01,
      doc = "Drafts, half of them kept, that a cell is taken to have had.",
    },
    least_yield = {
      type = "number", default = 0.2, min = 0.01, max = 1,
      doc = "Lowest yield reckoned with, so that a hopeless cell does not eat up the round.",
    },
  },
}

--- Most drafts of a round where nobody says how many it has.
local USUAL = 12

--- The largest gap of each cell, the largest first.
local function gaps_of(state)
  local list, at = {}, {}
  for _, gap in ipairs(state.gaps or {}) do
    local size = gap.cell and gap.want and gap.want - (gap.have or 0) or 0
    if size > 0 then
      local known = at[gap.cell]
      if not known then
        known = #list + 1
        list[known], at[gap.cell] = { cell = gap.cell, size = 0 }, known
      end
      if size > list[known].size then list[known].size, list[known].text = size, gap.text end
    end
  end
  table.sort(list, function(a, b) return a.size > b.size end)
  return list
end

--- Drafts made for each cell, and items that they brought to it: what was kept
--- for another cell does not close the gap.
local function yields_of(state)
  local drafts, kept = {}, {}
  for _, entry in ipairs(state.history) do
    local cell = entry.target
    if cell then
      local hits = entry.cells and (entry.cells[cell] or 0) or entry.kept
      drafts[cell], kept[cell] = (drafts[cell] or 0) + entry.drafts, (kept[cell] or 0) + hits
    end
  end
  return drafts, kept
end

--- Whole numbers that add up to `total`, in proportion to what each gap asks
--- for, by largest remainders; of equal ones the larger gap's comes first.
local function share_out(list, asked, total)
  local order, left = {}, total
  for i, gap in ipairs(list) do
    local exact = total * gap.asks / asked
    gap.count = math.floor(exact)
    order[i], left = { gap = gap, rest = exact - gap.count }, left - gap.count
  end
  table.sort(order, function(a, b) return a.rest > b.rest end)
  for i = 1, left do order[i].gap.count = order[i].gap.count + 1 end
end

function M.run(ctx, state, opt)
  local list, descriptions, asked = gaps_of(state), {}, 0
  for i = #list, opt.gaps + 1, -1 do list[i] = nil end
  local fixed = opt.total > 0 and opt.total or state.per_round
  if #list == 0 then
    ctx.note("no gap names a cell: the round is free")
    return { { count = fixed } }
  end
  for _, cell in ipairs(state.coverage.cells) do descriptions[cell.cell] = cell.description end
  local drafts, kept = yields_of(state)
  for _, gap in ipairs(list) do
    local share = ((kept[gap.cell] or 0) + opt.prior / 2) / ((drafts[gap.cell] or 0) + opt.prior)
    gap.asks = gap.size / math.max(share, opt.least_yield)
    asked = asked + gap.asks
  end
  share_out(list, asked, fixed or math.min(math.ceil(asked), USUAL))
  local advice = {}
  for _, gap in ipairs(list) do
    if gap.count > 0 then
      advice[#advice + 1] = { target = gap.cell, count = gap.count, gap = gap.text,
        instruction = descriptions[gap.cell] }
    end
  end
  return advice
end

return M

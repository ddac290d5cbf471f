local M = {
  api = 1,
  kind = "filter",
  description = "Drops drafts that repeat a run of words of a reference, or are near to a text of one.",
  options = {
    references = {
      type = "list", default = {}, doc = "Names of the experiment's references; empty: all.",
    },
    n = {
      type = "integer", default = 8, min = 1, max = 64,
      doc = "Words in a row that are a hit; 13 is usual too. A reference text of n/2 to n - 1 "
        .. "words is one if it occurs whole.",
    },
    near = {
      type = "number", default = 0.8, min = 0, max = 1,
      doc = "Jaccard similarity of 5 characters from which a draft is dropped (MinHash); 0: never.",
    },
  },
}

--- What a draft is compared with: `{ reference, kind, nearest }` each, in order.
local function comparisons(ctx, state, opt)
  local names, list = {}, {}
  for i = 1, #opt.references do names[i] = opt.references[i] end
  for i = 1, #names == 0 and #state.references or 0 do names[i] = state.references[i].name end
  if #names == 0 then error("decontaminate: the experiment names no references", 0) end
  for _, name in ipairs(names) do
    local words = ctx.dedup("ngrams", { against = name, n = opt.n })
    list[#list + 1] = { reference = name, kind = "ngrams", nearest = words.nearest }
    if opt.near > 0 then
      local near = ctx.dedup("minhash", { against = name, threshold = opt.near })
      list[#list + 1] = { reference = name, kind = "near_duplicate", nearest = near.nearest }
    end
  end
  return list
end

--- The hit with the highest score, of equals the first.
local function worst(list, text)
  local hit
  for _, each in ipairs(list) do
    local nearest = each.nearest(text)
    if nearest and (not hit or nearest.score > hit.score) then
      hit = { verdict = "fail", reference = each.reference, kind = each.kind,
        score = nearest.score, nearest = nearest.id, nearest_text = nearest.text }
    end
  end
  return hit
end

function M.run(ctx, state, drafts, opt)
  local list, verdicts = comparisons(ctx, state, opt), {}
  for i = 1, #drafts do verdicts[i] = worst(list, drafts[i].text) or "pass" end
  return verdicts
end

return M

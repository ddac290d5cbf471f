local M = {
  api = 1,
  kind = "filter",
  description = "Drops drafts that share most of their words with a seed, a kept item or an "
    .. "earlier draft.",
  options = {
    threshold = {
      type = "number", default = 0.7, min = 0, max = 1,
      doc = "Word Jaccard from which a draft is dropped.",
    },
  },
}

local function words_of(ctx, text)
  local set, count = {}, 0
  for word in ctx.text.normalize(text):gmatch("[^%s%p]+") do
    if not set[word] then set[word], count = true, count + 1 end
  end
  return { set = set, count = count }
end

--- |A ∩ B| / |A ∪ B| over sets of words.
local function jaccard(a, b)
  local shared = 0
  for word in pairs(a.set) do
    if b.set[word] then shared = shared + 1 end
  end
  local union = a.count + b.count - shared
  return union > 0 and shared / union or 1
end

--- Compares with every exemplar and kept item, one after another: meant for runs
--- of some hundred items.
function M.run(ctx, state, drafts, opt)
  local others, verdicts = {}, {}
  for _, list in ipairs({ state.pool, state.items }) do
    for i = 1, #list do
      others[#others + 1] = { id = list[i].id, text = list[i].text,
        words = words_of(ctx, list[i].text) }
    end
  end
  for i, draft in ipairs(drafts) do
    local own, best, score = words_of(ctx, draft.text), nil, -1
    for _, other in ipairs(others) do
      local same = jaccard(own, other.words)
      if same > score then best, score = other, same end
    end
    if best and score >= opt.threshold then
      verdicts[i] = { verdict = "fail", nearest = best.id, score = score, nearest_text = best.text }
    else
      verdicts[i] = "pass"
      others[#others + 1] = { id = "draft " .. draft.index, text = draft.text, words = own }
    end
  end
  return verdicts
end

return M

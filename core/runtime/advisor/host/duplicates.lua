--- What duplicate filters share: `judge(drafts)` of what ctx.dedup gives.

--- Adds it to an object with `nearest` and `add`. Drafts are judged in order: one
--- that is near to a kept item, or to a draft that passed before it, fails and names
--- the other; else it passes, and what follows is compared with it as well.
---@param compared table
---@return table compared The same, with `judge(drafts)` -> verdicts; nil, message, code where the
---engine could not be had.
return function(compared)
  function compared.judge(drafts)
    local verdicts = {}
    if compared.prepare then
      local texts = {}
      for i = 1, #drafts do texts[i] = drafts[i].text end
      local ok, why, code = compared.prepare(texts)
      if not ok then return nil, why, code end
    end
    for i = 1, #drafts do
      local draft = drafts[i]
      local nearest = compared.nearest(draft.text)
      if nearest then
        verdicts[i] = { verdict = "fail", nearest = nearest.id, score = nearest.score, nearest_text = nearest.text }
      else
        verdicts[i] = "pass"
        compared.add(draft.text, "draft " .. draft.index)
      end
    end
    return verdicts
  end
  return compared
end

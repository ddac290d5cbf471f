return {
  api = 1,
  kind = "filter",
  description = "Drops drafts that equal a kept item or an earlier draft, case and spacing aside.",
  run = function(ctx, _, drafts)
    local kept, verdicts = ctx.dedup("exact"), {}
    for i, draft in ipairs(drafts) do
      local nearest = kept.nearest(draft.text)
      if nearest then
        verdicts[i] = { verdict = "fail", nearest = nearest.id, score = nearest.score,
          nearest_text = nearest.text }
      else
        verdicts[i] = "pass"
        kept.add(draft.text, "draft " .. draft.index)
      end
    end
    return verdicts
  end,
}

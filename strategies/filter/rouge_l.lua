local M = {
  api = 1,
  kind = "filter",
  description = "Drops drafts too like a kept item or an earlier draft by ROUGE-L (Self-Instruct).",
  options = {
    threshold = {
      type = "number", default = 0.7, min = 0.1, max = 1,
      doc = "ROUGE-L F-measure above which a draft is dropped.",
    },
  },
}

function M.run(ctx, _, drafts, opt)
  local kept, verdicts = ctx.dedup("rouge", { threshold = opt.threshold }), {}
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
end

return M

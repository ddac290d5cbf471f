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
  return ctx.dedup("rouge", { threshold = opt.threshold }).judge(drafts)
end

return M

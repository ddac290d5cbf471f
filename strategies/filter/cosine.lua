local M = {
  api = 1,
  kind = "filter",
  description = "Drops drafts whose vector is too near to that of a kept item or an earlier draft.",
  embeds = "role",
  options = {
    threshold = {
      type = "number", default = 0.9, min = 0, max = 1, doc = "Cosine from which a draft is dropped.",
    },
    role = { type = "string", default = "embedder", doc = "The role that makes the vectors." },
  },
}

function M.run(ctx, _, drafts, opt)
  return ctx.dedup("cosine", { threshold = opt.threshold, role = opt.role }).judge(drafts)
end

return M

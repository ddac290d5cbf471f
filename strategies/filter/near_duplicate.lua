local M = {
  api = 1,
  kind = "filter",
  description = "Drops drafts that share most n-grams with a kept item or an earlier draft (MinHash).",
  options = {
    threshold = {
      type = "number", default = 0.7, min = 0.1, max = 1,
      doc = "Jaccard similarity of n-grams from which a draft is dropped.",
    },
    unit = {
      type = "string", default = "char", one_of = { "char", "word" },
      doc = "What n-grams are made of.",
    },
    n = {
      type = "integer", default = 0, min = 0, max = 32,
      doc = "Units of an n-gram; 0: 5 characters or 3 words.",
    },
  },
}

function M.run(ctx, _, drafts, opt)
  local words = opt.unit == "word"
  local n = opt.n > 0 and opt.n or words and 3 or 5
  return ctx.dedup("minhash", { threshold = opt.threshold, n = n, words = words }).judge(drafts)
end

return M

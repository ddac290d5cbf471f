return {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item does what it was asked for; it is not a refusal.",
  description = "Fails English texts that refuse, in whole or in part; asks no model.",
  findings = { refusal = "{why} (score {score})" },
  options = {
    threshold = {
      type = "number", default = 0.5, min = 0, max = 1, doc = "Score from which a text refuses.",
    },
  },
  check = function(ctx, item, opt)
    local found = ctx.text.refusal(item.text)
    if found.score < opt.threshold then return "pass" end
    return "fail", { code = "refusal", score = found.score, why = found.why }
  end,
}

return {
  api = 1,
  kind = "generate",
  description = "Hands out questions of a list as they are, each with what is expected of its reply.",
  options = {
    questions = {
      type = "list", default = {},
      doc = "{ text, suite, cell, expected, choices } each; `advisor eval --model` writes them.",
    },
  },
  run = function(_, _, advice, opt)
    if not advice.first then return nil, "the advice names no question: use advise = next_questions" end
    local drafts = {}
    for i = 1, advice.count do drafts[i] = opt.questions[advice.first + i - 1] end
    return drafts
  end,
}

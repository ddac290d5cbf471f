return {
  api = 1,
  kind = "advise",
  description = "Points at the next questions of a list, a batch a round; for evaluations.",
  options = {
    total = { type = "integer", default = 0, min = 0, doc = "Questions of the list." },
  },
  run = function(_, state, opt)
    local first = state.round * state.per_round + 1
    local count = math.min(state.per_round, opt.total - first + 1)
    if count < 1 then return nil, "all questions of the list have been asked" end
    return { { first = first, count = count } }
  end,
}

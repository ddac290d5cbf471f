--- What an ablation or a sweep must not find: drafts are made in other lanes, and so with
--- other random numbers, but from the same distribution as with `no_advice`.
return {
  api = 1,
  kind = "advise",
  description = "Gives advice without a target in several parts: other random numbers, no effect.",
  options = { parts = { type = "integer", default = 2, min = 1, doc = "Pieces of advice in a round." } },
  run = function(_, _, opt)
    local advice = {}
    for i = 1, opt.parts do advice[i] = {} end
    return advice
  end,
}

return {
  api = 1,
  kind = "advise",
  description = "Gives no direction: the whole batch is generated from exemplars alone, as in "
    .. "Self-Instruct.",
  run = function()
    return { {} }
  end,
}

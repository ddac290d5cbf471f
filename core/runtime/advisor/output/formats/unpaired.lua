return {
  description = "`prompt`, `completion` and `label`: true for a safe reply, false for an unsafe one (KTO).",
  needs = "responses",
  verdicts = { safe = true, unsafe = true },
  columns = { { "prompt", "string" }, { "completion", "string" }, { "label", "bool" } },
  row = function(item)
    return { prompt = item.text, completion = item.response.text,
      label = item.response.verdict == "safe" }
  end,
}

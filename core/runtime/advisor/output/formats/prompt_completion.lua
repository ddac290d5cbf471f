return {
  description = "`prompt` and `completion`, TRL's plain form: the loss is on the completion.",
  needs = "responses",
  columns = { { "prompt", "string" }, { "completion", "string" } },
  row = function(item)
    return { prompt = item.text, completion = item.response.text }
  end,
}

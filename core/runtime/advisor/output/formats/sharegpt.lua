return {
  description = "`conversations` from `human` and `gpt`, as ShareGPT has them.",
  needs = "responses",
  columns = { { "conversations", { { "from", "string" }, { "value", "string" } } } },
  row = function(item)
    return { conversations = {
      { from = "human", value = item.text },
      { from = "gpt", value = item.response.text },
    } }
  end,
}

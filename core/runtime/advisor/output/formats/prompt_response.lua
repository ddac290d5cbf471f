return {
  description = "`prompt` and `response`, the form of the paper's own files.",
  needs = "responses",
  columns = { { "prompt", "string" }, { "response", "string" } },
  row = function(item)
    return { prompt = item.text, response = item.response.text }
  end,
}

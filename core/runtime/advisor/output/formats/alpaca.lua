return {
  description = "`instruction`, `input` (empty) and `output`, as Alpaca has them.",
  needs = "responses",
  columns = { { "instruction", "string" }, { "input", "string" }, { "output", "string" } },
  row = function(item)
    return { instruction = item.text, input = "", output = item.response.text }
  end,
}

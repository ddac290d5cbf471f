return {
  description = "Conversations of two messages, as chat models and TRL take them.",
  needs = "responses",
  columns = { { "messages", { { "role", "string" }, { "content", "string" } } } },
  row = function(item)
    return { messages = {
      { role = "user", content = item.text },
      { role = "assistant", content = item.response.text },
    } }
  end,
}

-- Sampled as the paper answers: greedy, at most 256 tokens, the query alone.
return {
  description = "Requests that let --model answer each item: OpenAI's batch files, vLLM's run-batch.",
  needs = "items",
  model = true,
  lineage = false,
  row = function(item, given)
    return { custom_id = item.id, method = "POST", url = "/v1/chat/completions", body = {
      model = given.model, temperature = 0, max_tokens = 256,
      messages = { { role = "user", content = item.text } },
    } }
  end,
}

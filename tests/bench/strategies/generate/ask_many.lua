local TASK = "Task %d: explain how a binary search tree works, what insertion and deletion do, what the cost of "
  .. "each operation is on average and in the worst case, and how balanced variants avoid the worst case. Write "
  .. "at most two short paragraphs for a reader who knows what a pointer is."

return {
  api = 1,
  kind = "generate",
  description = "Asks as often as drafts are wanted and makes none: the same request as the references' (64 tokens).",
  run = function(ctx, _, advice)
    local list = {}
    for i = 1, advice.count do list[i] = i end
    ctx.map(list, function(i)
      local reply, why = ctx.ask("generator", {
        { role = "system", content = "You are a helpful assistant." },
        { role = "user", content = TASK:format(i) },
      }, { max_tokens = 256 })
      return reply and #reply.text, why
    end)
    return {}
  end,
}

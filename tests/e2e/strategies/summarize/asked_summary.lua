return {
  api = 1,
  kind = "summarize",
  description = "Asks for a name for what the round added, and keeps the last eight of them.",
  run = function(ctx, state, batch)
    local texts = {}
    for i, item in ipairs(batch.items) do texts[i] = item.text end
    local reply, why = ctx.ask("advisor",
      "Name what these have in common:\n" .. table.concat(texts, "\n"), { max_tokens = 20 })
    if not reply then return nil, why end
    local lines = ctx.text.lines(state.summary.text)
    lines[#lines + 1] = ("%d: %s"):format(#batch.items, reply.first_line)
    return { text = table.concat(lines, "\n", math.max(1, #lines - 7)) }
  end,
}

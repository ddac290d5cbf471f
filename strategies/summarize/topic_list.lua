return {
  api = 1,
  kind = "summarize",
  description = "Adds each advised target that brought kept items to the list, in code: no line "
    .. "is ever lost.",
  run = function(ctx, state, batch)
    local lines, listed = ctx.text.lines(state.summary.text), {}
    for _, line in ipairs(lines) do listed[ctx.text.normalize(line)] = true end
    for _, item in ipairs(batch.items) do
      local name = item.target
      if name and name:find("%S") and not listed[ctx.text.normalize(name)] then
        lines[#lines + 1], listed[ctx.text.normalize(name)] = name, true
      end
    end
    return { text = table.concat(lines, "\n") }
  end,
}

return {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "A judge has nothing against the item.",
  description = "Asks a judge, whose verdict is read off the length of its answer.",
  check = function(ctx, item)
    local reply, why = ctx.ask("judge", "Judge: " .. item.text, { max_tokens = 20 })
    if not reply then return nil, why end
    local length = #reply.text
    if length % 7 == 0 then return "fail", { code = "judged", length = length } end
    return length % 11 == 0 and "unknown" or "pass"
  end,
}

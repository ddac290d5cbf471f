-- A respond strategy that made both replies returns the unsafe one as `rejected`.
return {
  description = "Preference pairs: a safe reply as `chosen`, an unsafe one to the same item as `rejected`.",
  needs = "responses",
  remedy = "no item has an unsafe reply beside its safe one; { \"safe_reply\", judge = true, again = true }"
    .. " as pipeline.respond makes both",
  mixes = false,
  columns = { { "prompt", "string" }, { "chosen", "string" }, { "rejected", "string" } },
  row = function(item)
    local rejected = item.response.meta.rejected
    if type(rejected) ~= "string" then return nil end
    return { prompt = item.text, chosen = item.response.text, rejected = rejected }
  end,
}

return {
  description = "For spreadsheets, RFC 4180: each item with its safe reply, if it has one.",
  needs = "items",
  writes = "csv",
  columns = {
    { "id", "string" }, { "round", "int64" }, { "target", "string" }, { "cell", "string" },
    { "text", "string" }, { "response", "string" },
  },
  row = function(item)
    local reply = item.response
    return { id = item.id, round = item.round, target = item.target, cell = item.cell,
      text = item.text, response = reply and reply.verdict == "safe" and reply.text or nil }
  end,
}

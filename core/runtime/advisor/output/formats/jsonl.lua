local json = require("advisor.output.json")

return {
  description = "The items as they are, with target, cell and meta; no replies.",
  needs = "items",
  columns = {
    { "id", "string" }, { "round", "int64" }, { "index", "int64" }, { "text", "string" },
    { "target", "string" }, { "cell", "string" }, { "meta", "json" },
  },
  row = function(item)
    return { id = item.id, round = item.round, index = item.index, text = item.text,
      target = item.target or json.null, cell = item.cell or json.null, meta = item.meta }
  end,
}

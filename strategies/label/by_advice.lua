return {
  api = 1,
  kind = "label",
  description = "Assigns each item to the cell named by the advice that it was made for.",
  run = function(_, items)
    local cells = {}
    for i, item in ipairs(items) do cells[i] = item.target or false end
    return cells
  end,
}

local M = {
  api = 1,
  kind = "label",
  description = "Asks the judge for the cell of each item, from a numbered list.",
  options = {
    role = { type = "string", default = "judge", doc = "The role that judges." },
    prompt = {
      type = "string", doc = "The question, with {cells} and {text}.",
      default = "Categories:\n{cells}\n0. none of these\n\nText:\n<<<\n{text}\n>>>\n\n"
        .. "Which category does the text belong to? Reply with its number only.",
    },
    max_tokens = { type = "integer", default = 12, min = 1, doc = "Longest reply." },
  },
}

local function list_of(cells)
  local lines = {}
  for i, cell in ipairs(cells) do
    lines[i] = ("%d. %s%s"):format(i, cell.name,
      cell.description and ": " .. cell.description or "")
  end
  return table.concat(lines, "\n")
end

--- The cell of a reply that is a number, a name, or both; false for any other form.
local function cell_of(ctx, line, cells)
  line = ctx.text.strip((line:gsub("[%*_`\"]", "")))
  local number, rest = line:match("^(%d+)[%.%):]*%s*(.-)%.?$")
  local name = ctx.text.normalize(number and rest or line:gsub("%.$", ""))
  if number then
    local cell = cells[tonumber(number)]
    local agrees = cell and (name == "" or name:find(ctx.text.normalize(cell.name), 1, true) == 1)
    return agrees and cell.name or false
  end
  for _, cell in ipairs(cells) do
    if ctx.text.normalize(cell.name) == name then return cell.name end
  end
  return false
end

function M.run(ctx, items, opt)
  local cells = opt.taxonomy.cells
  if #cells == 0 then return nil, "there are no cells to choose from: give coverage.taxonomy" end
  local list = list_of(cells)
  local labels, problems = ctx.map(items, function(item)
    local prompt = ctx.text.fill(opt.prompt, { cells = list, text = item.text })
    local reply, why = ctx.ask(opt.role, prompt, { temperature = 0, max_tokens = opt.max_tokens })
    if not reply then return nil, why end
    return cell_of(ctx, reply.first_line, cells)
  end)
  for i = 1, #items do
    labels[i] = labels[i] or false
    if problems[i] then ctx.note(("item %d has no label: %s"):format(i, problems[i])) end
  end
  return labels
end

return M

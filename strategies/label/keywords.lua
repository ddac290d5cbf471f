local M = {
  api = 1,
  kind = "label",
  description = "Assigns each item to the cell whose keywords it holds most of.",
  options = {
    names = {
      type = "boolean", default = true, doc = "Without keywords, a cell goes by its name.",
    },
    min_hits = { type = "integer", default = 1, min = 1, doc = "Fewest different keywords held." },
  },
}

--- A text as it is searched: folded, other characters than letters and digits as blanks.
local function folded(ctx, text)
  return " " .. ctx.text.normalize(text):gsub("[^%w\128-\255]+", " ") .. " "
end

local function keywords_of(ctx, cell, opt)
  local list = {}
  for _, word in ipairs(cell.keywords or {}) do list[#list + 1] = folded(ctx, word) end
  if #list == 0 and opt.names then
    for word in folded(ctx, cell.name):gmatch("%S+") do
      if #word > 3 then list[#list + 1] = " " .. word .. " " end
    end
  end
  return list
end

--- The number of different keywords that a text holds, and their length, which
--- decides between cells with as many.
local function hits_of(text, keywords)
  local hits, length = 0, 0
  for _, word in ipairs(keywords) do
    if text:find(word, 1, true) then hits, length = hits + 1, length + #word end
  end
  return hits, length
end

function M.run(ctx, items, opt)
  local cells, labels = opt.taxonomy.cells, {}
  local keywords = {}
  for i, cell in ipairs(cells) do keywords[i] = keywords_of(ctx, cell, opt) end
  for i, item in ipairs(items) do
    local text, most, longest = folded(ctx, item.text), opt.min_hits - 1, 0
    labels[i] = false
    for k, cell in ipairs(cells) do
      local hits, length = hits_of(text, keywords[k])
      if hits > most or (hits == most and length > longest and labels[i]) then
        labels[i], most, longest = cell.name, hits, length
      end
    end
  end
  return labels
end

return M

local M = {
  api = 1,
  kind = "label",
  description = "Assigns each item to the cell whose examples are nearest to it by their vectors.",
  embeds = "role",
  options = {
    role = { type = "string", default = "embedder", doc = "The role that makes the vectors." },
    least = {
      type = "number", default = 0, min = -1, max = 1,
      doc = "Smallest cosine with the cell's centroid; else no cell.",
    },
  },
}

--- Texts that stand for each cell: its examples, or what it is called.
local function texts_by_cell(opt)
  local by_name = {}
  for _, example in ipairs(opt.examples or {}) do
    by_name[example.cell] = by_name[example.cell] or {}
    table.insert(by_name[example.cell], example.text)
  end
  local cells = {}
  for i, cell in ipairs(opt.taxonomy.cells) do
    local texts = by_name[cell.name] or {}
    for _, text in ipairs(cell.examples or {}) do texts[#texts + 1] = text end
    if #texts == 0 then
      texts[1] = cell.description and cell.name .. ": " .. cell.description or cell.name
    end
    cells[i] = { name = cell.name, texts = texts }
  end
  return cells
end

--- The centroid of each cell.
local function centroids_of(ctx, cells, role)
  local all = {}
  for _, cell in ipairs(cells) do
    for _, text in ipairs(cell.texts) do all[#all + 1] = text end
  end
  local vectors, why, code = ctx.embed(all, { role = role })
  if not vectors then return nil, why, code end
  local centroids, at = {}, 0
  for i, cell in ipairs(cells) do
    centroids[i] = ctx.measure.centroid(table.move(vectors, at + 1, at + #cell.texts, 1, {}))
    at = at + #cell.texts
  end
  return centroids
end

function M.run(ctx, items, opt)
  local cells = texts_by_cell(opt)
  if #cells == 0 then return nil, "there are no cells to choose from: give coverage.taxonomy" end
  local centroids, why, code = centroids_of(ctx, cells, opt.role)
  if not centroids then return nil, why, code end
  local texts = {}
  for i, item in ipairs(items) do texts[i] = item.text end
  local vectors, problem, status = ctx.embed(texts, { role = opt.role })
  if not vectors then return nil, problem, status end
  local labels = {}
  for i, vector in ipairs(vectors) do
    local best = opt.least
    labels[i] = false
    for k, cell in ipairs(cells) do
      local cosine = ctx.measure.cosine(vector, centroids[k])
      if cosine >= best then labels[i], best = cell.name, cosine end
    end
  end
  return labels
end

return M

--- The files data/SPLIT.jsonl that folders of exports hold.
local export = require("advisor.output.export")
local splits = require("advisor.output.splits")

local parts = {}

--- The name of a split's file.
function parts.path(name)
  return ("data/%s.jsonl"):format(name)
end

--- Shares the rows of a format out over splits.
---@return table|nil plan `{ by_id, sizes = { { name, rows } }, groups, counts }`
---@return string|nil message
function parts.plan(store, format, given)
  local ids, texts = {}, {}
  local counts, why = export.each(store, format, { model = given.model }, function(_, item)
    ids[#ids + 1], texts[#texts + 1] = item.id, item.text
    return true
  end)
  if not counts then return nil, why end
  if counts.rows == 0 then return nil, export.nothing(format, counts) end
  local names, groups = splits.assign(texts, given.seed)
  local by_id, size = {}, {}
  for i, id in ipairs(ids) do
    by_id[id], size[names[i]] = names[i], (size[names[i]] or 0) + 1
  end
  local sizes = {}
  for _, name in ipairs(splits.names) do
    if size[name] then sizes[#sizes + 1] = { name = name, rows = size[name] } end
  end
  return { by_id = by_id, sizes = sizes, groups = groups, counts = counts }
end

--- Writes one file a split. Rows of `given.mix` go into the training split only.
---@param put fun(name: string, fill: fun(file: file*): any, string|nil): any, string|nil
---@return integer|nil mixed Rows of the other data set.
---@return string|nil message
function parts.write(store, format, given, plan, put)
  local mixed = 0
  for _, size in ipairs(plan.sizes) do
    local path = parts.path(size.name)
    local counts, why = put(path, function(file)
      return export.write(store, format, {
        model = given.model, lineage = given.lineage, identity = given.identity,
        mix = size.name == "train" and given.mix or nil,
        only = function(id) return plan.by_id[id] == size.name end,
      }, file, path)
    end)
    if not counts then return nil, why end
    mixed = mixed + (counts.mixed or 0)
  end
  return mixed
end

return parts

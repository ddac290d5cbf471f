--- Which rows train, which validate, which test. Near-duplicates stay together, so
--- that no test row has a twin that was trained on.
local core = require("advisor_core")
local failure = require("advisor.output.failure")

local splits = {}

--- In the order in which files are listed.
splits.names = { "train", "validation", "test" }

--- Pairs from this Jaccard index on are near-duplicates.
splits.near = 0.7

--- The paper's 12,000 rows are 10,000, 1,000 and 1,000 (PAPER 3.2).
local SHARE = 12

--- So many bands find a pair at the threshold with a chance of 1 - 10^-6.
local BANDS, ROWS = 50, 4

local function root_of(parents, i)
  while parents[i] ~= i do
    parents[i] = parents[parents[i]]
    i = parents[i]
  end
  return i
end

--- Lists the members of every group, in order of their first.
local function groups_of(parents)
  local groups, at = {}, {}
  for i = 1, #parents do
    local root = root_of(parents, i)
    if not at[root] then
      groups[#groups + 1] = {}
      at[root] = groups[#groups]
    end
    table.insert(at[root], i)
  end
  return groups
end

--- Joins each group with the nearest text of the groups before it; true if any was.
local function join(texts, parents)
  local index = assert(core.dedup.minhash({ threshold = splits.near, bands = BANDS, rows = ROWS }))
  local order, joined = {}, false
  for _, group in ipairs(groups_of(parents)) do
    local first = #order + 1
    for _, i in ipairs(group) do
      local id, why = index:nearest(texts[i], first)
      if not id and why then error({ message = why }, 0) end
      if id then
        local a, b = root_of(parents, i), root_of(parents, order[id])
        if a ~= b then
          parents[math.max(a, b)], joined = math.min(a, b), true
        end
      end
    end
    for _, i in ipairs(group) do
      order[#order + 1] = i
      failure.must(index:add(texts[i], #order))
    end
  end
  return joined
end

--- Groups of texts such that no text of one is near a text of another. An index
--- gives only the nearest text, so groups are joined until none has a near one.
---@param texts string[]
---@return integer[][] groups Positions, in order of their first.
function splits.groups(texts)
  local parents = {}
  for i = 1, #texts do parents[i] = i end
  while join(texts, parents) do end
  return groups_of(parents)
end

--- Shares texts out over the splits, whole groups at a time, in the paper's
--- proportions as near as groups allow.
---@param texts string[]
---@param seed string
---@return string[] names The split of each text.
---@return integer groups
function splits.assign(texts, seed)
  local groups, names = splits.groups(texts), {}
  local share = math.floor(#texts / SHARE + 0.5)
  if #groups < 3 then share = 0 elseif share == 0 then share = 1 end
  local left = { test = share, validation = share }
  local order = {}
  for i = 1, #groups do order[i] = groups[i] end
  for _, group in ipairs(core.rng.new("export splits " .. seed):shuffle(order)) do
    local name = "train"
    for _, held in ipairs({ "test", "validation" }) do
      if name == "train" and left[held] >= #group then name = held end
    end
    if left[name] then left[name] = left[name] - #group end
    for _, i in ipairs(group) do names[i] = name end
  end
  return names, #groups
end

return splits

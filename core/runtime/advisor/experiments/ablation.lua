--- The arms of an ablation: all parts, each one left out, each one alone.
local json = require("advisor.output.json")

local ablation = {}

--- A resolved script as `--set` can write it.
local function reference(used)
  if next(used.options) == nil then return used.name end
  return json.array({ used.name, used.options })
end

local function references(list, skip, only)
  local raw = {}
  for i, used in ipairs(list) do
    if i ~= skip and (not only or i == only) then raw[#raw + 1] = reference(used) end
  end
  return json.encode(json.array(raw))
end

--- Names that tell scripts of a list apart, though one may stand in it twice.
local function names_of(list)
  local names, seen = {}, {}
  for i, used in ipairs(list) do
    seen[used.name] = (seen[used.name] or 0) + 1
    names[i] = seen[used.name] > 1 and ("%s %d"):format(used.name, seen[used.name]) or used.name
  end
  return names
end

--- Parts from which on one alone is an arm of its own: of two, the other one is left out
--- already.
local ALONE = 3

--- Principles, of both levels.
function ablation.principles(resolved)
  local list, arms = resolved.principles, { { name = "all", set = {} } }
  local names = names_of(list)
  for i, name in ipairs(names) do
    arms[#arms + 1] = { name = "without " .. name, set = { "principles=" .. references(list, i) } }
  end
  for i, name in ipairs(names) do
    if #list >= ALONE then
      arms[#arms + 1] = { name = "only " .. name, set = { "principles=" .. references(list, nil, i) } }
    end
  end
  return arms
end

--- The parts of a pipeline that can be left out: advice, each filter, the summary.
local function parts_of(pipeline)
  local parts = {}
  if pipeline.advise.name ~= "no_advice" then
    parts[#parts + 1] = { name = pipeline.advise.name, off = "pipeline.advise=no_advice" }
  end
  for i, name in ipairs(names_of(pipeline.filter)) do parts[#parts + 1] = { name = name, filter = i } end
  if pipeline.summarize then
    parts[#parts + 1] = { name = pipeline.summarize.name, off = "pipeline.summarize=null" }
  end
  return parts
end

--- Settings that leave the named parts out.
local function without(pipeline, parts, out)
  local set, filters, any = {}, {}, false
  for i, part in ipairs(parts) do
    if part.filter then
      if out(i) then any = true else filters[#filters + 1] = pipeline.filter[part.filter] end
    elseif out(i) then
      set[#set + 1] = part.off
    end
  end
  if any then set[#set + 1] = "pipeline.filter=" .. references(filters) end
  return set
end

--- Strategies: advice, filters, summary.
function ablation.strategies(resolved)
  local pipeline, arms = resolved.pipeline, { { name = "all", set = {} } }
  local parts = parts_of(pipeline)
  for i, part in ipairs(parts) do
    arms[#arms + 1] = { name = "without " .. part.name,
      set = without(pipeline, parts, function(k) return k == i end) }
  end
  for i, part in ipairs(parts) do
    if #parts >= ALONE then
      arms[#arms + 1] = { name = "only " .. part.name,
        set = without(pipeline, parts, function(k) return k ~= i end) }
    end
  end
  return arms
end

return ablation

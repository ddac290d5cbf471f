--- ctx.dedup: kept items as a stage may see them, behind one interface for all
--- engines.
local core = require("advisor_core")
local json = require("advisor.output.json")

--- Engines by name; each gets the options that the script gives.
local ENGINES = {
  exact = core.dedup.exact,
  minhash = core.dedup.minhash,
  rouge = core.dedup.rouge,
}

--- The run's index of an engine with given options, made on first use from all
--- that is committed.
local function index_of(run, engine, options)
  local key = engine .. json.encode(options)
  if not run.indexes[key] then
    local index, why = ENGINES[engine](options)
    if not index then error("ctx.dedup: " .. tostring(why), 0) end
    for i, item in run.timeline.items:each() do assert(index:add(item.text, i)) end
    run.indexes[key] = index
  end
  return run.indexes[key]
end

--- Makes the object that a script gets.
---@param run table
---@param lane advisor.Lane `before` limits what is seen.
---@param engine string
---@param options table
---@return table `{ nearest = fun(text): { id, score, text }|nil, add = fun(text, label) }`
return function(run, lane, engine, options)
  if not ENGINES[engine] then
    error(("ctx.dedup: no engine is called '%s'"):format(tostring(engine)), 3)
  end
  local index, before = index_of(run, engine, options), lane.before
  local batch, labels = assert(ENGINES[engine](options)), {}
  --- Keeps memory of kept items out of Lua: the text is read when it is named.
  local function nearest(candidate)
    local id, score = index:nearest(candidate, before)
    local in_batch, batch_score = batch:nearest(candidate)
    if id and (not in_batch or score >= batch_score) then
      local item = run.timeline.items:get(id)
      return { id = item.id, score = score, text = item.text }
    end
    return in_batch and { id = labels[in_batch].id, score = batch_score,
      text = labels[in_batch].text } or nil
  end
  local function add(candidate, label)
    labels[#labels + 1] = { id = label, text = candidate }
    assert(batch:add(candidate, #labels))
  end
  return { nearest = nearest, add = add }
end

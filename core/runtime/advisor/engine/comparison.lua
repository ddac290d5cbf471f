--- ctx.dedup: kept items as a stage may see them, or the texts of a reference, behind
--- one interface for all engines.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local references = require("advisor.engine.references")
local sandbox = require("advisor.host.sandbox")
local tostring = require("advisor.host.library").tostring -- shows no addresses

--- Engines by name; each gets the options that the script gives.
local ENGINES = {
  exact = core.dedup.exact,
  minhash = core.dedup.minhash,
  rouge = core.dedup.rouge,
  ngrams = core.dedup.ngrams,
}

--- Kept items as something to compare with.
---@param lane advisor.Lane `before` limits what is seen.
---@return table source `{ key, indexes, before, each = fun(), get = fun(i) }`
local function kept_items(run, lane)
  local items = run.timeline.items
  return { key = "", indexes = run.indexes, before = lane.before,
    each = function() return items:each() end, get = function(i) return items:get(i) end }
end

--- A reference of the run as something to compare with.
local function reference(run, name)
  local source, problem = references.source(run.store, run.resolved.references, name)
  if not source then error("ctx.dedup: " .. problem, 4) end
  source.key, source.indexes = name .. "/", run.reference_indexes
  return source
end

--- The run's index of an engine with given options, made on first use from all
--- that the source has.
local function index_of(source, engine, options)
  local key = source.key .. engine .. json.encode(options)
  if not source.indexes[key] then
    local index, why = ENGINES[engine](options)
    if not index then error("ctx.dedup: " .. tostring(why), 0) end
    for i, item in source.each() do failure.must(index:add(item.text, i)) end
    if source.count and index:count() ~= source.count then
      error(("ctx.dedup: the run holds %d of the %d texts of the reference"):format(index:count(),
        source.count), 0)
    end
    source.indexes[key] = index
  end
  return source.indexes[key]
end

--- Making an index is the host's work: it does not count as the script's, whose lane
--- may be another one when the run is resumed.
local served_index = sandbox.served("ctx.dedup", function(_, ...) return index_of(...) end)

--- `{ nearest, add }` over a source and the batch.
---@param source table As of `kept_items`.
---@param index table What the source has: `nearest(key, before)`.
---@param batch table Drafts: `nearest(key)`, `add(key, id)`.
---@param key_of fun(text: string): any|nil, string|nil, string|nil What the engine compares for a
---text; nil, message, code where it cannot be had.
local function compared(source, index, batch, key_of)
  local labels = {}
  --- Keeps memory of the texts out of Lua: the text is read when it is named.
  local function nearest(candidate)
    local key, why, code = key_of(candidate)
    if not key then return nil, why, code end
    local id, score = index:nearest(key, source.before)
    local in_batch, batch_score = batch:nearest(key)
    if id and (not in_batch or score >= batch_score) then
      local item = source.get(id)
      return { id = item.id, score = score, text = item.text }
    end
    return in_batch and { id = labels[in_batch].id, score = batch_score,
      text = labels[in_batch].text } or nil
  end
  local function add(candidate, label)
    local key, why, code = key_of(candidate)
    if not key then return nil, why, code end
    labels[#labels + 1] = { id = label, text = candidate }
    return batch:add(key, #labels)
  end
  return { nearest = nearest, add = add }
end

local function itself(text) return text end

--- The engine "cosine": texts are compared by the vectors of a role.
---@param options table `{ role, threshold }`
local function by_vectors(run, lane, options)
  local role, threshold = options.role or "embedder", options.threshold or 0.9
  local key = ("cosine %s %s"):format(role, threshold)
  if not run.indexes[key] then
    run.indexes[key] = run.vectors:index(role, threshold)
    for i, item in run.timeline.items:each() do run.indexes[key]:add(item.text, i) end
  end
  local index, known, batch = run.indexes[key], {}, nil
  local fetch = sandbox.served("ctx.dedup", function(here, texts)
    local ok, why, code = index:complete()
    if not ok then return nil, why, code end
    return run.vectors:embed(here, role, texts)
  end)
  local function prepare(texts)
    local list, why, code = fetch(texts)
    if not list then return nil, why, code end
    for i, text in ipairs(texts) do known[text] = list[i] end
    return true
  end
  local function vector_of(text)
    if known[text] then return known[text] end
    local ok, why, code = prepare({ text })
    if not ok then return nil, why, code end
    return known[text]
  end
  -- The number of dimensions is known with the first vector.
  local drafts = {
    nearest = function(_, vector)
      if not batch then return nil end
      return batch:nearest(vector)
    end,
    add = function(_, vector, id)
      batch = batch or assert(core.dedup.cosine({ dimensions = #vector // 4, threshold = threshold }))
      return batch:add(vector, id)
    end,
  }
  local object = compared(kept_items(run, lane), index, drafts, vector_of)
  object.prepare = prepare
  return object
end

--- Makes the object that a script gets.
---@param run table
---@param lane advisor.Lane `before` limits what is seen.
---@param engine string
---@param options table The engine's, and `against`, the name of a reference: then its texts are
---compared with in place of kept items.
---@return table `{ nearest = fun(text): { id, score, text }|nil, add = fun(text, label) }`, and for
---engines that must ask a model `prepare = fun(texts)`, which asks for all texts at once.
return function(run, lane, engine, options)
  local against = options.against
  if engine == "cosine" then
    if against then error("ctx.dedup: the engine 'cosine' compares with kept items only", 3) end
    return by_vectors(run, lane, options)
  end
  if not ENGINES[engine] then
    error(("ctx.dedup: no engine is called '%s'"):format(tostring(engine)), 3)
  end
  options.against = nil
  local source = against == nil and kept_items(run, lane) or reference(run, against)
  local index, batch = served_index(source, engine, options), failure.must(ENGINES[engine](options))
  return compared(source, index, batch, itself)
end

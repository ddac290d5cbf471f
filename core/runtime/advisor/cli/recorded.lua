--- Opens a run that is on disk, for verbs that begin another one from it.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local merging = require("advisor.experiments.merging")
local records = require("advisor.engine.records")
local registry = require("advisor.host.registry")

local recorded = {}

--- The facts of a run whose file is sound. Raises `{ message }` where it is not: what a
--- damaged file says must not be gone on from, or be written to.
---@param folder string
---@param store userdata
---@return table<string, string> facts
function recorded.facts(folder, store)
  local problem = records.damage(store)
  local facts
  if not problem then facts, problem = records.facts(store) end
  if facts and not facts.unfinished then return facts end
  store:close()
  if facts then
    error({ message = ("%s is a copy that was not finished: fork into it again, or remove it"):format(folder) }, 0)
  end
  error({ message = ("%s is damaged: %s; restore it from a copy, or read what is left with: advisor salvage "
    .. "%s -o FOLDER"):format(folder, problem, folder) }, 0)
end

--- Opens a run for reading. Raises `{ message }` where it is none, never began, or was
--- merged from others.
---@param folder string
---@param place { root: string }
---@return table run `{ folder, store, facts, resolved, registry, scripts }`: the registry has the run's own
---scripts first, then those that ship or lie beside it.
function recorded.open(folder, place)
  local store, why, code = core.store.open(folder, "read")
  if not store then error({ message = why, code = code }, 0) end
  local facts = recorded.facts(folder, store)
  local refused = merging.refusal(folder, facts)
  if refused then
    store:close()
    error({ message = refused }, 0)
  end
  local resolved, problem
  if facts.resolved then resolved, problem = json.decode(facts.resolved) end
  if not resolved then
    store:close()
    error({ message = facts.resolved
      and folder .. ": the stored experiment cannot be read: " .. tostring(problem)
      or folder .. ": the run ended before it began: there is nothing to go by" }, 0)
  end
  local found = registry.new({ root = place.root })
  local rows = failure.must(records.scripts(store))
  found:use_stored(rows, true)
  return { folder = folder, store = store, facts = facts, resolved = resolved, registry = found, scripts = rows }
end

return recorded

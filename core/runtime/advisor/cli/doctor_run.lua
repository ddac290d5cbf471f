--- `advisor doctor RUN`: what must hold in a run folder.
local core = require("advisor_core")
local invariants = require("advisor.engine.invariants")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rereading = require("advisor.engine.rereading")
local run_folder = require("advisor.engine.run_folder")

--- Whether the replies still say what is stored of them.
local function check_reading(store, facts, place, checks)
  local problem, note = rereading.check(store, facts, place)
  checks[#checks + 1] = { name = "reading", problem = problem, note = note,
    remedy = problem and invariants.remedy(problem) or nil }
end

--- Checks of the record, with what the others need to know of it.
local function check_record(folder, place, checks)
  local store, why = core.store.open(folder, "read")
  if not store then
    checks[1] = { name = "database", problem = why, remedy = "see what is left of it: advisor salvage "
      .. folder .. " -o FOLDER" }
    return {}, 0
  end
  local facts, problem = records.facts(store)
  if facts then
    table.move(invariants.check(store, facts), 1, 64, 1, checks)
    -- A damaged file was looked at no further.
    if #checks > 1 then check_reading(store, facts, place, checks) end
  else
    checks[1] = { name = "database", problem = problem, remedy = "see what is left of it: advisor salvage "
      .. folder .. " -o FOLDER" }
  end
  local open = facts and records.lost_attempts(store) or {}
  store:close()
  return facts or {}, #open
end

--- Looks at everything.
---@param folder string
---@param place { root: string } Where the program's files are.
---@return { name: string, problem: string|nil, note: string|nil, remedy: string|nil }[] checks
return function(folder, place)
  local checks = {}
  local facts, open = check_record(folder, place, checks)
  for _, check in ipairs(checks) do
    check.remedy = check.remedy and check.remedy:gsub("RUN", function() return folder end)
  end
  local problem, remedy = run_folder.rights(folder)
  checks[#checks + 1] = { name = "rights", problem = problem, remedy = remedy }
  checks[#checks + 1] = { name = "lock", note = run_folder.lock(folder, facts.state, open) }
  local resolved = facts.resolved and json.decode(facts.resolved)
  local note
  problem, note = run_folder.keys(folder, run_folder.key_sources(type(resolved) == "table" and resolved or {}))
  checks[#checks + 1] = { name = "keys", problem = problem, note = note,
    remedy = problem and "withdraw that key at its provider, and remove it from the file" }
  return checks
end

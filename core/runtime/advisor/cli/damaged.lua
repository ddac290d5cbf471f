--- Tells a damaged run from a fault in the program: where a verb fails in a way that it
--- did not foresee, the record of the run that it was given is looked at.
local core = require("advisor_core")
local invariants = require("advisor.engine.invariants")
local records = require("advisor.engine.records")

local damaged = {}

--- What is wrong with the record in a folder; nil where nothing is.
local function problem_of(folder)
  local store, why = core.store.open(folder, "read")
  if not store then return why end
  local facts, problem = records.facts(store)
  if facts then
    for _, check in ipairs(invariants.check(store, facts)) do problem = problem or check.problem end
  end
  store:close()
  return problem
end

--- The run folders among what a verb was given.
local function folders_of(args)
  local list = {}
  for _, value in pairs(args) do
    for _, path in ipairs(type(value) == "table" and value or { value }) do
      if type(path) == "string" and core.system.kind(path .. "/run.db") then list[#list + 1] = path end
    end
  end
  table.sort(list)
  return list
end

--- What to say instead of an unforeseen error, if a run that the verb was given is damaged.
---@param args table<string, any> The verb's arguments.
---@return string|nil words nil: no record is at fault.
function damaged.explain(args)
  for _, folder in ipairs(folders_of(args)) do
    local ok, problem = pcall(problem_of, folder)
    if not ok then problem = type(problem) == "table" and problem.message or tostring(problem) end
    if problem then
      return ("%s is damaged: %s; restore it from a copy, or read what is left with: advisor salvage %s -o FOLDER")
        :format(folder, problem, folder)
    end
  end
  return nil
end

return damaged

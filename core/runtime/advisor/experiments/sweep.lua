--- A sweep: experiments run with several settings (arms) and seeds, in one folder.
--- Its manifest, sweep.json, is written once and says all: which task is which run.
--- How far a task came is read from its run.
local core = require("advisor_core")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local run_records = require("advisor.engine.run_records")
local whole = require("advisor.output.whole")

local sweep = {}

local FILE = "/sweep.json"

--- An element of a --vary list as --set takes it.
local function as_value(value)
  return type(value) == "string" and value or json.encode(value)
end

--- What stands twice in a list; nil where nothing does.
local function repeated(list)
  local seen = {}
  for _, value in ipairs(list) do
    if seen[value] then return value end
    seen[value] = true
  end
  return nil
end

--- The values of a list such as "v1,v2" or, as JSON, "[v1, v2]".
---@return string[]|nil
---@return string|nil problem
local function values_of(list)
  local values = {}
  if list:sub(1, 1) ~= "[" then
    for value in list:gmatch("[^,]+") do values[#values + 1] = value end
    return values
  end
  local given, why = json.decode(list)
  if type(given) ~= "table" then return nil, "the list is no JSON: " .. tostring(why) end
  -- Reading leaves nulls out.
  if list:gsub("\\.", ""):gsub('"[^"]*"', ""):find("null") then
    return nil, 'write "null" for null, which takes the key out'
  end
  for i, value in ipairs(given) do values[i] = as_value(value) end
  return values
end

--- The values of "key=v1,v2" or of "key=[v1, v2]" with JSON.
---@param text string
---@return string|nil key
---@return string[]|string values Or why there are none.
local function read_vary(text)
  local key, list = text:match("^([%w_%.%-]+)=(.+)$")
  if not key then return nil, ("--vary %s: expected key=value,value"):format(text) end
  if key == "seed" then return nil, ("--vary %s: seeds are given with --seeds, as 3,7,11"):format(text) end
  local values, why = values_of(list)
  if not values then return nil, ("--vary %s: %s"):format(text, why) end
  if #values == 0 then return nil, ("--vary %s: no value is given"):format(text) end
  local twice = repeated(values)
  if twice then return nil, ("--vary %s: '%s' is given twice"):format(text, twice) end
  return key, values
end

--- A value as a part of an arm's name: a script's name, or what is written.
local function short(value)
  local decoded = value:find("^[%[{]") and json.decode(value)
  if type(decoded) == "table" and type(decoded[1]) == "string" then return decoded[1] end
  return value
end

--- The arms of a matrix: each combination of the values, the first ones first.
---@param vary string[] "key=v1,v2"
---@return { name: string, set: string[] }[]|nil arms
---@return string|nil problem
function sweep.matrix(vary)
  local arms = { { name = "", set = {} } }
  for _, text in ipairs(vary) do
    local key, values = read_vary(text)
    if not key then return nil, values end
    local more = {}
    for _, arm in ipairs(arms) do
      for _, value in ipairs(values) do
        local set = table.move(arm.set, 1, #arm.set, 1, {})
        set[#set + 1] = key .. "=" .. value
        more[#more + 1] = { set = set, name = (arm.name ~= "" and arm.name .. ", " or "")
          .. key:match("[^%.]+$") .. "=" .. short(value) }
      end
    end
    arms = more
  end
  return arms
end

--- Seeds of "5" (1 to 5) or "3,7,11".
---@param text string|nil Nil: 1 to 5.
---@return integer[]|nil
---@return string|nil problem
function sweep.seeds(text)
  local seeds = {}
  text = text or "5"
  for part in text:gmatch("[^,]+") do
    local number = math.tointeger(tonumber(part))
    if not number or number < 0 then
      return nil, ("--seeds %s: a number of seeds, or seeds as 3,7,11, is expected"):format(text)
    end
    seeds[#seeds + 1] = number
  end
  local twice = repeated(seeds)
  if twice then return nil, ("--seeds %s: %d is given twice"):format(text, twice) end
  if #seeds > 1 or text:find(",") then return seeds end
  if seeds[1] == nil or seeds[1] < 1 then return nil, ("--seeds %s: at least 1"):format(text) end
  local count = seeds[1]
  for i = 1, count do seeds[i] = i end
  return seeds
end

local function read_file(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local content = file:read("a")
  file:close()
  return content
end

local function slug(name)
  local plain = name:gsub("[^%w_=%.%-]+", "-"):gsub("^[%.%-]+", ""):sub(1, 60)
  return plain
end

--- The arms of each experiment, one experiment after the other.
---@param paths string[]
---@param arms { name: string, set: string[] }[] As of `sweep.matrix`.
---@return { name: string, set: string[], experiment: integer }[]
function sweep.arms_of_all(paths, arms)
  local all, seen = {}, {}
  local function base(path) return path:match("([^/]+)$"):gsub("%.lua$", "") end
  for _, path in ipairs(paths) do seen[base(path)] = (seen[base(path)] or 0) + 1 end
  for i, path in ipairs(paths) do
    local file = seen[base(path)] > 1 and path or base(path)
    for _, arm in ipairs(arms) do
      local name = #paths == 1 and arm.name or arm.name == "" and file or file .. ", " .. arm.name
      all[#all + 1] = { name = name, set = arm.set, experiment = i }
    end
  end
  return all
end

local function experiments_of(paths)
  local list, seen = {}, {}
  for i, given in ipairs(paths) do
    local path, why = core.system.realpath(given)
    if not path then return nil, ("%s: %s"):format(given, why) end
    if seen[path] then return nil, ("%s is given twice"):format(given) end
    seen[path] = true
    local source, problem = read_file(path)
    if not source then return nil, problem end
    list[i] = { path = path, hash = core.text.hash(source) }
  end
  return list
end

--- Makes the manifest.
---@param given table `{ kind, experiments, set, arms, seeds, share }`; `experiments` are paths, of which an
---arm names one by its position, else the first; `share`: the other arms may take the first one's
---replies.
---@return table|nil manifest
---@return string|nil problem
function sweep.plan(given)
  for _, setting in ipairs(given.set or {}) do
    if setting:find("^seed=") then
      return nil, ("--set %s: seeds are given with --seeds, as 3,7,11"):format(setting)
    end
  end
  local experiments, why = experiments_of(given.experiments)
  if not experiments then return nil, why end
  local tasks = {}
  for a, arm in ipairs(given.arms) do
    for _, seed in ipairs(given.seeds) do
      tasks[#tasks + 1] = { arm = a, seed = seed,
        run = ("runs/%02d-%s/seed-%d"):format(a, slug(arm.name), seed) }
    end
    json.array(arm.set)
    arm.experiment = arm.experiment or 1
  end
  return { kind = given.kind, experiments = json.array(experiments), folder = core.system.realpath("."),
    set = json.array(given.set or {}), arms = json.array(given.arms),
    seeds = json.array(given.seeds), share = given.share or false, tasks = json.array(tasks) }
end

--- Whether a folder holds a sweep.
function sweep.is(folder) return core.system.kind(folder .. FILE) == "file" end

--- Reads a manifest.
---@return table|nil manifest
---@return string|nil problem
function sweep.read(folder)
  local text, why = read_file(folder .. FILE)
  if not text then return nil, why end
  local manifest, problem = json.decode(text)
  if type(manifest) ~= "table" or type(manifest.tasks) ~= "table" then
    return nil, ("%s%s: is no sweep: %s"):format(folder, FILE, problem or "it names no tasks")
  end
  return manifest
end

--- Writes the manifest of a new sweep; one that is there must be the same.
---@return true|nil
---@return string|nil problem
function sweep.begin(folder, manifest)
  local text = json.encode(manifest)
  if sweep.is(folder) then
    if read_file(folder .. FILE) == text .. "\n" then return true end
    return nil, ("%s holds another sweep; go on with it by: advisor sweep %s, or name another folder")
      :format(folder, folder)
  end
  local made, why = core.system.make_folder(folder)
  if not made then return nil, why end
  return whole.file(folder .. FILE, false, function(file) return file:write(text, "\n") end)
end

--- What is wrong with going on, or nil: the experiments must be as they were.
function sweep.changed(manifest)
  for _, experiment in ipairs(manifest.experiments) do
    local source, why = read_file(experiment.path)
    if not source then return why end
    if core.text.hash(source) ~= experiment.hash then
      return ("%s has changed since the sweep began: put it back, or begin a new sweep"):format(experiment.path)
    end
  end
  return nil
end

--- What `advisor run` is told for a task.
---@param number integer
---@return table args `{ EXPERIMENT, output, set, reuse, quiet }`
function sweep.arguments(folder, manifest, number)
  local task = manifest.tasks[number]
  local set = table.move(manifest.set, 1, #manifest.set, 1, {})
  table.move(manifest.arms[task.arm].set, 1, #manifest.arms[task.arm].set, #set + 1, set)
  set[#set + 1] = ("seed=%d"):format(task.seed)
  local experiment = manifest.experiments[manifest.arms[task.arm].experiment]
  local args = { EXPERIMENT = experiment.path, output = folder .. "/" .. task.run, set = set,
    quiet = true }
  if manifest.share and task.arm > 1 then
    for _, other in ipairs(manifest.tasks) do
      if other.arm == 1 and other.seed == task.seed then
        args.reuse = { folder .. "/" .. other.run }
        break
      end
    end
  end
  return args
end

--- The first line of what went wrong; a script's traceback is in the run's status.
function sweep.first_line(text) return text:match("^[^\n]*") end

--- The last line of what a process said.
function sweep.last_line(text) return text:match("([^\n]+)%s*$") or "it says nothing" end

--- What a task came to, as one line for people.
---@param number integer
---@param words string
---@return string line
function sweep.line(manifest, number, words)
  local task = manifest.tasks[number]
  return ("task %d/%d: %s, seed %d: %s\n"):format(number, #manifest.tasks, manifest.arms[task.arm].name,
    task.seed, words)
end

--- Tasks in two parts, one after the other: those of the first arm come before the
--- others where these take its replies.
---@param numbers integer[]
---@return integer[][]
function sweep.phases(manifest, numbers)
  local first, rest = {}, {}
  for _, number in ipairs(numbers) do
    local list = manifest.share and manifest.tasks[number].arm > 1 and rest or first
    list[#list + 1] = number
  end
  return { first, rest }
end

--- How far a task's run came.
---@return string state "absent", "done", "running", "paused", "stopped"; "absent" also where its process
---was killed before the run began: nothing was asked, and `run` begins it again.
---@return string|nil why
function sweep.state(folder, task)
  local run = folder .. "/" .. task.run
  if core.system.kind(run .. "/run.db") ~= "file" then return "absent" end
  local store, why = core.store.open(run, "read")
  if not store then return "stopped", why end
  local facts = records.facts(store) or {}
  store:close()
  local state = run_records.state(run, facts.state)
  if not facts.state and state == "stopped" then return "absent", "its process ended before it began" end
  if state ~= facts.state then return state, "the process ended before the run did" end
  return state, facts.why
end

return sweep

--- Reads an experiment: a Lua table evaluated where only env() and include()
--- exist, checked whole, every problem at once, defaults filled in.
local cjson = require("cjson")
local contract = require("advisor.host.contract")
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")
local roles = require("advisor.models.roles")
local seeds = require("advisor.engine.seeds")
local taxonomies = require("advisor.engine.taxonomy")

local experiment = {}

local LOAD_INSTRUCTIONS = 10000000

--- The keys of an experiment, as declared data.
experiment.keys = {
  name = { type = "string",
    doc = "Name of the experiment: letters, digits, '.', '_' and '-', at most 64." },
  seed = { type = "integer", default = 1, min = 0, max = 99999999999999,
    doc = "Names every random stream." },
  rounds = { type = "integer", min = 1, doc = "Rounds to run; with accept, the most rounds." },
  accept = { type = "integer", min = 1, doc = "Stop at exactly so many kept items." },
  per_round = { type = "integer", default = 12, min = 1, max = 100000,
    doc = "Drafts asked for in a round." },
  ahead = { type = "integer", default = 0, min = 0, max = 64,
    doc = "Round t reads the state after round t-1-ahead." },
  models = { type = "table",
    doc = "Role -> model, or the name of another role; 'default' serves the rest." },
  pipeline = { type = "table",
    doc = "Stage -> script: advise, generate, filter (a list), summarize, respond." },
  principles = { type = "list", default = {},
    doc = "Principles, each a name or { name, option = value }." },
  seeds = { type = "table",
    doc = "{ items = list, summary = list }, or a name in scripts/seeds, or a file." },
  pool = { type = "string", default = "kept", one_of = { "first", "kept", "none", "batch_as_one" },
    doc = "Which items join the exemplars: the first of each batch, all kept ones, none, or the "
      .. "whole batch as one (the released baseline)." },
  policy = { type = "table", default = {}, doc = "What happens on trouble; see the policy keys." },
  coverage = { type = "table", default = {},
    doc = "How kept items are counted; see the coverage keys." },
  stop = { type = "table", default = {},
    doc = "When to end early: { saturation = …, budget = … }." },
}

--- The keys of `coverage`.
experiment.coverage_keys = {
  label = { type = "table",
    doc = "The label script, a name or { name, option = value }; default by_advice." },
  examples = { type = "table",
    doc = "Labelled examples for the labeller: a list of { text, cell }, or "
    .. "{ file = , text = FIELD, cell = FIELD } in JSONL or CSV." },
  targets = { type = "table", default = {},
    doc = "Share wanted by cell; the other cells share the rest evenly." },
  minimum = { type = "integer", min = 1, doc = "Fewest items wanted in every cell." },
}

--- The keys of `stop.budget`. A cap pauses the run at a commit.
experiment.budget_keys = {
  drafts = { type = "integer", min = 1, doc = "Most drafts." },
  calls = { type = "integer", min = 1, doc = "Most calls." },
  tokens = { type = "integer", min = 1, doc = "Most tokens, prompt and completion." },
  money = { type = "number", min = 0, doc = "Most money, in the currency of the roles' prices." },
  seconds = { type = "number", min = 0, doc = "Longest time of this process." },
}

--- The keys of `stop.saturation`; see measure/saturation.lua for the rule.
experiment.saturation_keys = {
  threshold = { type = "number", default = 0.05, min = 0, max = 1,
    doc = "Share of cells, and of next drafts, that may be unseen." },
  confidence = { type = "number", default = 0.85, min = 0, max = 1,
    doc = "How likely no more than that is missing." },
  window = { type = "integer", default = 30, min = 1, doc = "Fewest items looked back upon." },
  min_drafts = { type = "integer", default = 30, min = 1, doc = "Fewest items with a cell." },
  ["then"] = { type = "string", default = "stop", one_of = { "stop", "switch" },
    doc = "What follows." },
  strategy = { type = "table", doc = "The advise script to switch to." },
}

--- The keys of `policy`.
experiment.policy_keys = {
  unknown = { type = "string", default = "drop", one_of = { "drop", "keep" },
    doc = "What happens to a draft with a check that could not be made." },
  failed_round = { type = "string", default = "stop", one_of = { "stop", "skip" },
    doc = "Whether a failed round stops the run or uses up its number." },
  plain_http = { type = "boolean", default = false,
    doc = "Let a key travel over http:// beyond this machine." },
  instructions = { type = "integer", default = 50000000, min = 100000,
    doc = "Lua instructions a script may use in one lane of a stage." },
  memory_mb = { type = "integer", default = 1024, min = 64,
    doc = "Memory of the whole Lua state." },
  retry_not_sent = { type = "integer", default = 6, min = 0,
    doc = "Repeats of a call that was not sent." },
  retry_busy = { type = "integer", default = 6, min = 0,
    doc = "Repeats after 429, 502, 503, 529 and the like." },
  retry_server = { type = "integer", default = 3, min = 0, doc = "Repeats after 500." },
  retry_unknown = { type = "integer", default = 1, min = 0,
    doc = "Repeats of a call that may have been paid." },
}

local SINGLE_STAGES = { "advise", "generate", "summarize", "respond" }

local function looks_secret(name)
  local upper = name:upper()
  return upper:find("KEY") or upper:find("TOKEN") or upper:find("SECRET") or upper:find("PASSWORD")
end

--- The names that the file at hand has asked for.
local asked = {}

local function env(name, default)
  if type(name) ~= "string" then error("env: the name of a variable is expected", 2) end
  asked[name] = true
  if looks_secret(name) then
    local message = "env: %s looks like a secret: name it as key_env, the program reads it itself"
    error(message:format(name), 2)
  end
  local value = os.getenv(name)
  if value == nil or value == "" then return default end
  return value
end

local function folder_of(path)
  return path:match("^(.*)/[^/]*$") or "."
end

--- Evaluates one config file in the sandbox.
---@param path string
---@return any|nil value
---@return string|nil message
---@return string|nil source
local function evaluate(path, depth)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local source = file:read("a")
  file:close()
  if not source then return nil, path .. ": is no file that can be read" end
  if depth > 8 then return nil, path .. ": include() goes more than 8 deep" end
  local code, message = sandbox.compile(source, path)
  if not code then return nil, message end
  local lane = sandbox.lane({
    run = { instructions = LOAD_INSTRUCTIONS }, round = 0, stage = "load", path = "1",
      script = path,
  })
  local ok, value = sandbox.instantiate(lane, code, {
    env = env,
    include = function(name)
      if type(name) ~= "string" then error("include: the name of a file is expected", 2) end
      if name:sub(1, 1) ~= "/" then name = folder_of(path) .. "/" .. name end
      local inner, problem = evaluate(name, depth + 1)
      if problem then error("include: " .. problem, 2) end
      return inner
    end,
  })
  if not ok then
    local text = tostring(value):gsub("\nstack traceback:.*", "")
    text = sandbox.with_full_name(text, path)
    return nil, text:find(path, 1, true) and text or ("%s:1: %s"):format(path, text)
  end
  local plain, problem = readonly.plain(value, "the experiment", true)
  if problem then return nil, ("%s:1: %s"):format(path, problem) end
  return plain, nil, source
end

--- JSON as its standard has it: no NaN, no infinity, no hexadecimal numbers.
local strict = cjson.new()
strict.decode_invalid_numbers(false)

--- A value of `--set`: JSON where it parses as such, else a string.
local function parse_value(text)
  local ok, value = pcall(strict.decode, text)
  if ok and value ~= cjson.null then return value end
  return text
end

--- A script reference as a table, so that its options can be set.
local function as_reference(value)
  return type(value) == "string" and { value } or value
end

--- Applies `--set path=value` to the raw table.
---@return string|nil problem
local function apply_setting(raw, setting)
  local path, text = setting:match("^([%w_%.%-]+)=(.*)$")
  if not path then return ("--set %s: expected key=value"):format(setting) end
  local parts = {}
  for part in path:gmatch("[^%.]+") do parts[#parts + 1] = math.tointeger(tonumber(part))
    or part end
  local at = raw
  for i = 1, #parts - 1 do
    local inner = at[parts[i]]
    if inner == nil then inner = {} end
    if type(inner) == "string" and (parts[1] == "pipeline" or parts[1] == "principles") then
      inner = as_reference(inner)
    end
    if type(inner) ~= "table" then
      return ("--set %s: '%s' is no table"):format(setting, table.concat(parts, ".", 1, i))
    end
    at[parts[i]] = inner
    at = inner
  end
  at[parts[#parts]] = parse_value(text)
  return nil
end

---@class advisor.Problems
local Problems = {}
Problems.__index = Problems

--- Adds a problem of a field such as "models.default.url".
function Problems:add(field, message)
  local line = contract.line_of(self.source, field:match("([%a_][%w_]*)[%.%d]*$"))
  self.list[#self.list + 1] = ("%s:%d: %s: %s"):format(self.path, line, field, message)
end

function Problems:add_all(prefix, messages)
  for _, message in ipairs(messages) do
    local field, rest = message:match("^([%w_]+): (.*)$")
    self:add(field and (prefix .. field) or prefix, rest or message)
  end
end

--- Resolves "name" or { "name", option = value } to a script with its options.
local function resolve_script(registry, kind, reference, field, problems)
  reference = as_reference(reference)
  if type(reference) ~= "table" or type(reference[1]) ~= "string" then
    problems:add(field, "a script's name, or { name, option = value }, is expected")
    return nil
  end
  local script, found = registry:find(kind, reference[1])
  if not script then
    for _, message in ipairs(found) do
      if message:find("^[^%s]+:%d+: ") then
        problems.list[#problems.list + 1] = message
      else
        problems:add(field, message)
      end
    end
    return nil
  end
  local given = {}
  for key, value in pairs(reference) do
    if key ~= 1 then given[key] = value end
  end
  local filled, wrong = options.fill(script.table.options, given)
  problems:add_all(field .. ".", wrong)
  return { name = reference[1], options = filled }, script
end

local STAGES = { advise = true, generate = true, filter = true, summarize = true, respond = true }

local function resolve_pipeline(raw, registry, problems)
  local pipeline = { filter = {} }
  for _, key in ipairs(options.sorted_keys(raw)) do
    if not STAGES[key] then
      problems:add("pipeline." .. tostring(key),
        "unknown stage; there are advise, generate, filter, summarize, respond")
    end
  end
  if raw.advise == nil then raw.advise = "no_advice" end
  if raw.generate == nil then
    problems:add("pipeline.generate", "is missing: name a generate strategy")
  end
  for _, stage in ipairs(SINGLE_STAGES) do
    if raw[stage] ~= nil then
      pipeline[stage] = resolve_script(registry, stage, raw[stage], "pipeline." .. stage, problems)
    end
  end
  if raw.filter ~= nil and options.problem({ type = "list" }, raw.filter) then
    problems:add("pipeline.filter", "a list is expected, as { \"exact_duplicate\" }, "
      .. "or { { \"word_overlap\", threshold = 0.6 } }")
  else
    for i, reference in ipairs(raw.filter or {}) do
      pipeline.filter[i] = resolve_script(registry, "filter", reference,
        ("pipeline.filter.%d"):format(i), problems)
    end
  end
  return pipeline
end

local function resolve_principles(raw, registry, problems)
  local principles = {}
  for i, reference in ipairs(raw) do
    local resolved, script = resolve_script(registry, "principle", reference,
      ("principles.%d"):format(i), problems)
    if resolved then
      resolved.level = script.table.level
      principles[#principles + 1] = resolved
    end
  end
  return principles
end

--- What holds a key is for the program to read, not for the file.
local function check_keys(models, names, problems)
  for _, role in ipairs(options.sorted_keys(models)) do
    local key_env = type(models[role]) == "table" and models[role].key_env
    if key_env and names[key_env] then
      problems:add(("models.%s.key_env"):format(role),
        ("%s holds a key: env() must not read it"):format(key_env))
    end
  end
end

--- Shares and minimum given beside the taxonomy.
local function apply_targets(taxonomy, targets, minimum, problems)
  local by_name, given, open = {}, 0, 0
  for _, cell in ipairs(taxonomy.cells) do by_name[cell.name] = cell end
  for _, name in ipairs(options.sorted_keys(targets)) do
    if not by_name[name] then
      problems:add("coverage.targets", ("the taxonomy has no cell '%s'"):format(tostring(name)))
    end
    if type(targets[name]) ~= "number" or targets[name] < 0 then
      problems:add("coverage.targets",
        ("the share of '%s' must be a number"):format(tostring(name)))
      return
    end
    given = given + targets[name]
  end
  if given > 1 + 1e-9 then
    problems:add("coverage.targets", ("the shares add up to %.3f, more than 1"):format(given))
  end
  for _, cell in ipairs(taxonomy.cells) do
    if targets[cell.name] == nil then open = open + 1 end
    cell.minimum = minimum or cell.minimum
  end
  if not next(targets) then return end
  for _, cell in ipairs(taxonomy.cells) do cell.want = targets[cell.name] or (1 - given) / open end
end

local function resolve_coverage(raw, given_taxonomy, registry, problems, folders)
  local label, examples = raw.label, raw.examples
  raw.label, raw.examples = nil, nil
  local coverage, wrong = options.fill(experiment.coverage_keys, raw)
  problems:add_all("coverage.", wrong)
  local loaded, problem = taxonomies.load(given_taxonomy, folders.taxonomies, evaluate)
  if not loaded then problems:add("coverage.taxonomy", problem) end
  coverage.taxonomy = loaded or { cells = {}, open = true }
  apply_targets(coverage.taxonomy, coverage.targets, coverage.minimum, problems)
  coverage.label = resolve_script(registry, "label", label or "by_advice", "coverage.label",
    problems)
  coverage.examples, problem = seeds.load_examples(examples, folders.files)
  if problem then problems:add("coverage.examples", problem) end
  return coverage
end

local function resolve_stop(raw, registry, problems)
  for _, key in ipairs(options.sorted_keys(raw)) do
    if key ~= "saturation" and key ~= "budget" then
      problems:add("stop." .. tostring(key), "unknown key; there are saturation and budget")
    end
  end
  local stop, wrong = {}
  stop.budget, wrong = options.fill(experiment.budget_keys, type(raw.budget) == "table"
    and raw.budget or {})
  problems:add_all("stop.budget.", wrong)
  if raw.saturation then
    local given = type(raw.saturation) == "table" and raw.saturation or {}
    local strategy = given.strategy
    given.strategy = nil
    stop.saturation, wrong = options.fill(experiment.saturation_keys, given)
    problems:add_all("stop.saturation.", wrong)
    if stop.saturation["then"] == "switch" then
      stop.saturation.strategy = resolve_script(registry, "advise", strategy,
        "stop.saturation.strategy", problems)
    end
  end
  return stop
end

local function check_whole(resolved, problems)
  if type(resolved.name) == "string" and (not resolved.name:find("^[%w_%-][%w_%.%-]*$")
    or #resolved.name > 64) then
    problems:add("name",
      "letters, digits, '.', '_' and '-' are allowed, at most 64, no dot in front")
  end
  if not resolved.rounds and not resolved.accept then
    problems:add("rounds", "is missing: give rounds, or accept, or both")
  end
end

--- What may change when a run goes on: how far it goes and how it reaches its
--- models, never what decides over data.
local CHANGEABLE = {
  "^rounds$", "^accept$", "^stop%.budget%.", "^models%.[%w_]+%.url$", "^models%.[%w_]+%.key_env$",
  "^models%.[%w_]+%.concurrency$", "^models%.[%w_]+%.%a+_seconds$", "^models%.[%w_]+%.proxy$",
  "^models%.[%w_]+%.ca_file$", "^policy%.failed_round$", "^policy%.memory_mb$", "^policy%.retry_",
}

local function changeable(path)
  for _, pattern in ipairs(CHANGEABLE) do
    if path:find(pattern) then return true end
  end
  return false
end

--- Applies `--set` to a resolved experiment that goes on.
---@param resolved table Changed in place.
---@param settings string[]
---@return string|nil problem
function experiment.change(resolved, settings)
  for _, setting in ipairs(settings) do
    local path = setting:match("^[^=]*")
    if not changeable(path) then
      return ("--set %s: this decides over the data, so a run that goes on keeps it; "
        .. "begin a new run instead"):format(setting)
    end
    local problem = apply_setting(resolved, setting)
    if problem then return problem end
  end
  for _, role in pairs(resolved.models) do
    if type(role) == "table" and role.url ~= nil then
      role.urls, role.url = type(role.url) == "table" and role.url or { role.url }, nil
    end
  end
  local _, wrong = options.fill(experiment.budget_keys, resolved.stop.budget)
  if wrong[1] then return "stop.budget." .. wrong[1] end
  return nil
end

--- Reads, checks and completes an experiment.
---@param path string
---@param settings string[] `--set` values, "key=value".
---@param registry table
---@param root string Folder of what ships, for named seeds.
---@return table|nil resolved Plain data; nil if there are problems.
---@return string[]|nil problems Lines "file:line: field: message".
---@return string|nil source
function experiment.read(path, settings, registry, root)
  asked = {}
  local raw, message, source = evaluate(path, 1)
  if message then return nil, { message } end
  if type(raw) ~= "table" then return nil, { path .. ":1: must return a table" } end
  local problems = setmetatable({ path = path, source = source, list = {} }, Problems)
  for _, setting in ipairs(settings) do
    local problem = apply_setting(raw, setting)
    if problem then problems.list[#problems.list + 1] = problem end
  end
  local given_seeds, given_taxonomy = raw.seeds, nil
  raw.seeds = nil
  if type(raw.coverage) == "table" then
    given_taxonomy = raw.coverage.taxonomy
    raw.coverage.taxonomy = nil
  end
  if raw.name == nil then raw.name = path:match("([^/]+)%.lua$") or "experiment" end
  local resolved, wrong = options.fill(experiment.keys, raw)
  problems:add_all("", wrong)
  local policy, wrong_policy = options.fill(experiment.policy_keys,
    type(resolved.policy) == "table" and resolved.policy or {})
  problems:add_all("policy.", wrong_policy)
  resolved.policy = policy
  check_whole(resolved, problems)
  local function section(name)
    local value = resolved[name]
    if type(value) == "table" then return value end
    if value == nil then problems:add(name, "is missing") end
    return {}
  end
  resolved.models = roles.resolve(section("models"), registry, problems)
  resolved.pipeline = resolve_pipeline(section("pipeline"), registry, problems)
  resolved.principles = resolve_principles(section("principles"), registry, problems)
  local here = folder_of(path)
  resolved.coverage = resolve_coverage(section("coverage"), given_taxonomy, registry, problems,
    { taxonomies = { here, root .. "/scripts/taxonomies" }, files = { here, "." } })
  resolved.stop = resolve_stop(section("stop"), registry, problems)
  local loaded, problem = seeds.load(given_seeds, { here, root .. "/scripts/seeds" }, evaluate)
  if not loaded then problems:add("seeds", problem) end
  resolved.seeds = loaded
  check_keys(resolved.models, asked, problems)
  if #problems.list > 0 then return nil, problems.list end
  return resolved, nil, source
end

return experiment

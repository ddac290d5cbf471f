--- Reads an experiment: a config file checked whole, every problem at once, defaults
--- filled in.
local config = require("advisor.engine.config")
local keys = require("advisor.engine.experiment_keys")
local options = require("advisor.host.options")
local prices = require("advisor.models.prices")
local references = require("advisor.engine.references")
local roles = require("advisor.models.roles")
local sections = require("advisor.engine.sections")
local seeds = require("advisor.engine.seeds")

local experiment = {}

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

--- The scripts that a resolved experiment uses, providers aside.
---@return { kind: string, name: string, options: table }[] In order of stages.
function experiment.uses(resolved)
  local list = {}
  local function add(kind, used)
    if used then list[#list + 1] = { kind = kind, name = used.name, options = used.options } end
  end
  for _, stage in ipairs(sections.single) do add(stage, resolved.pipeline[stage]) end
  for _, used in ipairs(resolved.pipeline.filter) do add("filter", used) end
  for _, used in ipairs(resolved.principles) do add("principle", used) end
  add("label", resolved.coverage.label)
  add("advise", resolved.stop.saturation and resolved.stop.saturation.strategy)
  return list
end

--- A role without vectors is found before anything is paid for.
---@param resolved table
---@param problems advisor.Problems
function experiment.check_embedders(resolved, registry, problems)
  local used = experiment.uses(resolved)
  for _, each in ipairs(used) do each.embeds = registry:find(each.kind, each.name).table.embeds end
  roles.check_embedders(resolved.models, used, problems)
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
  config.begin()
  local raw, message, source = config.evaluate(path, 1)
  if message then return nil, { message } end
  if type(raw) ~= "table" then return nil, { path .. ":1: must return a table" } end
  local resolved, problems = experiment.complete(raw, sections.problems(path, source), settings, registry, root)
  return resolved, problems, resolved and source
end

--- Checks and completes an experiment that is there as plain data.
---@param raw table As an experiment's file returns it; changed.
---@param problems advisor.Problems Of the file, or of what else the experiment is from.
---@param settings string[] `--set` values, "key=value".
---@param registry table
---@param root string Folder of what ships.
---@return table|nil resolved Plain data; nil if there are problems.
---@return string[]|nil problems
function experiment.complete(raw, problems, settings, registry, root)
  local path = problems.path
  for _, setting in ipairs(settings) do
    local problem = config.set(raw, setting)
    if problem then problems.list[#problems.list + 1] = problem end
  end
  local given_seeds, given_taxonomy = raw.seeds, nil
  raw.seeds = nil
  if type(raw.coverage) == "table" then
    given_taxonomy = raw.coverage.taxonomy
    raw.coverage.taxonomy = nil
  end
  if raw.name == nil then raw.name = path:match("([^/]+)%.lua$") or "experiment" end
  local resolved, wrong = options.fill(keys.experiment, raw)
  problems:add_all("", wrong)
  local policy, wrong_policy = options.fill(keys.policy,
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
  local known, wrong_prices = prices.load(os.getenv)
  table.move(wrong_prices, 1, #wrong_prices, #problems.list + 1, problems.list)
  resolved.models = roles.resolve(section("models"), registry, problems, known)
  resolved.pipeline = sections.pipeline(section("pipeline"), registry, problems)
  resolved.principles = sections.principles(section("principles"), registry, problems)
  local here = config.folder_of(path)
  resolved.coverage = sections.coverage(section("coverage"), given_taxonomy, registry, problems,
    { taxonomies = { here, root .. "/scripts/taxonomies" }, files = { here, "." } })
  resolved.calibration = sections.calibration(section("calibration"), resolved.principles, problems,
    { here, "." })
  references.check_uses(resolved.pipeline.filter, section("references"), problems)
  resolved.references = references.load(section("references"), { here, "." }, problems)
  resolved.stop = sections.stop(section("stop"), registry, problems)
  local unpriced = resolved.stop.budget.money and prices.unpriced(resolved.models) or {}
  if #unpriced > 0 then
    problems:add("stop.budget.money", ("what is spent would be unknown: no price for models.%s"):format(
      table.concat(unpriced, ", models.")))
  end
  local loaded, problem = seeds.load(given_seeds, { here, root .. "/scripts/seeds" }, config.evaluate)
  if not loaded then problems:add("seeds", problem) end
  resolved.seeds = loaded
  check_keys(resolved.models, config.asked(), problems)
  experiment.check_embedders(resolved, registry, problems)
  if #problems.list > 0 then return nil, problems.list end
  return resolved
end

return experiment

--- A stored experiment with some of its keys set anew: for a run that goes on, for a
--- fork, and for a replay that decides anew.
local config = require("advisor.engine.config")
local experiment = require("advisor.engine.experiment")
local keys = require("advisor.engine.experiment_keys")
local known_rows = require("advisor.engine.known_rows")
local options = require("advisor.host.options")
local prices = require("advisor.models.prices")
local roles = require("advisor.models.roles")
local sections = require("advisor.engine.sections")
local taxonomies = require("advisor.engine.taxonomy")

local variation = {}

--- What may change when a run goes on: how far it goes and how it reaches its
--- models, never what decides over data.
local CHANGEABLE = {
  "^rounds$", "^accept$", "^stop%.budget%.", "^models%.[%w_]+%.url$", "^models%.[%w_]+%.key_env$",
  "^models%.[%w_]+%.key_file$",
  "^models%.[%w_]+%.concurrency$", "^models%.[%w_]+%.%a+_seconds$", "^models%.[%w_]+%.proxy$",
  "^models%.[%w_]+%.proxy_env$",
  "^models%.[%w_]+%.%a+_per_minute$", "^models%.[%w_]+%.strict_context$",
  "^models%.[%w_]+%.ca_file$", "^policy%.failed_round$", "^policy%.memory_mb$", "^policy%.retry_",
  "^policy%.script_seconds$",
  "^calibration%.%d+%.min_kappa$",
}

local function changeable(path)
  for _, pattern in ipairs(CHANGEABLE) do
    if path:find(pattern) then return true end
  end
  return false
end

--- A threshold that is set must be that of a calibration that there is.
local function threshold_problem(resolved, path)
  local number = path:match("^calibration%.(%d+)%.")
  if not number then return nil end
  local calibration = resolved.calibration[math.tointeger(tonumber(number))]
  if not calibration.principle then return "the run has no such calibration" end
  return options.problem(known_rows.keys.min_kappa, calibration.min_kappa)
end

local function resolve_scalar(key, value, problems)
  local filled, wrong = options.fill({ [key] = keys.experiment[key] }, { [key] = value })
  problems:add_all("", wrong)
  return filled[key]
end

--- Applies `--set` to a resolved experiment that goes on.
---@param resolved table Changed in place.
---@param settings string[]
---@return string|nil problem
function variation.change(resolved, settings)
  for _, setting in ipairs(settings) do
    local path = setting:match("^[^=]*")
    if not changeable(path) then
      return ("--set %s: this decides over the data, so a run that goes on keeps it; "
        .. "begin a new run instead"):format(setting)
    end
    local problem = config.set(resolved, setting)
    if problem then return problem end
    problem = threshold_problem(resolved, path)
    if problem then return ("--set %s: %s"):format(setting, problem) end
  end
  for _, role in pairs(resolved.models) do
    if type(role) == "table" and role.url ~= nil then
      role.urls, role.url = type(role.url) == "table" and role.url or { role.url }, nil
    end
  end
  local problems = sections.problems("--set")
  for _, key in ipairs({ "rounds", "accept" }) do
    resolved[key] = resolve_scalar(key, resolved[key], problems)
  end
  local wrong
  resolved.stop.budget, wrong = options.fill(keys.budget, resolved.stop.budget)
  problems:add_all("stop.budget.", wrong)
  resolved.policy, wrong = options.fill(keys.policy, resolved.policy)
  problems:add_all("policy.", wrong)
  return problems.list[1]
end

--- What a replay may decide anew over recorded drafts.
variation.WHAT_IF = { what = "a replay has no answers to other requests; fork the run instead",
  "^pipeline%.filter", "^principles", "^coverage%.label", "^coverage%.targets", "^coverage%.minimum$",
  "^coverage%.taxonomy$", "^policy%.unknown$" }

--- What a fork may change from its round on.
variation.FORK = { what = "the first rounds rest on it; begin a new run instead",
  "^pipeline", "^principles", "^models", "^coverage%.label", "^coverage%.targets",
  "^coverage%.minimum$", "^coverage%.taxonomy$", "^policy", "^stop", "^rounds$", "^accept$",
  "^per_round$", "^pool$", "^seed$", "^name$" }

local function check_allowed(settings, allowed, problems)
  for _, setting in ipairs(settings) do
    local path, found = setting:match("^[^=]*"), false
    for _, pattern in ipairs(allowed) do found = found or path:find(pattern) ~= nil end
    if not found then problems:add(path, allowed.what) end
  end
end

--- A resolved script as an experiment writes it.
local function reference(used)
  local raw = { used.name }
  for key, value in pairs(used.options) do raw[key] = value end
  return raw
end

local function references(list)
  local raw = {}
  for i, used in ipairs(list) do raw[i] = reference(used) end
  return raw
end

--- Resolved sections as an experiment writes them.
local TO_RAW = {
  principles = references,
  pipeline = function(pipeline)
    local raw = { filter = references(pipeline.filter) }
    for _, stage in ipairs(sections.single) do
      if pipeline[stage] then raw[stage] = reference(pipeline[stage]) end
    end
    return raw
  end,
  models = function(models, settings)
    local raw, other_provider = {}, {}
    for _, setting in ipairs(settings) do
      other_provider[setting:match("^models%.([%w_]+)%.api=") or false] = true
    end
    for name, role in pairs(models) do
      raw[name] = type(role) == "table" and roles.as_written(role, not other_provider[name]) or role
    end
    return raw
  end,
  stop = function(stop)
    local raw = { budget = stop.budget, saturation = stop.saturation }
    if stop.saturation and stop.saturation.strategy then
      raw.saturation.strategy = reference(stop.saturation.strategy)
    end
    return raw
  end,
  coverage = function(coverage)
    return { label = reference(coverage.label), targets = coverage.targets, minimum = coverage.minimum }
  end,
}

--- Sections resolved again.
local RESOLVE = {
  principles = function(raw, given) return sections.principles(raw, given.registry, given.problems) end,
  pipeline = function(raw, given) return sections.pipeline(raw, given.registry, given.problems) end,
  stop = function(raw, given) return sections.stop(raw, given.registry, given.problems) end,
  models = function(raw, given)
    local known, wrong = prices.load(os.getenv)
    table.move(wrong, 1, #wrong, #given.problems.list + 1, given.problems.list)
    return roles.resolve(raw, given.registry, given.problems, known)
  end,
  policy = function(raw, given)
    local policy, wrong = options.fill(keys.policy, raw)
    given.problems:add_all("policy.", wrong)
    return policy
  end,
  coverage = function(raw, given)
    local coverage = given.resolved.coverage
    if raw.taxonomy then
      local problem
      coverage.taxonomy, problem = taxonomies.load(raw.taxonomy,
        { ".", given.root .. "/scripts/taxonomies" }, config.evaluate)
      if problem then given.problems:add("coverage.taxonomy", problem) end
    end
    coverage.targets, coverage.minimum = raw.targets, raw.minimum
    if coverage.taxonomy then
      sections.apply_targets(coverage.taxonomy, raw.targets, raw.minimum, given.problems)
    end
    coverage.label = sections.script(given.registry, "label", raw.label, "coverage.label", given.problems)
    return coverage
  end,
}

--- Applies `--set` to a stored experiment: sections that are set are resolved again.
---@param resolved table As stored; changed in place.
---@param settings string[] "key=value"
---@param allowed table `variation.WHAT_IF` or `variation.FORK`
---@param registry table
---@param root string Folder of what ships.
---@return table|nil resolved
---@return string[]|nil problems
function variation.apply(resolved, settings, allowed, registry, root)
  local problems, raw = sections.problems("--set"), {}
  check_allowed(settings, allowed, problems)
  if #problems.list > 0 then return nil, problems.list end
  for _, setting in ipairs(settings) do
    local top = setting:match("^[%w_]+")
    if top and raw[top] == nil then
      raw[top] = TO_RAW[top] and TO_RAW[top](resolved[top], settings) or resolved[top]
    end
    local problem = config.set(raw, setting)
    if problem then problems.list[#problems.list + 1] = problem end
  end
  local given = { registry = registry, problems = problems, root = root, resolved = resolved }
  for _, top in ipairs(options.sorted_keys(raw)) do
    if not RESOLVE[top] then
      resolved[top] = resolve_scalar(top, raw[top], problems)
    elseif type(raw[top]) ~= "table" then
      problems:add(top, "a table is expected, got " .. type(raw[top]))
    else
      resolved[top] = RESOLVE[top](raw[top], given)
    end
  end
  if #problems.list == 0 then experiment.check_embedders(resolved, registry, problems) end
  if #problems.list > 0 then return nil, problems.list end
  return resolved
end

return variation

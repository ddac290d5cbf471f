--- The sections of an experiment, each checked and completed on its own: raw data in,
--- resolved data out, problems into a list.
local config = require("advisor.engine.config")
local contract = require("advisor.host.contract")
local keys = require("advisor.engine.experiment_keys")
local known_rows = require("advisor.engine.known_rows")
local options = require("advisor.host.options")
local seeds = require("advisor.engine.seeds")
local taxonomies = require("advisor.engine.taxonomy")

local sections = {}

--- Stages with one script.
sections.single = { "advise", "generate", "summarize", "respond" }

---@class advisor.Problems
local Problems = {}
Problems.__index = Problems

--- A list of problems of one experiment.
---@param path string Of its file, or what else the problems are of.
---@param source string|nil What it says; nil: no lines can be named.
---@return advisor.Problems `{ list }`
function sections.problems(path, source)
  return setmetatable({ path = path, source = source, list = {} }, Problems)
end

--- Adds a problem of a field such as "models.default.url".
function Problems:add(field, message)
  local where = self.path
  if self.source then
    where = ("%s:%d"):format(where, contract.line_of(self.source, field:match("([%a_][%w_]*)[%.%d]*$")))
  end
  self.list[#self.list + 1] = ("%s: %s: %s"):format(where, field, message)
end

function Problems:add_all(prefix, messages)
  for _, message in ipairs(messages) do
    local field, rest = message:match("^([%w_]+): (.*)$")
    self:add(field and (prefix .. field) or prefix, rest or message)
  end
end

--- Resolves "name" or { "name", option = value } to a script with its options.
---@return table|nil used `{ name, options }`
---@return advisor.Script|nil
function sections.script(registry, kind, reference, field, problems)
  reference = config.as_reference(reference)
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

function sections.pipeline(raw, registry, problems)
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
  for _, stage in ipairs(sections.single) do
    if raw[stage] ~= nil then
      pipeline[stage] = sections.script(registry, stage, raw[stage], "pipeline." .. stage, problems)
    end
  end
  if raw.filter ~= nil and options.problem({ type = "list" }, raw.filter) then
    problems:add("pipeline.filter", "a list is expected, as { \"exact_duplicate\" }, "
      .. "or { { \"word_overlap\", threshold = 0.6 } }")
  else
    for i, reference in ipairs(raw.filter or {}) do
      pipeline.filter[i] = sections.script(registry, "filter", reference,
        ("pipeline.filter.%d"):format(i), problems)
    end
  end
  return pipeline
end

function sections.principles(raw, registry, problems)
  local principles = {}
  for i, reference in ipairs(raw) do
    local resolved, script = sections.script(registry, "principle", reference,
      ("principles.%d"):format(i), problems)
    if resolved then
      resolved.level = script.table.level
      principles[#principles + 1] = resolved
    end
  end
  return principles
end

--- Shares and minimum given beside the taxonomy.
function sections.apply_targets(taxonomy, targets, minimum, problems)
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

function sections.coverage(raw, given_taxonomy, registry, problems, folders)
  local label, examples, check = raw.label, raw.examples, raw.check
  raw.label, raw.examples, raw.check = nil, nil, nil
  local coverage, wrong = options.fill(keys.coverage, raw)
  problems:add_all("coverage.", wrong)
  local loaded, problem = taxonomies.load(given_taxonomy, folders.taxonomies, config.evaluate)
  if not loaded then problems:add("coverage.taxonomy", problem) end
  coverage.taxonomy = loaded or { cells = {}, open = true }
  sections.apply_targets(coverage.taxonomy, coverage.targets, coverage.minimum, problems)
  coverage.label = sections.script(registry, "label", label or "by_advice", "coverage.label",
    problems)
  coverage.examples, problem = seeds.load_examples(examples, folders.files)
  if problem then
    problems:add("coverage.examples", problem)
  else
    coverage.check, problem = known_rows.check(check, folders.files, coverage)
    if problem then problems:add("coverage.check", problem) end
  end
  return coverage
end

function sections.calibration(raw, principles, problems, folders)
  local list = {}
  for i, given in ipairs(raw) do
    local resolved, wrong = known_rows.calibration(given, principles, folders)
    problems:add_all(("calibration.%d."):format(i), wrong)
    list[#list + 1] = resolved
  end
  return list
end

function sections.stop(raw, registry, problems)
  for _, key in ipairs(options.sorted_keys(raw)) do
    if key ~= "saturation" and key ~= "budget" then
      problems:add("stop." .. tostring(key), "unknown key; there are saturation and budget")
    end
  end
  local stop, wrong = {}
  stop.budget, wrong = options.fill(keys.budget, type(raw.budget) == "table"
    and raw.budget or {})
  problems:add_all("stop.budget.", wrong)
  if raw.saturation then
    local given = type(raw.saturation) == "table" and raw.saturation or {}
    local strategy = given.strategy
    given.strategy = nil
    stop.saturation, wrong = options.fill(keys.saturation, given)
    problems:add_all("stop.saturation.", wrong)
    if stop.saturation["then"] == "switch" then
      stop.saturation.strategy = sections.script(registry, "advise", strategy,
        "stop.saturation.strategy", problems)
    end
  end
  return stop
end

return sections

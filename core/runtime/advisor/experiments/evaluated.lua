--- Evaluations among the runs that are compared: their scores as measures, of a run of
--- their own or of the data set run that they belong to.
local core = require("advisor_core")
local intervals = require("advisor.measure.intervals")
local scoring = require("advisor.engine.scoring")

local evaluated = {}

--- Where evaluations lie that belong to a run, unless they were put elsewhere.
local FOLDER = "/evaluations"

--- The scores of an evaluation as measures. One whose questions are not all asked has
--- none: what is left may differ from what was asked.
---@param store userdata
---@param resolved table The run's experiment.
---@return { measures: table<string, number>, list: table[] }|nil found `list` in order: `{ name,
---more, doc, low, high, hits }`, the first ones as of `figures.measures`, the interval over questions,
---`hits` as of `scoring.hits`. Nil: the run is no evaluation.
function evaluated.of(store, resolved)
  local scores = scoring.of(store, resolved)
  if not scores then return nil end
  local found, hits = { measures = {}, list = {} }, scoring.hits(store, resolved)
  for _, score in ipairs(scores) do
    if score.open == 0 and type(score.share) == "number" then
      local name = scoring.name(score)
      found.measures[name] = score.share
      found.list[#found.list + 1] = { name = name, more = score.more, low = score.interval[1],
        high = score.interval[2], hits = hits[name],
        doc = ("Share of %d replies judged, %d unknown."):format(score.judged, score.unknown) }
    end
  end
  return found
end

--- The folders of evaluations that lie in a run's folder.
---@param run string
---@return string[]
function evaluated.beside(run)
  local folders = {}
  for _, name in ipairs(core.system.list(run .. FOLDER) or {}) do
    local folder = run .. FOLDER .. "/" .. name
    if core.system.kind(folder .. "/run.db") == "file" then folders[#folders + 1] = folder end
  end
  table.sort(folders)
  return folders
end

--- Gives a run the measures of an evaluation that belongs to it.
---@param run table As of `figures.of`; changed.
---@param evaluation table As of `figures.of`.
---@return boolean|nil ok
---@return string|nil message Where two evaluations of the run measure the same.
function evaluated.join(run, evaluation)
  run.evaluations = run.evaluations or {}
  for _, other in ipairs(run.evaluations) do
    if other == evaluation.folder then return true end
  end
  for _, measure in ipairs(evaluation.evaluated) do
    if run.measures[measure.name] then
      return nil, ("%s: two of its evaluations give '%s' (%s): move one of them away"):format(run.folder,
        measure.name, table.concat(run.evaluations, ", ") .. ", " .. evaluation.folder)
    end
    run.measures[measure.name] = evaluation.measures[measure.name]
    run.evaluated = run.evaluated or {}
    table.insert(run.evaluated, measure)
  end
  table.insert(run.evaluations, evaluation.folder)
  return true
end

--- A run's own measure of a name.
local function measure_of(run, name)
  for _, measure in ipairs(run.evaluated or {}) do
    if measure.name == name then return measure end
  end
  return nil
end

--- A score of one run, with its interval over questions.
---@param run table As of `figures.of`.
---@param name string
---@return table|nil mean As of `paired.mean`; `of_questions` is true. Nil: it is no score.
function evaluated.mean(run, name)
  local measure = measure_of(run, name)
  if not measure then return nil end
  return { n = 1, mean = run.measures[name], deviation = 0, low = measure.low, high = measure.high,
    of_questions = true }
end

--- The difference of a score of two runs, over the questions that both were judged on.
---@param a table As of `figures.of`.
---@param b table
---@param name string
---@return table|nil difference As of `paired.difference`; `of_questions` is true. Nil: it is no score
---of both, or no question is.
function evaluated.difference(a, b, name)
  local left, right = measure_of(a, name), measure_of(b, name)
  if not left or not right then return nil end
  local gains, losses, n = 0, 0, 0
  for question, hit in pairs(left.hits) do
    local other = right.hits[question]
    if other ~= nil then
      n = n + 1
      if hit and not other then gains = gains + 1 end
      if other and not hit then losses = losses + 1 end
    end
  end
  if n == 0 then return nil end
  local low, high = intervals.matched(gains, losses, n)
  return { n = 1, mean = (gains - losses) / n, deviation = 0, low = low, high = high, of_questions = true,
    questions = n }
end

--- What is compared: the measures of every run, then those of evaluations, each once.
---@param fixed table[] `figures.measures`
---@param arms { runs: table[] }[]
---@return table[]
function evaluated.measures(fixed, arms)
  local list, seen = table.move(fixed, 1, #fixed, 1, {}), {}
  for _, arm in ipairs(arms) do
    for _, run in ipairs(arm.runs) do
      for _, measure in ipairs(run.evaluated or {}) do
        if not seen[measure.name] then list[#list + 1] = { name = measure.name, more = measure.more } end
        seen[measure.name] = true
      end
    end
  end
  return list
end

return evaluated

--- What was run, and the commands that run it again.
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local records = require("advisor.engine.records")

local setup = {}

--- A word as a shell takes it.
---@param word string
---@return string
function setup.quoted(word)
  if word ~= "" and not word:find("[^%w%-_./=:,+@%%]") then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- The command that begins the same run anew, as it was given; for a run that does
--- not say how it was begun, from the copy of its experiment.
local function run_command(folder, facts)
  local given = facts.arguments and json.decode(facts.arguments) or {}
  local words = { "advisor run", setup.quoted(given.experiment or folder .. "/experiment.lua"), "-o NEW" }
  local fork = facts.forked_from and json.decode(facts.forked_from)
  if fork then
    given = fork
    words = { "advisor fork", setup.quoted(fork.run), "--round " .. fork.round, "-o NEW" }
  end
  for _, setting in ipairs(given.set or {}) do words[#words + 1] = "--set " .. setup.quoted(setting) end
  return table.concat(words, " ")
end

--- The command that merges the same runs again.
local function merge_command(from)
  local words = { "advisor merge" }
  for _, run in ipairs(from.runs) do words[#words + 1] = setup.quoted(run.folder) end
  table.move({ "-o NEW", "--near " .. from.near, "--prefer " .. from.prefer, "--seed " .. from.seed }, 1, 4,
    #words + 1, words)
  if from.most then words[#words + 1] = "--most " .. from.most end
  if from.balance == "even" then
    words[#words + 1] = "--balance even"
  else
    for _, cell in ipairs(options.sorted_keys(from.balance or {})) do
      words[#words + 1] = "--balance " .. setup.quoted(cell .. "=" .. from.balance[cell])
    end
  end
  return table.concat(words, " ")
end

local function commands_of(folder, facts)
  local from = facts.merged_from and json.decode(facts.merged_from)
  if from then return { merge_command(from), "advisor status NEW" } end
  return { "advisor replay " .. setup.quoted(folder), run_command(folder, facts), "advisor status NEW" }
end

local SAMPLING = { "temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "stop", "seed" }

local function models_of(models)
  local list = json.array({})
  for _, name in ipairs(options.sorted_keys(models)) do
    local role = models[name]
    if type(role) == "table" then
      local sampling = {}
      for _, key in ipairs(SAMPLING) do sampling[key] = role[key] end
      list[#list + 1] = { role = name, model = role.model, api = role.api, urls = json.array(role.urls or {}),
        concurrency = role.concurrency, price = role.price, options = role.options, sampling = sampling }
    else
      list[#list + 1] = { role = name, same_as = role }
    end
  end
  return list
end

--- The options with which the experiment uses a script; nil where it does not.
local function options_of(resolved, kind, name)
  local pipeline, used = resolved.pipeline, {}
  for _, stage in ipairs({ "advise", "generate", "summarize", "respond" }) do
    if pipeline[stage] then used[#used + 1] = { stage, pipeline[stage] } end
  end
  for _, each in ipairs(pipeline.filter or {}) do used[#used + 1] = { "filter", each } end
  for _, each in ipairs(resolved.principles or {}) do used[#used + 1] = { "principle", each } end
  if resolved.coverage.label then used[#used + 1] = { "label", resolved.coverage.label } end
  for _, each in ipairs(used) do
    if each[1] == kind and each[2].name == name then return each[2].options end
  end
  return nil
end

--- What was run.
---@param store userdata
---@param folder string
---@param facts table<string, string> Of the run.
---@param resolved table The experiment, defaults filled in.
---@return table
function setup.of(store, folder, facts, resolved)
  local scripts = json.array({})
  for i, script in ipairs(failure.must(records.scripts(store))) do
    scripts[i] = { kind = script.kind, name = script.name, hash = script.hash, origin = script.origin,
      source = script.source, options = options_of(resolved, script.kind, script.name) }
  end
  return { folder = folder, name = facts.name, version = facts.version, seed = resolved.seed,
    created_ms = tonumber(facts.created_ms), rounds = resolved.rounds, accept = resolved.accept,
    per_round = resolved.per_round, ahead = resolved.ahead, pool = resolved.pool,
    seeds = resolved.seeds and #(resolved.seeds.items or {}), models = models_of(resolved.models),
    scripts = scripts, experiment = facts.experiment, resolved = facts.resolved,
    commands = json.array(commands_of(folder, facts)) }
end

return setup

--- The commands that go on with a sweep, and that make it again from its plan.
local json = require("advisor.output.json")
local setup = require("advisor.report.setup")
local sweep = require("advisor.experiments.sweep")

local replanned = {}

--- Values as a --vary list: as they are where commas keep them apart, else as JSON.
local function list_of(values)
  for _, value in ipairs(values) do
    if value == "" or value:find("[,%[]") then return json.encode(json.array(values)) end
  end
  return table.concat(values, ",")
end

--- The --vary lists that give the arms of one experiment, by reading them backwards.
---@param arms { name: string, set: string[] }[]
---@return string[]|nil vary Nil: no lists give these arms, as in a plan that somebody wrote by hand.
function replanned.vary(arms)
  local keys, values, seen = {}, {}, {}
  for _, arm in ipairs(arms) do
    for k, setting in ipairs(arm.set) do
      local key, value = setting:match("^([^=]+)=(.*)$")
      if not key or (keys[k] or key) ~= key then return nil end
      keys[k], values[k], seen[k] = key, values[k] or {}, seen[k] or {}
      if not seen[k][value] then table.insert(values[k], value) end
      seen[k][value] = true
    end
  end
  local vary = {}
  for k, key in ipairs(keys) do vary[k] = key .. "=" .. list_of(values[k]) end
  local again = sweep.matrix(vary)
  if not again or #again ~= #arms then return nil end
  for i, arm in ipairs(again) do
    if table.concat(arm.set, "\0") ~= table.concat(arms[i].set, "\0") then return nil end
  end
  return vary
end

--- Seeds as --seeds takes them.
---@param seeds integer[]
---@return string
function replanned.seeds(seeds)
  local counted = true
  for i, seed in ipairs(seeds) do counted = counted and seed == i end
  if counted then return tostring(#seeds) end
  return table.concat(seeds, ",") .. (#seeds == 1 and "," or "")
end

--- What tells the arms apart, as words of a command; nil where no words do.
local function arms_words(manifest)
  if manifest.kind == "ablation" then
    local second = manifest.arms[2] and manifest.arms[2].set[1] or ""
    return { "--drop " .. (second:find("^principles=") and "principles" or "strategies") }
  end
  local arms = {}
  for _, arm in ipairs(manifest.arms) do
    if arm.experiment == 1 then arms[#arms + 1] = arm end
  end
  local vary = replanned.vary(arms)
  for i, text in ipairs(vary or {}) do vary[i] = "--vary " .. setup.quoted(text) end
  return vary
end

--- The commands: the first goes on with the sweep, the second makes it again.
---@param folder string
---@param manifest table As of `sweep.read`.
---@return string[]
function replanned.commands(folder, manifest)
  local commands = { "advisor sweep " .. setup.quoted(folder) }
  local arms = arms_words(manifest)
  if not arms then return commands end
  local ablation = manifest.kind == "ablation"
  local words = { ablation and "advisor ablate" or "advisor sweep" }
  for _, experiment in ipairs(manifest.experiments) do words[#words + 1] = setup.quoted(experiment.path) end
  table.move(arms, 1, #arms, #words + 1, words)
  for _, setting in ipairs(manifest.set) do words[#words + 1] = "--set " .. setup.quoted(setting) end
  words[#words + 1] = "--seeds " .. replanned.seeds(manifest.seeds)
  if manifest.share and not ablation then words[#words + 1] = "--share" end
  words[#words + 1] = "-o NEW"
  commands[2] = table.concat(words, " ")
  return commands
end

return replanned

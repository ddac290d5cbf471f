--- Everything that the report of a sweep shows, as plain data: the comparison of its
--- arms, and how far each of its runs came.
local compare = require("advisor.experiments.compare")
local core = require("advisor_core")
local json = require("advisor.output.json")
local replanned = require("advisor.report.replanned")
local setup = require("advisor.report.setup")
local sweep = require("advisor.experiments.sweep")

local comparison = {}

--- The parts of a path from the root.
local function parts_of(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do parts[#parts + 1] = part end
  return parts
end

--- How a page in one folder names a file, as a link: relative, so that both can be moved
--- together, and never taken for an address of another kind.
---@param from string The page's folder.
---@param path string Both are there.
---@return string
function comparison.link(from, path)
  local here, there = parts_of(assert(core.system.realpath(from))), parts_of(assert(core.system.realpath(path)))
  local common = 0
  while here[common + 1] and here[common + 1] == there[common + 1] do common = common + 1 end
  local words = { "." }
  for _ = common + 1, #here do words[#words + 1] = ".." end
  table.move(there, common + 1, #there, #words + 1, words)
  return (table.concat(words, "/"):gsub("[^%w%-_.~/=]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

--- The runs that were compared, by their folders.
local function compared_runs(arms)
  local by_folder = {}
  for _, arm in ipairs(arms) do
    for _, run in ipairs(arm.runs) do by_folder[run.folder] = run end
  end
  return by_folder
end

--- A task: where its run is, how far it came, and what to look at or to do next.
local function task_of(folder, page_folder, number, task, runs)
  local run_folder = folder .. "/" .. task.run
  local state, why = sweep.state(folder, task)
  local run = runs[run_folder] or {}
  local row = { number = number, arm = task.arm, seed = task.seed, folder = run_folder, state = state,
    why = why ~= "" and why or nil, kept = run.measures and run.measures.kept, drafts = run.drafts,
    digest = run.digest }
  local page = run_folder .. "/report.html"
  if core.system.kind(page) == "file" then
    row.link = comparison.link(page_folder, page)
  elseif state == "done" then
    row.command = "advisor report " .. setup.quoted(run_folder)
  else
    row.command = ("advisor sweep %s --task %d"):format(setup.quoted(folder), number)
  end
  return row
end

--- An arm without its runs, which are rows of the tasks.
local function arm_of(arm, planned)
  local drafts = 0
  for _, run in ipairs(arm.runs) do drafts = drafts + run.drafts end
  local versus = arm.versus
  return { name = arm.name, set = arm.set, experiment = planned.experiment, runs = #arm.runs, drafts = drafts,
    means = arm.means, dropped = arm.dropped, unlabelled = arm.unlabelled, mixed = arm.mixed,
    curve = arm.curve, versus = versus }
end

--- Gathers.
---@param folder string A sweep.
---@param page_folder string|nil Where the page will lie and links begin; nil: in the sweep.
---@return table|nil found `{ folder, kind, begun_in, experiments, set, share, seeds, commands,
---arms, measures, missing, tasks }`: `arms`, `measures` and `missing` as of `compare.of`, an arm's
---`runs` and `drafts` as numbers, and a `verdict` in each difference; `tasks` lists `{ number, arm,
---seed, folder, state, why, kept, drafts, digest, link | command }`.
---@return string|nil message
function comparison.of(folder, page_folder)
  folder = folder:match("^(.-)/*$")
  local manifest, why = sweep.read(folder)
  if not manifest then return nil, why end
  local found, problem = compare.of({ folder })
  if not found then return nil, problem end
  local runs, tasks, arms = compared_runs(found.arms), json.array({}), json.array({})
  for i, task in ipairs(manifest.tasks) do
    tasks[i] = task_of(folder, page_folder or folder, i, task, runs)
  end
  for i, arm in ipairs(found.arms) do arms[i] = arm_of(arm, manifest.arms[i]) end
  return { folder = folder, kind = manifest.kind, begun_in = manifest.folder,
    experiments = json.array(manifest.experiments), set = json.array(manifest.set), share = manifest.share,
    seeds = json.array(manifest.seeds), commands = json.array(replanned.commands(folder, manifest)),
    arms = arms, measures = found.measures, missing = found.missing, tasks = tasks }
end

return comparison

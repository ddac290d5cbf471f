--- Opens experiments and run folders for verbs: where one is a stranger's, what it wants
--- is approved before anything is sent, and before a variable is read.
local approval = require("advisor.cli.approval")
local config = require("advisor.engine.config")
local core = require("advisor_core")
local experiment = require("advisor.engine.experiment")
local guard = require("advisor.host.guard")
local registry = require("advisor.host.registry")
local trust = require("advisor.host.trust")
local trust_file = require("advisor.host.trust_file")

local opening = {}

--- Each round of reading can want what only the last one's approval shows.
local MOST_ROUNDS = 16

local function set_of(...)
  local set = {}
  for _, list in ipairs({ ... }) do
    for _, element in ipairs(list) do set[element] = true end
  end
  return set
end

--- Reads an experiment, with everything noted by the guard.
local function read(path, settings, place, given)
  local found = registry.new({ root = place.root, experiment = config.folder_of(path) })
  given.scripts = found:folders_of_scripts()
  guard.begin(given)
  local resolved, problems, source = experiment.read(path, settings, found, place.root)
  local seen = guard.seen()
  guard.finish()
  return { resolved = resolved, problems = problems, source = source, registry = found, seen = seen }
end

--- What the guard goes by.
local function known_to(place)
  return { shipped = guard.shipped(place.root),
    folders = trust_file.folders(trust_file.read(trust_file.path(os.getenv))) }
end

--- Whose trust is looked up for an experiment: its own path, and the stranger's number.
local function subject_of(path, owner)
  return { what = path, path = core.system.realpath(path) or path, owner = owner or core.system.user(),
    why = approval.reason(owner) }
end

--- Reads a stranger's experiment, asking until it wants nothing more.
local function read_strictly(path, settings, args, place, known, sends, subject)
  local flags = approval.of(args)
  local record = trust_file.record(trust_file.read(trust_file.path(os.getenv)), subject)
  for _ = 1, MOST_ROUNDS do
    local opened = read(path, settings, place, { strict = true, shipped = known.shipped, folders = known.folders,
      beside = { config.folder_of(path) }, files = set_of(record.files or {}, flags.files, { subject.path }),
      variables = set_of(record.variables or {}, flags.variables) })
    local wants = trust.of_reading(opened.seen)
    local later = sends and opened.resolved and trust.of_models(opened.resolved.models, core.forward.origin) or {}
    if #wants == 0 then
      approval.settle(subject, later, flags)
      return opened
    end
    record = approval.settle(subject, wants, flags, later)
  end
  error({ message = path .. ": it wants something new each time it is read" }, 0)
end

--- Reads an experiment where only what it may read can be read at all.
---@param path string
---@param settings string[]|nil
---@param place { root: string }
---@return table opened `{ resolved, problems, source, registry, seen }`; `seen` as of the guard.
function opening.look(path, settings, place)
  return read(path, settings or {}, place, { shipped = guard.shipped(place.root) })
end

--- Whose an experiment is, by one of its files; nil: the user's own.
---@param path string The experiment's.
---@param file string
---@param args table The verb's.
---@param place { root: string }
---@return table|nil subject For `approval.settle`.
function opening.stranger_experiment(path, file, args, place)
  local real = core.system.realpath(file)
  local info = real and core.system.info(real)
  if info and guard.is_foreign(info.owner, real, known_to(place)) then return subject_of(path, info.owner) end
  return args.foreign and subject_of(path) or nil
end

--- Whether a file is a stranger's.
---@param file string
---@param place { root: string }
---@return boolean
function opening.is_strangers(file, place)
  return opening.stranger_experiment(file, file, {}, place) ~= nil
end

--- Reads an experiment for a verb. Raises `{ message }` where a stranger's wants what the
--- user has not allowed.
---@param path string
---@param settings string[]|nil "key=value"
---@param args table The verb's; `foreign` and the trust flags count.
---@param place table `{ root, inside }`; `inside`: this process is shut in, with approved things only.
---@param sends boolean Whether its models will be asked.
---@return table|nil resolved
---@return string[]|nil problems
---@return string|nil source
---@return table found The registry.
function opening.experiment(path, settings, args, place, sends)
  settings = settings or {}
  local opened
  if place.inside then
    opened = opening.look(path, settings, place)
  else
    local known = known_to(place)
    opened = read(path, settings, place, { strict = args.foreign, shipped = known.shipped,
      folders = known.folders, beside = { config.folder_of(path) } })
    local foreign = opened.seen.foreign
    if args.foreign or foreign then
      opened = read_strictly(path, settings, args, place, known, sends, subject_of(path, foreign and foreign.owner))
    end
  end
  return opened.resolved, opened.problems, opened.source, opened.registry
end

--- Whose a run folder is; nil: the user's own.
---@param folder string
---@param args table The verb's.
---@param place { root: string }
---@return table|nil subject For `approval.settle`.
function opening.stranger_run(folder, args, place)
  local known = known_to(place)
  local real = core.system.realpath(folder) or folder
  for _, name in ipairs({ "/.", "/run.db", "/run.db-wal" }) do
    local info = core.system.info(real .. name)
    if info and guard.is_foreign(info.owner, real .. "/run.db", known) then
      return subject_of(folder, info.owner)
    end
  end
  return args.foreign and subject_of(folder) or nil
end

--- The scripts stored in a run that are not the program's own.
local function scripts_of(rows, found)
  local hashes, names = {}, {}
  for _, row in ipairs(rows) do
    local hash = core.text.hash(row.source)
    if not found:ships(row.kind, row.name, hash) then
      hashes[#hashes + 1], names[#names + 1] = hash, row.kind .. " " .. row.name
    end
  end
  if #hashes == 0 then return nil end
  return { kind = "scripts", name = table.concat(names, ", "), hashes = hashes, use = "" }
end

--- Lets a verb go on with a run folder, or raises `{ message }`: where it is a stranger's,
--- its scripts are run, its hosts reached and other runs read only as the user allows.
---@param folder string
---@param given table `{ rows, registry, resolved, reuse, isolated }`: its stored scripts; its experiment,
---where models are to be asked; what other runs it takes replies from; whether it was made with --isolate.
---@param args table The verb's.
---@param place table
function opening.run(folder, given, args, place)
  if place.inside then return end
  local scripts = scripts_of(given.rows, given.registry)
  local subject = opening.stranger_run(folder, args, place)
  if not subject and given.isolated and scripts then
    -- The user's own folder, but not the user's scripts.
    local owned = subject_of(folder)
    owned.why = "was made with --isolate"
    return approval.settle(owned, { scripts }, approval.of(args))
  end
  if not subject then return end
  local wants = given.resolved and trust.of_models(given.resolved.models, core.forward.origin) or {}
  if scripts then table.insert(wants, 1, scripts) end
  for _, run in ipairs(given.reuse and given.reuse.runs or {}) do
    wants[#wants + 1] = { kind = "file", name = run, use = "replies of another run" }
  end
  approval.settle(subject, wants, approval.of(args))
end

return opening

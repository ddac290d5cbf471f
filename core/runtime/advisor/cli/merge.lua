local core = require("advisor_core")
local json = require("advisor.output.json")
local merging = require("advisor.experiments.merging")
local records = require("advisor.engine.records")
local selection = require("advisor.experiments.selection")
local sweep = require("advisor.experiments.sweep")
local words = require("advisor.output.merge")

local verb = {
  usage = "merge RUN|SWEEP… -o NEW [--near 0.7] [--balance even|cell=share… --most N]",
  summary = "Makes one data set of what many runs kept, without near-duplicates, balanced if asked.",
  positional = { "RUN" },
  many = true,
  flags = {
    output = { short = "o", value = "NEW", doc = "The run folder to make." },
    near = { value = "NUMBER", doc = "Least Jaccard index (5-byte shingles) that is near; 0: equal texts "
      .. "only; default 0.7." },
    prefer = { value = "first|longest", doc = "Of near-duplicates, the first run's item stays, or the "
      .. "longest; default first." },
    balance = { value = "even|cell=share", many = true, doc = "The mix to draw; cells that are not named "
      .. "share the rest evenly." },
    most = { value = "N", doc = "So many items at most, drawn." },
    seed = { value = "INTEGER", doc = "For what is drawn; default 1." },
    json = { doc = "One JSON object on standard output." },
  },
  notes = "NEW is a run that status, export, report and compare read. Its round k is the k-th run; items keep\n"
    .. "text, target, cell, checks, advice and replies, and meta.source says where they come from. What is\n"
    .. "left out stays in the record, as near_duplicate (of which item, of which run), balance or most.\n"
    .. "No two items that stay are near, be they of one run or of two. The same runs in the same order give\n"
    .. "the same digest.",
}

local function number_of(args, name, default, low, high, integer)
  local text = args[name]
  if text == nil then return default end
  local value = tonumber(text)
  if integer then value = value and math.tointeger(value) end
  if not value or value ~= value or value < low or value > high then
    return nil, ("--%s %s: %s from %s to %s is expected"):format(name, text,
      integer and "a whole number" or "a number", low, high)
  end
  return value
end

--- Reads the flags.
---@return table|nil given
---@return string|nil problem
local function read(args)
  local given, why = { prefer = args.prefer or "first" }
  if not args.output then return nil, "-o is missing: the run folder to make" end
  given.near, why = number_of(args, "near", 0.7, 0, 1)
  if not given.near then return nil, why end
  if args.most then
    given.most, why = number_of(args, "most", nil, 1, 1e9, true)
    if not given.most then return nil, why end
  end
  given.seed, why = number_of(args, "seed", 1, 0, 1e14, true)
  if not given.seed then return nil, why end
  if given.prefer ~= "first" and given.prefer ~= "longest" then
    return nil, ("--prefer %s: first or longest is expected"):format(given.prefer)
  end
  if args.balance then
    given.balance, why = selection.read_balance(args.balance)
    if not given.balance then return nil, why end
  end
  return given
end

--- The runs of sweeps in the place of these; those that are not done are left out, and it
--- is said so.
local function folders_of(list)
  local folders, left_out = {}, 0
  for _, folder in ipairs(list) do
    if sweep.is(folder) then
      for _, task in ipairs(assert(sweep.read(folder)).tasks) do
        if sweep.state(folder, task) == "done" then
          folders[#folders + 1] = folder .. "/" .. task.run
        else
          left_out = left_out + 1
        end
      end
    else
      folders[#folders + 1] = folder
    end
  end
  if left_out > 0 then
    io.stderr:write(("advisor: runs of sweeps that are not done are left out: %d\n"):format(left_out))
  end
  return folders
end

local function fail(message) error({ message = message }, 0) end

local function work(args, given)
  local sources, why = merging.read(folders_of(args.RUN))
  if not sources then fail(why) end
  if #sources == 0 then fail("no run of the sweep is done: there is nothing to merge") end
  local plan, problem = merging.decide(sources, given)
  if not plan then fail(problem) end
  local made, trouble = merging.write(args.output, sources, plan, given)
  if not made then fail(trouble) end
  local store = assert(core.store.open(args.output, "read"))
  made.digest = records.digest(store)
  store:close()
  return made
end

function verb.run(args)
  local given, problem = read(args)
  if not given then
    io.stderr:write(("advisor merge: %s\nTry 'advisor merge --help'.\n"):format(problem))
    return 2
  end
  local made = core.loop.run(work, args, given)
  io.stdout:write(args.json and json.line(made) or words(made))
  return 0
end

return verb

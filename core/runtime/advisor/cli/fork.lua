local approval = require("advisor.cli.approval")
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local opening = require("advisor.cli.opening")
local recorded = require("advisor.cli.recorded")
local records = require("advisor.engine.records")
local session = require("advisor.cli.session")
local variation = require("advisor.engine.variation")

local verb = {
  usage = "fork RUN --round N [--set key=value]… -o NEW",
  summary = "Goes on from the state after round N in a new run, with other strategies, models or "
    .. "principles.",
  positional = { "RUN" },
  flags = {
    round = { value = "N", doc = "The last round that both runs share; 0 shares the seeds only." },
    set = { value = "key=value", many = true, doc = "What is different from round N + 1 on." },
    output = { short = "o", value = "NEW", doc = "The run folder to make; default: runs/NAME-N, …" },
    reuse = session.flags.reuse,
    ["reuse-any"] = session.flags["reuse-any"],
    json = session.flags.json,
    quiet = session.flags.quiet,
    ["no-preflight"] = session.flags["no-preflight"],
  },
  notes = "The record of the first N rounds is copied, its calls are not made again. The scripts "
    .. "stored in the run\n"
    .. "are used; one that it does not hold is found as usual. A run of another seed draws other "
    .. "random numbers\n"
    .. "from round N + 1 on: --set seed=….",
}

--- The number of shared rounds, checked.
local function round_of(args, run)
  local rounds = #failure.must(records.rounds(run.store))
  local number = math.tointeger(tonumber(args.round))
  if not number or number < 0 or number > rounds then
    error({ message = ("--round %s: %s has %d rounds; give a number from 0 to %d"):format(args.round,
      run.folder, rounds, rounds) }, 0)
  end
  return number
end

local function varied(run, settings, place)
  if not settings then return run.resolved end
  local resolved, problems = variation.apply(run.resolved, settings, variation.FORK, run.registry,
    place.root)
  if not resolved then error({ message = table.concat(problems, "\n") }, 0) end
  return resolved
end

local function work(args, place)
  local run = recorded.open(args.RUN, place)
  local number = round_of(args, run)
  opening.run(args.RUN, { rows = run.scripts, registry = run.registry, isolated = run.facts.isolated }, args, place)
  local resolved = varied(run, args.set, place)
  opening.run(args.RUN, { rows = {}, registry = run.registry, resolved = resolved }, args, place)
  local digest = records.digest(run.store)
  run.store:close()
  local folder = args.output or session.free_folder(("%s-%d"):format(resolved.name, number))
  return session.fork({ run = run, folder = folder, round = number, resolved = resolved, args = args,
    facts = { forked_from = json.encode({ run = core.system.realpath(args.RUN), name = run.facts.name,
      round = number, digest = digest, set = json.array(args.set or {}) }) } })
end

approval.with(verb.flags, approval.run_flags)

function verb.run(args, place)
  if not args.round then
    io.stderr:write("advisor fork: --round is missing: the last round that both runs share\n")
    return 2
  end
  return core.loop.run(work, args, place)
end

return verb

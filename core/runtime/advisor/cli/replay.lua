local approval = require("advisor.cli.approval")
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local opening = require("advisor.cli.opening")
local recorded = require("advisor.cli.recorded")
local counts = require("advisor.engine.counts")
local records = require("advisor.engine.records")
local replaying = require("advisor.engine.replaying")
local variation = require("advisor.engine.variation")
local words = require("advisor.output.replay")

local verb = {
  usage = "replay RUN [--set key=value]… [-o NEW] [--json]",
  summary = "Makes a run again from its record alone: proves its digest, or says what other checks "
    .. "would have kept.",
  positional = { "RUN" },
  flags = {
    set = { value = "key=value", many = true, doc = "Decide anew with other filters, principles, "
      .. "labels or policies." },
    output = { short = "o", value = "NEW", doc = "Keep what was made as a run folder." },
    json = { doc = "One JSON object on standard output." },
  },
  notes = "Nothing is asked: no connection is opened. The scripts and the experiment stored in the "
    .. "run are used.\n"
    .. "Without --set, the digest must equal the run's: exit code 0 if it does, 1 if not. With it, "
    .. "the report\n"
    .. "says by round what would have been kept, from which round on that is conditional on the "
    .. "recorded drafts,\n"
    .. "and how many calls the record could not answer.",
}

--- The experiment as it is made again: as far as the run came, without budgets.
local function shortened(resolved, rounds)
  resolved.rounds, resolved.stop.budget = rounds, {}
  return resolved
end

--- The experiment that decides anew. Replies to kept items are another matter.
local function changed(resolved, settings, registry, place)
  local problems
  resolved, problems = variation.apply(resolved, settings, variation.WHAT_IF, registry, place.root)
  if not resolved then error({ message = table.concat(problems, "\n") }, 0) end
  resolved.pipeline.respond = nil
  return resolved
end

--- A copy of the run without the rounds that are made again.
local function copy_of(run, folder, resolved, stem, args)
  local store, why, code = core.store.open(folder, "create", run.folder)
  if not store then error({ message = why, code = code }, 0) end
  local dropped = stem == 0 and { "measured" } or {}
  local ok, problem = records.cut(store, stem, false, {
    resolved = json.encode(resolved), state = "stopped", why = "replayed",
    replayed = json.encode({ run = run.folder, set = json.array(args.set or {}) }),
  }, dropped)
  if ok and args.set then ok, problem = records.know_vectors(store, run.store) end
  if not ok then error({ message = problem }, 0) end
  return store
end

local function compare(run, store, result, what_if)
  result.digest, result.recorded_digest = records.digest(store), records.digest(run.store)
  result.run, result.equal = run.folder, result.digest == result.recorded_digest
  if what_if then
    result.changes = replaying.changes(run.store, store)
  else
    result.difference = replaying.difference(run.store, store)
  end
  result.before, result.now = counts.summary(run.store), counts.summary(store)
end

local function work(folder, args, place)
  local run = recorded.open(folder, place)
  opening.run(folder, { rows = run.scripts, registry = run.registry, isolated = run.facts.isolated }, args, place)
  local rounds = #failure.must(records.rounds(run.store))
  local stem = run.facts.forked_from and json.decode(run.facts.forked_from).round or 0
  local resolved = shortened(run.resolved, rounds)
  if args.set then resolved = changed(resolved, args.set, run.registry, place) end
  local target = args.output or replaying.scratch()
  local store = copy_of(run, target, resolved, stem, args)
  local result, why = replaying.run({ source = run.store, store = store, resolved = resolved,
    registry = run.registry, what_if = args.set ~= nil,
    caps = run.facts.caps and json.decode(run.facts.caps) })
  if result then compare(run, store, result, args.set ~= nil) end
  if result and args.output then records.set(store, { state = result.state }) end
  store:close()
  run.store:close()
  if not args.output then replaying.discard(target) end
  if not result then error({ message = why }, 0) end
  return result
end

approval.with(verb.flags, { foreign = approval.run_flags.foreign,
  ["trust-scripts"] = approval.run_flags["trust-scripts"] })

function verb.run(args, place)
  local result = core.loop.run(work, args.RUN, args, place)
  if args.json then
    io.stdout:write(json.line(result))
  else
    io.stdout:write(words(result, args.set ~= nil))
  end
  local fine = result.state == "done" and (args.set ~= nil or result.equal and not result.difference)
  return fine and 0 or 1
end

return verb

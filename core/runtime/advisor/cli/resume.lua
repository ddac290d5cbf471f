local approval = require("advisor.cli.approval")
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local variation = require("advisor.engine.variation")
local isolation = require("advisor.cli.isolation")
local json = require("advisor.output.json")
local merging = require("advisor.experiments.merging")
local opening = require("advisor.cli.opening")
local recorded = require("advisor.cli.recorded")
local records = require("advisor.engine.records")
local registry = require("advisor.host.registry")
local session = require("advisor.cli.session")

local verb = {
  usage = "resume RUN [--set key=value]…",
  summary = "Goes on with a run that was stopped, paused or killed.",
  positional = { "RUN" },
  flags = {
    set = { value = "key=value", many = true, doc = "Change how far the run goes or how it "
      .. "reaches its models." },
    ["without-reuse"] = { doc = "Ask for what the run would have taken from other runs (--reuse)." },
    json = session.flags.json,
    quiet = session.flags.quiet,
    ["no-preflight"] = session.flags["no-preflight"],
  },
  notes = "The scripts and the experiment stored in the run are used. Replies that are on disk "
    .. "are not asked\n"
    .. "for again; calls that were in flight when the process died are sent again and shown as "
    .. "possibly paid.\n"
    .. "--set takes rounds, accept, stop.budget.*, policy.retry_*, policy.script_seconds, "
    .. "policy.memory_mb, and of\n"
    .. "models.ROLE: url, key_env, key_file, concurrency, *_seconds, proxy, proxy_env, ca_file. What decides\n"
    .. "over the data stays.",
}

--- What was asked for up to here, for a replay: JSON of `{ round, accept }`, in order.
local function caps_after(facts, store)
  local caps = facts.caps and json.decode(facts.caps) or {}
  caps[#caps + 1] = { round = #failure.must(records.rounds(store)), accept = tonumber(facts.accept) }
  return json.encode(json.array(caps))
end

--- Applies and stores `--set`.
local function change(store, facts, resolved, settings)
  local problem = variation.change(resolved, settings)
  if problem then error({ message = problem }, 0) end
  local text = json.encode(resolved)
  core.system.crash_point("extending")
  local ok, why = records.extend(store, {
    resolved = text, caps = caps_after(facts, store), state = facts.state == "done" and "stopped" or facts.state,
    rounds = resolved.rounds and tostring(resolved.rounds) or "",
    accept = resolved.accept and tostring(resolved.accept) or "",
  })
  if not ok then error({ message = why }, 0) end
  core.system.crash_point("extended")
  return json.decode(text)
end

--- Lets a stranger's run be gone on with, as it is after `--set`, or raises.
local function allow(folder, given, facts, args, place)
  given.resolved = json.decode(facts.resolved)
  local problem = variation.change(given.resolved, args.set or {})
  if problem then error({ message = problem }, 0) end
  opening.run(folder, given, args, place)
end

local function go_on(folder, args, place)
  local store, why, code = core.store.open(folder, "write")
  if not store then error({ message = why, code = code }, 0) end
  local facts = recorded.facts(folder, store)
  if not facts.resolved then
    error({ message = ("%s: the run ended before it began, nothing was asked; begin it with: "
      .. "advisor run EXPERIMENT.lua -o %s"):format(folder, folder) }, 0)
  end
  local refused = merging.refusal(folder, facts)
  if refused then error({ message = refused }, 0) end
  local resolved, problem = json.decode(facts.resolved)
  if not resolved then
    error({ message = folder .. ": the stored experiment cannot be read: " .. tostring(problem) },
      0)
  end
  local found = registry.new({ root = place.root })
  local rows = failure.must(records.scripts(store))
  found:use_stored(rows)
  local reuse = not args["without-reuse"] and facts.reuse and json.decode(facts.reuse) or nil
  allow(folder, { rows = rows, registry = found, reuse = reuse, isolated = facts.isolated }, facts, args, place)
  if args.set then
    resolved = change(store, facts, resolved, args.set)
  elseif facts.state == "done" then
    store:close()
    io.stderr:write(("advisor: %s is done already; 'advisor export %s --format jsonl' writes its "
      .. "items\n"):format(
      folder, folder))
    return 0
  end
  session.log_into(folder)
  return session.go({ folder = folder, store = store, resolved = resolved, registry = found,
    args = args, reuse = reuse })
end

approval.with(verb.flags, approval.run_flags)
approval.with(verb.flags, isolation.flags)

function verb.run(args, place)
  if args.isolate then return isolation.run(args.RUN, args, place) end
  return core.loop.run(go_on, args.RUN, args, place)
end

return verb

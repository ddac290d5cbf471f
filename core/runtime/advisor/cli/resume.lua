local core = require("advisor_core")
local variation = require("advisor.engine.variation")
local json = require("advisor.output.json")
local merging = require("advisor.experiments.merging")
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
    .. "--set takes rounds, accept, stop.budget.*, policy.retry_*, and of models.ROLE: url, "
    .. "key_env, concurrency,\n"
    .. "*_seconds, proxy, ca_file. What decides over the data stays.",
}

--- What was asked for up to here, for a replay: JSON of `{ round, accept }`, in order.
local function caps_after(facts, store)
  local caps = facts.caps and json.decode(facts.caps) or {}
  caps[#caps + 1] = { round = #assert(records.rounds(store)), accept = tonumber(facts.accept) }
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
  if args.set then
    resolved = change(store, facts, resolved, args.set)
  elseif facts.state == "done" then
    store:close()
    io.stderr:write(("advisor: %s is done already; 'advisor export %s --format jsonl' writes its "
      .. "items\n"):format(
      folder, folder))
    return 0
  end
  local found = registry.new({ root = place.root })
  found:use_stored(records.scripts(store))
  session.log_into(folder)
  local reuse = not args["without-reuse"] and facts.reuse and json.decode(facts.reuse) or nil
  return session.go({ folder = folder, store = store, resolved = resolved, registry = found,
    args = args, reuse = reuse })
end

function verb.run(args, place)
  return core.loop.run(go_on, args.RUN, args, place)
end

return verb

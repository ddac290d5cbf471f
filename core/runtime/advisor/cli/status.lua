local core = require("advisor_core")
local json = require("advisor.output.json")
local progress = require("advisor.output.progress")
local records = require("advisor.engine.records")

local verb = {
  usage = "status RUN [--json]",
  summary = "Shows where a run stands: rounds, items, drops by reason, calls, tokens, cost.",
  positional = { "RUN" },
  flags = { json = { doc = "One JSON object on standard output." } },
}

--- A run that says "running" while nobody holds its lock was killed; one that says
--- nothing was killed before it began.
local function true_state(folder, state)
  state = state or "running"
  if state == "running" and not core.system.is_locked(folder .. "/run.lock") then
    return "stopped"
  end
  return state
end

function verb.run(args)
  local folder = args.RUN
  local store, why = core.store.open(folder, "read")
  if not store then error({ message = why }, 0) end
  local summary = records.summary(store)
  store:close()
  summary.state = true_state(folder, summary.state)
  if summary.state ~= "running" then
    summary.unknown_attempts = summary.unknown_attempts + summary.in_flight
    summary.in_flight = 0
  end
  if summary.why == "" then summary.why = nil end
  if args.json then
    io.stdout:write(json.encode(summary), "\n")
    return 0
  end
  io.stdout:write(("%s: %s%s\n%s\ndigest %s\n"):format(folder, summary.state,
    summary.why and ": " .. summary.why or "", progress.closing(summary), summary.digest))
  return 0
end

return verb

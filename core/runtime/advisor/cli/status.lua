local account = require("advisor.engine.account")
local core = require("advisor_core")
local json = require("advisor.output.json")
local run_records = require("advisor.engine.run_records")
local words = require("advisor.output.account")

local verb = {
  usage = "status RUN [--cells] [--json]",
  summary = "Shows where a run stands: rounds, items, drops by reason, calls, tokens, cost, "
    .. "coverage, prompt variants.",
  positional = { "RUN" },
  flags = {
    cells = { doc = "All cells, and not only the thinnest ones." },
    json = { doc = "One JSON object on standard output, with all cells." },
  },
}

function verb.run(args)
  local folder = args.RUN
  local store, why = core.store.open(folder, "read")
  if not store then error({ message = why }, 0) end
  local found = account.of(store)
  store:close()
  found.state = run_records.state(folder, found.state)
  if found.state ~= "running" then
    found.unknown_attempts = found.unknown_attempts + found.in_flight
    found.in_flight = 0
  end
  if args.json then
    io.stdout:write(json.line(found))
  else
    io.stdout:write(words.status(folder, found, args.cells))
  end
  return 0
end

return verb

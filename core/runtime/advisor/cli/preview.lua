local core = require("advisor_core")
local experiment = require("advisor.engine.experiment")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local registry = require("advisor.host.registry")
local session = require("advisor.cli.session")
local text = require("advisor.output.text")

local verb = {
  usage = "preview EXPERIMENT.lua [-o RUN] [--set key=value]…",
  summary = "Runs one round, shows prompts, items and checks, and projects calls, tokens, money "
    .. "and time.",
  positional = { "EXPERIMENT" },
  flags = {
    output = { short = "o", value = "RUN", doc = "The run folder of the one round; default: "
      .. "runs/preview, runs/preview-2, …" },
    set = { value = "key=value", many = true, doc = "As for 'run'." },
    prompts = { value = "N", doc = "Prompts shown of each stage; default 1." },
    json = { doc = "Only the projection, as one JSON object." },
  },
  notes = "The round is paid for; 'resume RUN --set rounds=N' goes on from it, so nothing is "
    .. "wasted.",
}

local function shown(prompt)
  if type(prompt) == "string" then return prompt end
  local parts = {}
  for i, message in ipairs(prompt) do
    parts[i] = ("[%s]\n%s"):format(message.role, message.content)
  end
  return table.concat(parts, "\n")
end

local function print_prompts(store, most)
  local seen = {}
  for _, row in ipairs(store:query("SELECT stage, role, request, sent FROM attempt WHERE n = 1 "
    .. "ORDER BY id")) do
    seen[row.stage] = (seen[row.stage] or 0) + 1
    if seen[row.stage] <= most then
      local call = json.decode(row.request)
      io.stdout:write(("── %s asks %s (%s)\n%s\n\n"):format(row.stage, row.role, call.model,
        text.printable(shown(call.messages or call.prompt))))
    end
  end
end

local function print_items(store)
  io.stdout:write("── drafts\n")
  for _, row in ipairs(store:query("SELECT item_index, verdict, text, target, reason, finding "
    .. "FROM item ORDER BY "
    .. "item_index")) do
    local why = row.reason and (" [%s%s]"):format(row.reason,
      row.finding and " " .. row.finding or "") or ""
    io.stdout:write(("%3d %-7s %s%s\n"):format(row.item_index, row.verdict,
      text.printable(row.text), text.printable(why)))
  end
end

--- What the whole experiment would take if every round were like the first.
local function project(store, resolved, seconds)
  local summary = records.summary(store)
  local rounds = resolved.rounds
  if resolved.accept and summary.kept > 0 then
    local needed = math.ceil(resolved.accept / summary.kept)
    rounds = rounds and math.min(rounds, needed) or needed
  end
  local factor = rounds or json.null
  local function times(value)
    return type(factor) == "number" and type(value) == "number" and value * factor or json.null
  end
  return {
    rounds = factor, calls = times(summary.calls), tokens = { prompt = times(summary.tokens.prompt),
    completion = times(summary.tokens.completion) }, money = times(summary.cost),
      kept = times(summary.kept),
    seconds = times(math.floor(seconds * 100 + 0.5) / 100),
  }
end

local function in_words(value, template)
  return type(value) == "number" and template:format(value) or "unknown"
end

local function show(folder, resolved, seconds, args)
  local store = assert(core.store.open(folder, "read"))
  local projection = project(store, resolved, seconds)
  if args.json then
    io.stdout:write(json.encode(projection), "\n")
  else
    print_prompts(store, tonumber(args.prompts) or 1)
    print_items(store)
    io.stdout:write(("\n── the whole experiment, if every round were like this one\n%s rounds, %s "
      .. "calls, %s prompt and "
      .. "%s completion tokens, %s money, %s s, %s kept items\n%s holds this round; go on from "
      .. "it: advisor resume %s "
      .. "--set rounds=…\n"):format(in_words(projection.rounds, "%d"),
      in_words(projection.calls, "%d"),
      in_words(projection.tokens.prompt, "%d"), in_words(projection.tokens.completion, "%d"),
      in_words(projection.money, "%.4f"), in_words(projection.seconds, "%.0f"),
      in_words(projection.kept, "%d"),
      folder, folder))
  end
  store:close()
end

function verb.run(args, place)
  local path = args.EXPERIMENT
  local found = registry.new({ root = place.root, experiment = path:match("^(.*)/[^/]*$") or "." })
  local resolved, problems, source = experiment.read(path, args.set or {}, found, place.root)
  if not resolved then
    for _, problem in ipairs(problems) do io.stderr:write(core.log.redact(problem), "\n") end
    return 1
  end
  local folder = args.output or session.free_folder("preview")
  local one_round = json.decode(json.encode(resolved))
  one_round.rounds, one_round.accept = 1, nil
  local began = core.loop.now()
  local code = session.start(folder, one_round, source, found, { quiet = true })
  if code ~= 0 then return code end
  show(folder, resolved, core.loop.now() - began, args)
  return 0
end

return verb

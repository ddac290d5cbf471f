local account = require("advisor.engine.account")
local approval = require("advisor.cli.approval")
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local intervals = require("advisor.measure.intervals")
local isolation = require("advisor.cli.isolation")
local json = require("advisor.output.json")
local opening = require("advisor.cli.opening")
local prices = require("advisor.models.prices")
local records = require("advisor.engine.records")
local run_records = require("advisor.engine.run_records")
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
  failure.must(run_records.each_attempt(store, function(row)
    local call = row.n == 1 and json.decode(row.request)
    local prompt = call and (call.messages or call.prompt)
    if not prompt then return end -- a repeat, or texts for their vectors
    seen[row.stage] = (seen[row.stage] or 0) + 1
    if seen[row.stage] <= most then
      io.stdout:write(("── %s asks %s (%s)\n%s\n\n"):format(row.stage, row.role, call.model,
        text.printable(shown(prompt))))
    end
  end))
end

local function print_items(store)
  io.stdout:write("── drafts\n")
  for _, row in ipairs(failure.must(records.items_of(store, 1))) do
    local why = row.reason and (" [%s%s]"):format(row.reason,
      row.finding and " " .. row.finding or "") or ""
    io.stdout:write(("%3d %-7s %s%s\n"):format(row.item_index, row.verdict,
      text.printable(row.text), text.printable(why)))
  end
end

--- Rounds that the whole experiment takes: with `accept`, as many as are needed at
--- the share of drafts that this round kept. Nil where that share is 0.
local function rounds_of(resolved, kept)
  if not resolved.accept then return resolved.rounds end
  if kept == 0 then return resolved.rounds end
  local needed = math.ceil(resolved.accept / kept)
  return resolved.rounds and math.min(resolved.rounds, needed) or needed
end

--- What the whole experiment would take if every round were like the first; what
--- is not known is null.
local function project(store, resolved, seconds)
  local found = account.of(store)
  local rounds = rounds_of(resolved, found.kept)
  local before = found.before ~= json.null and found.before or {}
  --- What was spent before the first round is spent once.
  local function times(value, once)
    once = once or 0
    return rounds and type(value) == "number" and once + (value - once) * rounds or json.null
  end
  local kept, low, high = times(found.kept), intervals.wilson(found.kept, found.drafts)
  if resolved.accept and kept ~= json.null then kept = math.min(kept, resolved.accept) end
  local counted = found.uncounted_replies == 0
  return {
    rounds = rounds or json.null, calls = times(found.calls, before.calls),
    tokens = {
      prompt = times(counted and found.tokens.prompt, before.prompt),
      completion = times(counted and found.tokens.completion, before.completion),
    },
    money = times(found.cost, before.money), unpriced_roles = prices.unpriced(resolved.models),
    accept = resolved.accept or json.null, kept = kept,
    seconds = times(math.floor(seconds * 100 + 0.5) / 100),
    share_kept = { kept = found.kept, drafts = found.drafts, low = low, high = high },
  }
end

local function in_words(value, template)
  return type(value) == "number" and template:format(value) or "unknown"
end

--- Why something is unknown, and whether the round that was looked at is enough.
local function remarks(projection, resolved)
  local lines, share = {}, projection.share_kept
  lines[1] = ("this round kept %d of %d drafts (95 %% interval %.2f to %.2f)"):format(share.kept,
    share.drafts, share.low, share.high)
  if resolved.accept and share.kept == 0 then
    lines[#lines + 1] = ("it kept nothing, so how many rounds %d items take is unknown%s"):format(
      resolved.accept, resolved.rounds and "; the figures are for all rounds" or "")
  elseif resolved.accept and projection.kept < resolved.accept then
    lines[#lines + 1] = ("%d rounds would keep %d of %d asked: allow more rounds"):format(
      projection.rounds, projection.kept, resolved.accept)
  end
  if projection.money == json.null and #projection.unpriced_roles > 0 then
    local name = projection.unpriced_roles[1]
    lines[#lines + 1] = ("no price for %s: give models.%s.price, or its model's in %s"):format(
      table.concat(projection.unpriced_roles, ", "), name,
      prices.path(os.getenv) or "a file that $ADVISOR_PRICES names")
  end
  return table.concat(lines, "\n")
end

local function print_projection(projection, resolved, folder)
  io.stdout:write(("── the whole experiment, if every round were like this one\n%s rounds, %s calls, "
    .. "%s prompt and %s completion tokens, %s money, %s s, %s kept items\n"):format(
    in_words(projection.rounds, "%d"), in_words(projection.calls, "%d"),
    in_words(projection.tokens.prompt, "%d"), in_words(projection.tokens.completion, "%d"),
    in_words(projection.money, "%.4f"), in_words(projection.seconds, "%.0f"),
    in_words(projection.kept, "%d")))
  io.stdout:write(remarks(projection, resolved), "\n")
  io.stdout:write(("%s holds this round; go on from it: advisor resume %s --set rounds=%s%s\n"):format(
    folder, folder, in_words(projection.rounds, "%d"):gsub("unknown", "…"),
    resolved.accept and " --set accept=" .. resolved.accept or ""))
end

local function show(folder, resolved, seconds, args)
  local store = assert(core.store.open(folder, "read"))
  local projection = project(store, resolved, seconds)
  if args.json then
    io.stdout:write(json.line(projection))
  else
    print_prompts(store, tonumber(args.prompts) or 1)
    print_items(store)
    print_projection(projection, resolved, folder)
  end
  store:close()
end

approval.with(verb.flags, approval.flags)
approval.with(verb.flags, isolation.flags)

function verb.run(args, place)
  local path = args.EXPERIMENT
  if args.wants then return isolation.tell(path, args, place) end
  if args.isolate then return isolation.experiment(path, args, place, "preview") end
  local resolved, problems, source, found = opening.experiment(path, args.set, args, place, true)
  if not resolved then
    for _, problem in ipairs(problems) do io.stderr:write(problem, "\n") end
    return 1
  end
  local folder = args.output or session.free_folder("preview")
  local one_round = json.decode(json.encode(resolved))
  one_round.rounds, one_round.accept = 1, nil
  local began = core.loop.now()
  local code = session.start(folder, one_round, source, found, { quiet = true, inside = args.inside })
  if code ~= 0 then return code end
  show(folder, resolved, core.loop.now() - began, args)
  return 0
end

return verb

--- The keys of an experiment and of its sections, as declared data: what is checked,
--- filled in and shown in the documentation.
local keys = {}

--- The keys of an experiment, as declared data.
keys.experiment = {
  name = { type = "string",
    doc = "Name of the experiment: letters, digits, '.', '_' and '-', at most 64." },
  seed = { type = "integer", default = 1, min = 0, max = 99999999999999,
    doc = "Names every random stream." },
  rounds = { type = "integer", min = 1, doc = "Rounds to run; with accept, the most rounds." },
  accept = { type = "integer", min = 1, doc = "Stop at exactly so many kept items." },
  per_round = { type = "integer", default = 12, min = 1, max = 100000,
    doc = "Drafts asked for in a round." },
  ahead = { type = "integer", default = 0, min = 0, max = 64,
    doc = "Round t reads the state after round t-1-ahead." },
  models = { type = "table",
    doc = "Role -> model, or the name of another role; 'default' serves the rest." },
  pipeline = { type = "table",
    doc = "Stage -> script: advise, generate, filter (a list), summarize, respond." },
  principles = { type = "list", default = {},
    doc = "Principles, each a name or { name, option = value }." },
  calibration = { type = "list", default = {},
    doc = "Principles measured on labelled rows before the first round; see the calibration keys." },
  references = { type = "table", default = {},
    doc = "Files of texts that drafts may be compared with: name -> { file = , field = }, in JSONL "
      .. "or CSV." },
  seeds = { type = "table",
    doc = "{ items = list, summary = list }, or a name in scripts/seeds, or a file." },
  pool = { type = "string", default = "kept", one_of = { "first", "kept", "none", "batch_as_one" },
    doc = "Which items join the exemplars: the first of each batch, all kept ones, none, or the "
      .. "whole batch as one (the released baseline)." },
  policy = { type = "table", default = {}, doc = "What happens on trouble; see the policy keys." },
  coverage = { type = "table", default = {},
    doc = "How kept items are counted; see the coverage keys." },
  stop = { type = "table", default = {},
    doc = "When to end early: { saturation = …, budget = … }." },
}

--- The keys of `coverage`.
keys.coverage = {
  label = { type = "table",
    doc = "The label script, a name or { name, option = value }; default by_advice." },
  examples = { type = "table",
    doc = "Labelled examples for the labeller: a list of { text, cell }, or "
    .. "{ file = , text = FIELD, cell = FIELD } in JSONL or CSV." },
  check = { type = "table",
    doc = "Labelled texts kept aside from the examples, given as these are: the labeller is "
    .. "measured on them, and shares are corrected for its mistakes." },
  targets = { type = "table", default = {},
    doc = "Share wanted by cell; the other cells share the rest evenly." },
  minimum = { type = "integer", min = 1, doc = "Fewest items wanted in every cell." },
}

--- The keys of `stop.budget`. A cap pauses the run at a commit.
keys.budget = {
  drafts = { type = "integer", min = 1, doc = "Most drafts." },
  calls = { type = "integer", min = 1, doc = "Most calls." },
  tokens = { type = "integer", min = 1, doc = "Most tokens, prompt and completion." },
  money = { type = "number", min = 0, doc = "Most money, in the currency of the roles' prices." },
  seconds = { type = "number", min = 0, doc = "Longest time of this process." },
}

--- The keys of `stop.saturation`; see measure/saturation.lua for the rule.
keys.saturation = {
  threshold = { type = "number", default = 0.05, min = 0, max = 1,
    doc = "Share of cells, and of next drafts, that may be unseen." },
  confidence = { type = "number", default = 0.85, min = 0, max = 1,
    doc = "How likely no more than that is missing." },
  window = { type = "integer", default = 30, min = 1, doc = "Fewest items looked back upon." },
  min_drafts = { type = "integer", default = 30, min = 1, doc = "Fewest items with a cell." },
  ["then"] = { type = "string", default = "stop", one_of = { "stop", "switch" },
    doc = "What follows." },
  strategy = { type = "table", doc = "The advise script to switch to." },
}

--- The keys of `policy`.
keys.policy = {
  unknown = { type = "string", default = "drop", one_of = { "drop", "keep" },
    doc = "What happens to a draft with a check that could not be made." },
  failed_round = { type = "string", default = "stop", one_of = { "stop", "skip" },
    doc = "Whether a failed round stops the run or uses up its number." },
  plain_http = { type = "boolean", default = false,
    doc = "Let a key travel over http:// beyond this machine." },
  instructions = { type = "integer", default = 50000000, min = 100000,
    doc = "Lua instructions a script may use in one lane of a stage; beyond, its round fails." },
  script_seconds = { type = "number", default = 10, min = 0.05, max = 86400,
    doc = "CPU time a script may use from one wait for a model to the next; beyond, the run pauses." },
  memory_mb = { type = "integer", default = 1024, min = 64,
    doc = "Memory of the whole Lua state; a script that uses it up pauses the run." },
  retry_not_sent = { type = "integer", default = 6, min = 0,
    doc = "Repeats of a call that was not sent." },
  retry_busy = { type = "integer", default = 6, min = 0,
    doc = "Repeats after 429, 502, 503, 529 and the like." },
  retry_server = { type = "integer", default = 3, min = 0, doc = "Repeats after 500." },
  retry_unknown = { type = "integer", default = 1, min = 0,
    doc = "Repeats of a call that may have been paid." },
}

return keys

local core = require("advisor_core")
local catalog = require("advisor.output.catalog")
local dataset = require("advisor.output.dataset")
local export = require("advisor.output.export")
local json = require("advisor.output.json")
local request = require("advisor.output.request")
local terminal = require("advisor.output.terminal")
local training = require("advisor.output.training")

local function described(folder)
  local lines = {}
  for _, name in ipairs(catalog.names(folder)) do
    lines[#lines + 1] = ("  %-18s %s"):format(name, catalog.find(folder, name).description)
  end
  return table.concat(lines, "\n")
end

local verb = {
  usage = "export RUN [--format NAME | --trainer NAME --model MODEL] [-o FILE|FOLDER]",
  summary = "Writes a run's kept items, in order, as training data.",
  positional = { "RUN" },
  flags = {
    format = { value = "NAME", doc = "One of those below; without it, jsonl." },
    trainer = { value = "NAME", doc = "Write data and the paper's recipe for a trainer, a folder." },
    output = { short = "o", value = "PATH", doc = "Write PATH as a whole; without it, or as -, "
      .. "standard output." },
    force = { doc = "Replace PATH if it is there; a folder only if an export made it." },
    model = { value = "MODEL", doc = "The model to tune, or that openai_batch asks." },
    lineage = { doc = "Add run, digest, round, advice and gap to each row." },
    rows = { value = "NAME", doc = "hf: the format of its rows; without it, prompt_response." },
    license = { value = "ID", doc = "hf: the license that the card states; without it, unknown." },
    mix = { value = "FILE", doc = "Put rows of a .csv or .jsonl file among the run's." },
    ["mix-field"] = { value = "SIDE=FIELDS", many = true, doc = "Its fields, as "
      .. "prompt=instruction,input or response=output." },
    ratio = { value = "NUMBER", doc = "So many rows of it for each of the run's; without it, all." },
    ["mix-mode"] = { value = "MODE", doc = "concatenate (as the paper) or interleave." },
    seed = { value = "INTEGER", doc = "For splits, the draw and the order of what is mixed in; 1." },
    json = { doc = "With -o: one JSON object on standard output says what was written." },
  },
  notes = "Formats (-o names a file):\n" .. described("formats")
    .. "\n  hf                 A folder for datasets.load_dataset: card, splits, rejected items."
    .. "\nTrainers (-o names a folder):\n" .. described("trainers")
    .. "\nReplies that are not known to be safe are never exported as something to learn.",
}

local function written(args, plan, store)
  local given, path = plan.given, args.output ~= "-" and args.output or nil
  if plan.kind == "trainer" then
    return training.to_folder(store, plan.found, given, path, args.force)
  elseif plan.kind == "hf" then
    given.format, given.license = plan.found, args.license or "unknown"
    return dataset.to_folder(store, given, path, args.force)
  elseif path then
    return export.to_file(store, plan.found, given, path, args.force)
  end
  return export.write(store, plan.found, given, terminal.raw, "standard output")
end

local LEFT_OUT = {
  { "unanswered", "%d without a reply" }, { "unsafe", "%d whose reply is not known to be safe" },
  { "unfit", "%d without what the format needs" },
}

--- What was written and what was not, in words.
---@return string words
---@return boolean complete Nothing was left out.
local function in_words(made, counts)
  local mixed, left = made.mixed or 0, {}
  for _, each in ipairs(LEFT_OUT) do
    local n = counts[each[1]]
    if n > 0 then left[#left + 1] = each[2]:format(n) end
  end
  local words = ("advisor: %d rows%s"):format(counts.rows + mixed,
    mixed > 0 and (", %d of them mixed in"):format(mixed) or "")
  for i, split in ipairs(made.splits or {}) do
    words = ("%s%s %d %s"):format(words, i == 1 and ":" or ",", split.rows, split.name)
  end
  if #left == 0 then return words, true end
  return words .. "; kept items left out: " .. table.concat(left, ", "), false
end

local function tell(args, made)
  local words, complete = in_words(made, made.counts or made)
  local to_file = args.output and args.output ~= "-"
  if to_file or not complete then io.stderr:write(words, "\n") end
  if not args.json then return end
  made.output = args.output
  if not args.trainer then made.format = args.format or "jsonl" end
  io.stdout:write(json.line(made))
end

function verb.run(args)
  local plan, problem = request.read(args)
  if not plan then
    io.stderr:write(("advisor export: %s\nTry 'advisor export --help'.\n"):format(problem))
    return 2
  end
  local store, why = core.store.open(args.RUN, "read")
  if not store then error({ message = why }, 0) end
  local made, message = written(args, plan, store)
  store:close()
  if not made then error({ message = message }, 0) end
  tell(args, made)
  return 0
end

return verb

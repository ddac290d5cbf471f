local approval = require("advisor.cli.approval")
local core = require("advisor_core")
local evaluation = require("advisor.engine.evaluation")
local intervals = require("advisor.measure.intervals")
local json = require("advisor.output.json")
local labelled = require("advisor.engine.labelled")
local opening = require("advisor.cli.opening")
local options = require("advisor.host.options")
local registry = require("advisor.host.registry")
local report = require("advisor.output.evaluation")
local rows = require("advisor.output.rows")
local session = require("advisor.cli.session")
local suite_eval = require("advisor.cli.suite_eval")

local HALF = "odd|even"

local verb = {
  usage = "eval --model TARGET --suite SUITE… | eval principle|judge|labeller NAME --data FILE …",
  summary = "Measures a model by suites of questions; or a principle, a judge or a labeller by labelled data.",
  positional = { "WORD" },
  many = true,
  optional = true,
  flags = {
    data = { value = "FILE", doc = "Labelled rows, .csv with a header line or .jsonl; with --model, a suite's "
      .. "data, or their folder." },
    text = { value = "FIELD", doc = "The field with the text." },
    label = { value = "FIELD", doc = "The field with the label that people gave." },
    target = { value = "FIELD", doc = "The field that serves as the item's target." },
    positive = { value = "VALUE[,VALUE]", doc = "Labels that the principle should fail." },
    examples = { value = "FILE", doc = "Labelled examples for the labeller; fields as in --data." },
    ["data-rows"] = { value = HALF, doc = "Only every second row of --data, counted from 1." },
    ["example-rows"] = { value = HALF, doc = "Only every second row of --examples." },
    set = { value = "option=value", many = true, doc = "Set an option of the script; with --model, a key." },
    experiment = { value = "FILE", doc = "Its models serve, and its taxonomy." },
    output = { short = "o", value = "RUN", doc = "Where calls are recorded; default: runs/eval, or runs/SUITE-MODEL." },
    json = { doc = "One JSON object on standard output; with --model, lines, scores last." },
  },
  notes = suite_eval.notes .. "\n\n"
    .. "--positive names the labels that the principle should fail; it should pass the others.\n"
    .. "A row on which it gives no verdict is `unknown`: counted apart, in no other figure.\n"
    .. "'judge' is the same for a principle that asks a model. A labeller is right where it gives\n"
    .. "the row's label; no label is wrong, and counted. Its cells are those of --experiment's\n"
    .. "taxonomy, else the labels of the examples, else those of the data.",
}

approval.with(verb.flags, approval.flags)
for name, flag in pairs(suite_eval.flags) do verb.flags[name] = flag end

local KIND = { principle = "principle", judge = "principle", labeller = "label" }

local function stop(message)
  error({ message = message }, 0)
end

local function usage(problem)
  io.stderr:write(("advisor eval: %s\nTry 'advisor eval --help'.\n"):format(problem))
  return 2
end

--- What is wrong with the arguments, or nil.
local function problem_of(args)
  if #args.WORD < 2 then return "--model TARGET, or what to measure and its name, is missing" end
  if #args.WORD > 2 then return ("'%s' is one argument too many"):format(args.WORD[3]) end
  if not KIND[args.WHAT] then
    return ("'%s' cannot be measured; there are principle, judge, labeller"):format(args.WHAT)
  end
  for _, name in ipairs({ "data", "text", "label" }) do
    if not args[name] then return "--" .. name .. " is missing" end
  end
  if args.WHAT ~= "labeller" and not args.positive then return "--positive is missing" end
  if args.WHAT == "judge" and not args.experiment then
    return "--experiment is missing: it names the model"
  end
  for _, name in ipairs({ "data-rows", "example-rows" }) do
    if args[name] and args[name] ~= "odd" and args[name] ~= "even" then
      return ("--%s must be odd or even"):format(name)
    end
  end
  return nil
end

--- Rows as items: `{ line, label, item = { text, target, meta, index } }`.
local function read_rows(path, half, args)
  local list, why = rows.read(path)
  if not list then stop(why) end
  local read = {}
  for i, row in ipairs(rows.half(list, half)) do
    local function field(name)
      local value, problem = rows.text(path, row, name)
      return value or stop(problem)
    end
    read[i] = {
      line = row.line, label = field(args.label),
      item = { text = field(args.text), target = args.target and field(args.target), index = i,
        meta = {} },
    }
  end
  return read
end

local function labels_of(list)
  local seen, names = {}, {}
  for _, row in ipairs(list) do
    if not seen[row.label] then
      seen[row.label] = true
      names[#names + 1] = row.label
    end
  end
  table.sort(names)
  return names, seen
end

--- The script and its options.
local function script_named(args, found)
  local script, problems = found:find(KIND[args.WHAT], args.NAME)
  if not script then stop(table.concat(problems, "\n")) end
  if script.table.level == "dataset" then
    stop(args.NAME .. " looks at the whole data set; only principles of level item can be measured")
  end
  local given = {}
  for _, setting in ipairs(args.set or {}) do
    local key, value = setting:match("^([%w_]+)=(.*)$")
    if not key then stop(("--set %s: expected option=value"):format(setting)) end
    local parsed = json.decode(value)
    given[key] = parsed == nil and value or parsed
  end
  local filled, wrong = options.fill(script.table.options, given)
  if #wrong > 0 then stop("--set " .. table.concat(wrong, "\n--set ")) end
  script.kind, script.name = KIND[args.WHAT], args.NAME
  return { name = args.NAME, script = script, options = filled }
end

--- What `evaluation.with` needs of an experiment; nil where none is named.
local function models_of(args, used, place)
  local path = args.experiment
  if not path then return nil end
  local resolved, problems, source, found = opening.experiment(path, {}, args, place, true)
  if not resolved then stop(table.concat(problems, "\n")) end
  local folder = args.output or session.free_folder("eval")
  if core.system.kind(folder .. "/run.db") then
    stop(folder .. " holds a run already: name another -o")
  end
  return { folder = folder, resolved = resolved, source = source, registry = found,
    script = used.script }
end

local function measured(given, work)
  local result, why = evaluation.with(given, work)
  if result == nil then stop(why) end
  return result
end

local function positives_of(args, list)
  local wanted, names = {}, {}
  local known, seen = labels_of(list)
  for name in args.positive:gmatch("[^,]+") do
    if not seen[name] then
      stop(("--positive: no row of %s has the label '%s'; there are: %s"):format(args.data, name,
        table.concat(known, ", ")))
    end
    wanted[name], names[#names + 1] = true, name
  end
  return wanted, names
end

local function evaluate_principle(args, used, given)
  local list = read_rows(args.data, args["data-rows"], args)
  local positive, names = positives_of(args, list)
  local verdicts = measured(given, function(run)
    return labelled.verdicts(run, used, list, evaluation.PLACE)
  end)
  local result = labelled.judged(list, verdicts, positive)
  result.rows, result.positive = #list, names
  return result
end

--- Cells and examples for a labeller.
local function coverage_of(args, list, given)
  local examples, cells = {}, {}
  if args.examples then
    for i, row in ipairs(read_rows(args.examples, args["example-rows"], args)) do
      examples[i] = { text = row.item.text, cell = row.label, label = row.label }
    end
  end
  local taxonomy = given and given.resolved.coverage.taxonomy
  if taxonomy and #taxonomy.cells > 0 then
    return { cells = taxonomy.cells, examples = examples }
  end
  local names = labels_of(#examples > 0 and examples or list)
  for i, name in ipairs(names) do cells[i] = { name = name } end
  return { cells = cells, examples = examples }
end

local function evaluate_labeller(args, used, given)
  local list = read_rows(args.data, args["data-rows"], args)
  local coverage = coverage_of(args, list, given)
  local labels = measured(given, function(run)
    return labelled.labels(run, used, list,
      labelled.options(used, coverage.cells, coverage.examples), evaluation.PLACE)
  end)
  local result = labelled.agreement(list, labels)
  local low, high = intervals.wilson(result.missing, #list)
  return { measured = result, rows = #list, examples = #coverage.examples, cells = #coverage.cells,
    missing = { share = result.missing / #list, low = low, high = high } }
end

local function evaluate(args, place)
  local used = script_named(args, registry.new({ root = place.root }))
  local given = models_of(args, used, place)
  local measure = args.WHAT == "labeller" and evaluate_labeller or evaluate_principle
  local result = measure(args, used, given)
  result.what, result.name, result.data = args.WHAT, args.NAME, args.data
  result.options, result.run = used.options, given and given.folder
  if args.json then
    io.stdout:write(json.line(report.object(result)))
  else
    io.stdout:write(report.text(result))
  end
  return 0
end

--- A model under test; what follows the first suite are more of them.
local function evaluate_model(args, place)
  args.suite = args.suite and table.move(args.WORD, 1, #args.WORD, #args.suite + 1, args.suite)
  local exit, problem = suite_eval.run(args, place)
  return problem and usage(problem) or exit
end

function verb.run(args, place)
  if args.model or args.suite then return evaluate_model(args, place) end
  args.WHAT, args.NAME = args.WORD[1], args.WORD[2]
  local problem = problem_of(args)
  if problem then return usage(problem) end
  return core.loop.run(evaluate, args, place)
end

return verb

--- `advisor eval --model`: a model under test, asked the questions of suites.
---
--- An evaluation is a run: each question is an item, its reply and the judge's verdict are
--- the item's response. So what holds for runs holds for it: journal, resume, budgets.
local config = require("advisor.engine.config")
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local experiment = require("advisor.engine.experiment")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local opening = require("advisor.cli.opening")
local registry = require("advisor.host.registry")
local roles = require("advisor.models.roles")
local scores = require("advisor.output.scores")
local scoring = require("advisor.engine.scoring")
local sections = require("advisor.engine.sections")
local session = require("advisor.cli.session")
local suites = require("advisor.engine.suites")

local suite_eval = {}

--- Questions of a round: replies are asked for after its commit.
local PER_ROUND = 64

suite_eval.flags = {
  model = { value = "TARGET", doc = "The model under test: its name at the server, or a role of --experiment." },
  suite = { value = "SUITE", many = true, doc = "catqa, beavertails, xstest, mmlu, or a file; several may follow." },
  url = { value = "URL", doc = "Where the model is served; default: $OPENAI_BASE_URL." },
  api = { value = "API", doc = "The provider that speaks to it; default: openai_chat." },
  ["key-env"] = { value = "NAME", doc = "Variable with its key; default: OPENAI_API_KEY." },
  judge = { value = "JUDGE", doc = "rule (the default), guard, or rubric." },
  ["judge-model"] = { value = "NAME", doc = "The model that judges; default: role judge of --experiment." },
  ["judge-url"] = { value = "URL", doc = "Where that is served; default: as the model under test." },
  guess = { doc = "Guess, by the seed, what cannot be read in multiple choice, and count it." },
  limit = { value = "N", doc = "At most N questions a suite, drawn from all; the same ones for every model." },
  ["for"] = { value = "RUN", doc = "The data set run that the evaluation belongs to, for compare." },
  reuse = session.flags.reuse,
  ["reuse-any"] = session.flags["reuse-any"],
  quiet = session.flags.quiet,
}

suite_eval.notes = "With --model, each question of the suites is put to TARGET and the reply is judged. A suite is\n"
  .. "described in scripts/suites; its data are not shipped: --data says where the file, or the folder\n"
  .. "with it, lies. Judges: rule finds refusals (English) without a model; guard is a model that replies\n"
  .. "as Llama Guard does, safe or unsafe; rubric asks any model. A reply without a verdict is unknown:\n"
  .. "counted, in no share, and the bounds say what it could change. --set takes keys of the run, as\n"
  .. "models.target.concurrency=16 or pipeline.respond.template=…. The evaluation is a run: 'advisor\n"
  .. "resume' goes on with it, 'advisor status' shows its scores, 'advisor compare' compares them.\n"
  .. "Suites of harmful questions bring harmful replies: both are stored in the run folder (run.db, and\n"
  .. "the questions in experiment.lua too), nowhere else, and never printed. Mind where you keep it."

local function stop(message) error({ message = message }, 0) end

--- What is wrong with the arguments, or nil.
local function problem_of(args)
  if not args.model then return "--model is missing" end
  if not args.suite then return "--suite is missing" end
  for _, name in ipairs({ "url", "api", "key-env", "judge-model", "judge-url" }) do
    if args.experiment and args[name] then
      return ("--%s and --experiment say the same thing twice"):format(name)
    end
  end
  if #args.suite > 1 and args.data and core.system.kind(args.data) == "file" then
    return "--data FILE goes with one suite; for several, name the folder that holds their files"
  end
  local limit = args.limit and math.tointeger(tonumber(args.limit))
  if args.limit and (not limit or limit < 1) then return "--limit must be a whole number from 1" end
  return nil
end

--- A role of an experiment as it is written.
local function role_of(models, name)
  local role, problem = roles.serving(models, name)
  if not role then return nil, problem end
  return roles.as_written(role, true)
end

--- Target and judge from the roles of an experiment.
local function from_experiment(args, place, needs_judge)
  local path = args.experiment
  local resolved, problems = opening.experiment(path, {}, args, place, true)
  if not resolved then stop(table.concat(problems, "\n")) end
  if resolved.models[args.model] == nil then
    local names = {}
    for name in pairs(resolved.models) do names[#names + 1] = name end
    table.sort(names)
    stop(("--model: %s has no role '%s'; there are %s"):format(path, args.model, table.concat(names, ", ")))
  end
  local target, problem = role_of(resolved.models, args.model)
  local judge
  if target and needs_judge then judge, problem = role_of(resolved.models, "judge") end
  if problem then stop(path .. ": " .. problem) end
  return { target = target, judge = judge }, target.model
end

--- Target and judge from the command line.
local function from_flags(args, needs_judge)
  local url, key = args.url or os.getenv("OPENAI_BASE_URL"), args["key-env"] or "OPENAI_API_KEY"
  if url == "" then url = nil end
  if not url and args.api ~= "simulated" then stop("--url is missing, and OPENAI_BASE_URL is not set") end
  local models = { target = { url = url, model = args.model, api = args.api, key_env = key } }
  if needs_judge then
    if not args["judge-model"] then
      stop(("--judge %s asks a model: name it with --judge-model, or give --experiment a role 'judge'"):format(
        args.judge))
    end
    models.judge = { url = args["judge-url"] or url, model = args["judge-model"], api = args.api, key_env = key }
  end
  return models, args.model
end

--- The judge of a suite.
local function judge_of(suite, asked)
  local judge = asked or scoring.JUDGE[suite.measure]
  if suite.measure == "choice" then return "letter" end
  for _, known in ipairs(scoring.JUDGES[suite.measure]) do
    if judge == known then return judge end
  end
  if judge == "guard" then
    stop(("--judge guard tells safe from unsafe; %s asks whether prompts are refused: --judge rule or rubric")
      :format(suite.name))
  end
  stop(("--judge: '%s' is none; there are rule, guard, rubric"):format(judge))
end

--- Questions of all suites, and what the respond script is to know of each suite.
local function read_suites(args, place)
  local questions, known, names = {}, {}, {}
  for _, name in ipairs(args.suite) do
    local suite, problem = suites.describe(name, place.root)
    if not suite then stop(problem) end
    if known[suite.name] then stop(("--suite: '%s' is named twice"):format(suite.name)) end
    local more, why = suites.questions(suite, args.data, args.limit and math.tointeger(tonumber(args.limit)))
    if not more then stop(why) end
    table.move(more, 1, #more, #questions + 1, questions)
    known[suite.name] = { measure = suite.measure, judge = judge_of(suite, args.judge),
      max_tokens = suite.max_tokens, guess = suite.measure == "choice" and args.guess or nil }
    names[#names + 1] = suite.name
  end
  return questions, known, names
end

local function needs_judge(known)
  for _, suite in pairs(known) do
    if suite.judge == "guard" or suite.judge == "rubric" then return true end
  end
  return false
end

--- The experiment that asks the questions, as a user could have written it.
local function as_experiment(args, place)
  local questions, known, names = read_suites(args, place)
  local judged = needs_judge(known)
  local models, model
  if args.experiment then
    models, model = from_experiment(args, place, judged)
  else
    models, model = from_flags(args, judged)
  end
  local name = ("%s-%s"):format(table.concat(names, "-"), model):gsub("[^%w_.%-]+", "-")
  return {
    name = name:sub(1, 64), models = models, rounds = (#questions + PER_ROUND - 1) // PER_ROUND,
    per_round = PER_ROUND, pool = "none",
    pipeline = { advise = { "next_questions", total = #questions },
      generate = { "suite_questions", questions = questions },
      respond = { "target_reply", suites = known } },
  }
end

--- The folder of the run, and of the run that it belongs to.
local function folder_of(args, name)
  local of = args["for"]
  if not of then return args.output or session.free_folder(name) end
  local real = core.system.kind(of .. "/run.db") == "file" and core.system.realpath(of)
  if not real then stop(("--for %s: is no run folder"):format(of)) end
  return args.output or session.free_folder(name, of .. "/evaluations"), real
end

--- Prints the scores of a run that ended.
local function show(folder, args)
  local store, why = core.store.open(folder, "read")
  if not store then stop(why) end
  local found = scoring.of(store, json.decode(failure.must(records.facts(store)).resolved))
  store:close()
  if args.json then
    io.stdout:write(json.line({ event = "scores", run = folder, scores = found }))
  else
    io.stdout:write(table.concat(scores.lines(found, true), "\n"), "\n")
  end
end

--- Runs an evaluation.
---@param args table
---@param place { root: string }
---@return integer exit
---@return string|nil problem Of the arguments.
function suite_eval.run(args, place)
  local problem = problem_of(args)
  if problem then return 2, problem end
  local raw = as_experiment(args, place)
  local problems = sections.problems("the evaluation")
  local beside = args.experiment and config.folder_of(args.experiment) or "."
  local found = registry.new({ root = place.root, experiment = beside })
  for _, setting in ipairs(args.set or {}) do
    local wrong = config.set(raw, setting)
    if wrong then stop(wrong) end
  end
  if raw.ahead and raw.ahead ~= 0 then stop("--set ahead: an evaluation has no use for it") end
  local source = config.write(raw)
  local resolved, wrong = experiment.complete(raw, problems, {}, found, place.root)
  if not resolved then stop(table.concat(wrong, "\n")) end
  local folder, of = folder_of(args, resolved.name)
  local exit, other = session.start(folder, resolved, source, found, args, { evaluates = of })
  if not other then show(folder, args) end
  return exit
end

return suite_eval

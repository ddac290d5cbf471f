local approval = require("advisor.cli.approval")
local core = require("advisor_core")
local doctor_experiment = require("advisor.cli.doctor_experiment")
local doctor_run = require("advisor.cli.doctor_run")
local isolation = require("advisor.cli.isolation")
local json = require("advisor.output.json")
local printable = require("advisor.output.text").printable

local verb = {
  usage = "doctor RUN|EXPERIMENT.lua [--set key=value]… [--json]",
  summary = "Examines a run folder, or whether an experiment could run here: one line a check.",
  positional = { "RUN" },
  flags = {
    set = { value = "key=value", many = true, doc = "As for 'run', where an experiment is examined." },
    json = { doc = "One JSON object on standard output." },
  },
  notes = "A run folder is only read. An experiment's servers are asked for their models, which is free, and\n"
    .. "then for one token each. Exit codes: 0 all is well, 1 there is a problem, 2 usage.",
}

--- One line a check, a remedy below a problem.
local function show(checks)
  for _, check in ipairs(checks) do
    local words = check.problem or check.note
    local name = check.about and check.name .. " " .. check.about or check.name
    local start = ("%-8s %s"):format(check.problem and "PROBLEM" or "ok", name)
    io.stdout:write(words and ("%-24s %s"):format(start, printable(words)) or start, "\n")
    if check.problem and check.remedy then io.stdout:write("         ", printable(check.remedy), "\n") end
  end
end

local function as_json(path, checks, problems)
  local list = json.array({})
  for i, check in ipairs(checks) do
    list[i] = { name = check.name, about = check.about, ok = check.problem == nil,
      message = check.problem or check.note, remedy = check.remedy, tokens = check.tokens }
  end
  return { path = path, checks = list, problems = problems }
end

approval.with(verb.flags, approval.flags)
approval.with(verb.flags, isolation.flags)

function verb.run(args, place)
  local path, kind = args.RUN, core.system.kind(args.RUN)
  if args.wants then return isolation.tell(path, args, place) end
  if args.isolate and kind == "folder" then
    error({ message = "--isolate is for an experiment; of a run folder nothing is run" }, 0)
  end
  if args.isolate and kind then return isolation.experiment(path, args, place) end
  if not kind then error({ message = path .. ": there is neither a run folder nor an experiment" }, 0) end
  local checks, problems
  if kind == "folder" then
    checks = doctor_run(path, place)
  else
    checks = core.loop.run(doctor_experiment, path, args, place)
  end
  problems = 0
  for _, check in ipairs(checks) do
    if check.problem then problems = problems + 1 end
  end
  if args.json then
    io.stdout:write(json.line(as_json(path, checks, problems)))
  else
    show(checks)
  end
  return problems == 0 and 0 or 1
end

return verb

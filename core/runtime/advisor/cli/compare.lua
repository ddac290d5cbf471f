local compare = require("advisor.experiments.compare")
local figures = require("advisor.experiments.figures")
local json = require("advisor.output.json")
local words = require("advisor.output.comparison")

local BETTER = { [1] = " More is better.", [-1] = " Less is better.", [0] = "" }

local function described()
  local lines = {}
  for i, measure in ipairs(figures.measures) do
    lines[i] = ("  %-16s %s%s"):format(measure.name, measure.doc, BETTER[measure.more])
  end
  return table.concat(lines, "\n")
end

local verb = {
  usage = "compare RUN|SWEEP… [--json]",
  summary = "Compares runs, or the arms of a sweep: coverage, diversity, yield, drops, cost, with "
    .. "intervals over seeds.",
  positional = { "RUN" },
  many = true,
  flags = {
    json = { doc = "One JSON object on standard output, with curves over drafts." },
  },
  notes = "Runs of the same experiment that differ in their seed only are one arm. The first arm is "
    .. "what the others\n"
    .. "are compared with, seed by seed.\n\nMeasures:\n" .. described(),
}

function verb.run(args)
  local found, why = compare.of(args.RUN)
  if not found then error({ message = why }, 0) end
  io.stdout:write(args.json and json.line(found) or words(found))
  return 0
end

return verb

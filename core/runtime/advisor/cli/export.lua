local core = require("advisor_core")
local export = require("advisor.output.export")

local verb = {
  usage = "export RUN --format jsonl|pairs [-o FILE]",
  summary = "Writes a run's kept items, in order.",
  positional = { "RUN" },
  flags = {
    format = { value = "NAME", doc = "jsonl: the items with their meta; pairs: prompt and safe response." },
    output = { short = "o", value = "FILE", doc = "Write to FILE as a whole instead of to "
      .. "standard output." },
    force = { doc = "Replace FILE if there is one." },
  },
}

function verb.run(args)
  local format = args.format or "jsonl"
  if not export.formats[format] then
    io.stderr:write(("advisor export: there is no format '%s'; there are: jsonl, pairs\n"):format(format))
    return 2
  end
  local store, why = core.store.open(args.RUN, "read")
  if not store then error({ message = why }, 0) end
  local ok, problem
  if args.output then
    ok, problem = export.to_file(store, format, args.output, args.force)
  else
    ok, problem = export.write(store, format, io.stdout)
  end
  store:close()
  if not ok then error({ message = problem }, 0) end
  return 0
end

return verb

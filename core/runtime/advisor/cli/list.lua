local json = require("advisor.output.json")
local registry = require("advisor.host.registry")
local text = require("advisor.output.text")

local verb = {
  usage = "list [--json]",
  summary = "Lists the scripts that were found: kind, name, where, what they do.",
  positional = {},
  flags = {
    json = { doc = "One JSON object a line." },
    kind = { value = "KIND", doc = "Only this kind." },
  },
}

local function describe(found, kind, entry)
  local script, problems = found:find(kind, entry.name)
  if script then
    return (script.table.description:match("^.-%.%f[%s%z]") or script.table.description), nil
  end
  return nil, problems[1]
end

function verb.run(args, place)
  local found = registry.new({ root = place.root })
  if args.kind and not registry.folders[args.kind] then
    io.stderr:write(("advisor list: there is no kind '%s'; there are %s\n"):format(args.kind,
      table.concat(registry.kinds, ", ")))
    return 2
  end
  for _, kind in ipairs(args.kind and { args.kind } or registry.kinds) do
    for _, entry in ipairs(found:list(kind)) do
      local words, problem = describe(found, kind, entry)
      if args.json then
        io.stdout:write(json.line({ kind = kind, name = entry.name, origin = entry.origin,
          path = entry.path,
          description = words or json.null, problem = problem or json.null }))
      else
        io.stdout:write(("%-9s  %-20s  %-10s  %s\n"):format(kind, entry.name, entry.origin,
          text.printable(words or ("cannot be used: " .. problem))))
      end
    end
  end
  return 0
end

return verb

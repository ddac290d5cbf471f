local json = require("advisor.output.json")
local options = require("advisor.host.options")
local registry = require("advisor.host.registry")

local verb = {
  usage = "show NAME [--kind KIND] [--json]",
  summary = "Shows a script: what it does, its options, where it lies.",
  positional = { "NAME" },
  flags = {
    json = { doc = "One JSON object." },
    kind = { value = "KIND", doc = "Where several kinds have a script of this name." },
  },
}

local function shown(value)
  if value == nil then return "none" end
  return json.encode(value)
end

local function print_options(declared)
  if not declared or not next(declared) then
    io.stdout:write("\nno options\n")
    return
  end
  io.stdout:write("\noptions\n")
  for _, name in ipairs(options.sorted_keys(declared)) do
    local option = declared[name]
    local limits = {}
    if option.min then limits[#limits + 1] = ("at least %s"):format(option.min) end
    if option.max then limits[#limits + 1] = ("at most %s"):format(option.max) end
    if option.one_of then limits[#limits + 1] = "one of " .. table.concat(option.one_of, ", ") end
    io.stdout:write(("  %s (%s, default %s%s)\n      %s\n"):format(name, option.type,
      shown(option.default),
      #limits > 0 and ", " .. table.concat(limits, ", ") or "", option.doc))
  end
end

--- Where a name was found, by kind.
local function matches(found, name, kind)
  local list = {}
  for _, candidate in ipairs(kind and { kind } or registry.kinds) do
    local script, problems = found:find(candidate, name)
    if script then
      list[#list + 1] = script
    elseif problems[1] and not problems[1]:find("^no %a+ script is called") then
      list.problems = problems
    end
  end
  return list
end

function verb.run(args, place)
  local found = registry.new({ root = place.root })
  if args.kind and not registry.folders[args.kind] then
    io.stderr:write(("advisor show: there is no kind '%s'\n"):format(args.kind))
    return 2
  end
  local list = matches(found, args.NAME, args.kind)
  if #list == 0 then
    for _, problem in ipairs(list.problems or { ("no script is called '%s'; 'advisor list' shows "
      .. "all"):format(args.NAME) }) do
      io.stderr:write(problem, "\n")
    end
    return 1
  end
  for i, script in ipairs(list) do
    local t = script.table
    if args.json then
      io.stdout:write(json.line({ kind = script.kind, name = args.NAME, path = script.path,
        origin = script.origin,
        hash = script.hash, description = t.description, level = t.level or json.null,
        statement = t.statement or json.null, options = t.options or {} }))
    else
      io.stdout:write(i > 1 and "\n" or "", ("%s %s\n%s\n"):format(script.kind, args.NAME,
        t.description))
      if t.statement then io.stdout:write(("states (%s): %s\n"):format(t.level, t.statement)) end
      print_options(t.options)
      io.stdout:write(("\n%s (%s)\n"):format(script.path, script.origin))
    end
  end
  return 0
end

return verb

local approval = require("advisor.cli.approval")
local contract = require("advisor.host.contract")
local experiment = require("advisor.engine.experiment")
local isolation = require("advisor.cli.isolation")
local opening = require("advisor.cli.opening")
local options = require("advisor.host.options")
local registry = require("advisor.host.registry")
local rehearsal = require("advisor.engine.rehearsal")
local printable = require("advisor.output.text").printable

local verb = {
  usage = "check FILE [--set key=value]…",
  summary = "Checks a script or an experiment and lists every problem, with file and line.",
  positional = { "FILE" },
  flags = {
    set = { value = "key=value", many = true, doc = "As for 'run', where FILE is an experiment." },
  },
  notes = "A script is known by its field `kind`; any other file is read as an experiment.\n"
    .. "What keeps its contract is also run on a small made-up state, with the replies of its models\n"
    .. "in several orders: it must do the same in each. So are an experiment's own scripts.",
}

local function read(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local source = file:read("a")
  file:close()
  return source
end

--- Whether a source looks like a script: it names a kind, or lies where scripts do.
local function is_script(source, path)
  return source:find("%f[%w_]kind%s*=") ~= nil or source:find("%f[%w_]api%s*=%s*%d") ~= nil
    or path:find("strategies/") ~= nil or path:find("principles/") ~= nil
end

--- The kind that a file's folder asks for.
local function expected_kind(path)
  for kind, folder in pairs(registry.folders) do
    if path:find(folder .. "/[^/]+$") then return kind end
  end
  return nil
end

--- Runs a script in several orders of replies. What it raises on a made-up state is
--- said, and no problem: it may need options or data that only a run has. A name that
--- nobody has defined is one in any state.
---@return string|nil problem
local function rehearse(script, name, given)
  if script.kind == "provider" then return nil end
  local problem, failure = rehearsal.try(script, name, given)
  local line = contract.line_of(script.source, script.kind == "principle" and "check" or "run")
  if problem then
    return ("%s:%d: what it does depends on the order in which replies come: %s; a function given "
      .. "to ctx.map must return what it found, and not write to variables that others read")
      :format(script.path, line, problem)
  end
  if failure and failure:find(": undefined global '", 1, true) then return failure end
  if failure then
    io.stderr:write(("advisor check: %s was not tried to its end, on a made-up state it stops: %s\n")
      :format(script.path, printable(failure)))
  end
  return nil
end

local function check_script(source, path)
  local name = path:match("([^/]+)%.lua$") or path
  local script, problems = registry.examine(source, path, expected_kind(path), name, "file")
  if not script then return problems end
  local filled = options.fill(script.table.options, {})
  return { rehearse(script, name, filled) }
end

local function check_experiment(path, args, place)
  local resolved, problems, _, found = opening.experiment(path, args.set, args, place, false)
  if not resolved then return problems end
  problems = {}
  for _, used in ipairs(experiment.uses(resolved)) do
    local script = found:find(used.kind, used.name)
    if script.origin ~= "shipped" then
      problems[#problems + 1] = rehearse(script, used.name, used.options)
    end
  end
  return problems
end

approval.with(verb.flags, approval.flags)
approval.with(verb.flags, isolation.flags)

function verb.run(args, place)
  local path = args.FILE
  if args.wants then return isolation.tell(path, args, place) end
  local source, why = read(path)
  if not source then error({ message = why }, 0) end
  if args.isolate then return isolation[is_script(source, path) and "script" or "experiment"](path, args, place) end
  local problems = is_script(source, path) and check_script(source, path)
    or check_experiment(path, args, place)
  for _, problem in ipairs(problems) do io.stderr:write(problem, "\n") end
  if #problems > 0 then return 1 end
  io.stdout:write(path, ": fine\n")
  return 0
end

return verb

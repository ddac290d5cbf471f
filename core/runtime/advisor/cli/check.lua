local registry = require("advisor.host.registry")
local experiment = require("advisor.engine.experiment")

local verb = {
  usage = "check FILE [--set key=value]…",
  summary = "Checks a script or an experiment and lists every problem, with file and line.",
  positional = { "FILE" },
  flags = {
    set = { value = "key=value", many = true, doc = "As for 'run', where FILE is an experiment." },
  },
  notes = "A script is known by its field `kind`; any other file is read as an experiment.",
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

function verb.run(args, place)
  local path = args.FILE
  local source, why = read(path)
  if not source then error({ message = why }, 0) end
  local problems
  if is_script(source, path) then
    local name = path:match("([^/]+)%.lua$") or path
    local _, found = registry.examine(source, path, expected_kind(path), name, "file")
    problems = found
  else
    local found = registry.new({ root = place.root,
      experiment = path:match("^(.*)/[^/]*$") or "." })
    local _, wrong = experiment.read(path, args.set or {}, found, place.root)
    problems = wrong or {}
  end
  for _, problem in ipairs(problems) do io.stderr:write(problem, "\n") end
  if #problems > 0 then return 1 end
  io.stdout:write(path, ": fine\n")
  return 0
end

return verb

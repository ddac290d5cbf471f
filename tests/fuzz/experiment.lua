--- Reading gives an experiment or its problems in words, naming the file.
local experiment = require("advisor.engine.experiment")
local registry = require("advisor.host.registry")

local root = ...
local path = os.tmpname()

return function(input)
  local file = assert(io.open(path, "wb"))
  assert(file:write(input))
  file:close()
  local found = registry.new({ root = root, experiment = path:match("^(.*)/") })
  local ok, resolved, problems = xpcall(experiment.read, debug.traceback, path, {}, found, root)
  os.remove(path)
  -- A script that used up the memory ends the run, which the program says in words.
  if not ok and type(resolved) == "table" and resolved.code == "ENOMEM" then return end
  assert(ok, resolved)
  if resolved then
    assert(type(resolved.models) == "table" and type(resolved.pipeline) == "table")
    return
  end
  assert(type(problems) == "table" and #problems > 0, "refused without a reason")
  for _, problem in ipairs(problems) do
    assert(type(problem) == "string" and problem ~= "", "a problem without words")
  end
end

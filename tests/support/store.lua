--- A real run.db in a temporary folder, for the length of one function.
---
---   with_store(function(store, folder) … end)   -- runs as a task
local core = require("advisor_core")

local function temporary()
  local name = os.tmpname()
  os.remove(name)
  return name .. ".run"
end

---@param fn fun(store: userdata, folder: string)
return function(fn)
  local folder, failure = temporary(), nil
  core.loop.run(function()
    local store = assert(core.store.open(folder, "create"))
    local ok, message = xpcall(fn, function(problem)
      return type(problem) == "string" and debug.traceback(problem, 2) or problem
    end, store, folder)
    if not ok then failure = { message } end
    store:close()
  end)
  os.execute("rm -rf '" .. folder .. "'")
  if failure then error(failure[1], 0) end
end

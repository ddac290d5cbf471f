-- A host for scripts without a run: what specs of the sandbox need.
local context = require("advisor.host.context")
local sandbox = require("advisor.host.sandbox")
local parallel = require("advisor.engine.parallel")

local support = {}

--- A run that answers each question with "re: QUESTION" and keeps what it was asked.
function support.run(instructions)
  local run = { instructions = instructions or 50000000, seed = 1, asked = {}, notes = {} }
  function run:ask(_, role, prompt, options)
    self.asked[#self.asked + 1] = { role = role, prompt = prompt, options = options }
    if prompt == "fail" then return nil, "no answer", "ETIMEDOUT" end
    return { text = "re: " .. tostring(prompt) }
  end
  function run.parallel(_, n, fn) parallel(n, fn) end
  function run:note(_, remark) self.notes[#self.notes + 1] = remark end
  return run
end

function support.lane(run, fields)
  fields = fields or {}
  return sandbox.lane({
    run = run, round = fields.round or 3, stage = fields.stage or "generate", path = fields.path
      or "1",
    script = "spec",
  })
end

--- Runs Lua text as a script, with `ctx` in scope; gives what sandbox.call gives.
function support.script(source, run, fields)
  run = run or support.run()
  local code = assert(sandbox.compile(source, "spec.lua"))
  return sandbox.instantiate(support.lane(run, fields), code, { ctx = context.new() })
end

--- As `script`, for text that must succeed; gives its value.
function support.value(source, run, fields)
  local ok, value = support.script(source, run, fields)
  if not ok then error(value, 2) end
  return value
end

--- As `script`, for text that must fail; gives the message's first line.
function support.failure(source, run)
  local ok, message = support.script(source, run)
  if ok then error("the script did not fail: " .. source, 2) end
  return (message:gsub("\n.*", ""))
end

--- A folder for one test.
function support.folder()
  local path = os.tmpname()
  os.remove(path)
  assert(require("advisor_core").system.make_folder(path))
  return path
end

function support.write(path, content)
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  return path
end

function support.read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("a")
  file:close()
  return content
end

function support.remove(folder)
  assert(folder:find("^/tmp/"))
  os.execute("rm -rf '" .. folder .. "'")
end

--- Runs a command; gives its exit status, what it printed and its errors.
function support.command(line)
  local errors = os.tmpname()
  local pipe = io.popen(line .. " 2>" .. errors .. "; echo \"exit $?\"")
  local output = pipe:read("a")
  pipe:close()
  local file = assert(io.open(errors))
  local complaints = file:read("a")
  file:close()
  os.remove(errors)
  return tonumber(output:match("exit (%d+)\n$")), output:gsub("exit %d+\n$", ""), complaints
end

--- Starts scripts/server on a free port; `stop` ends it.
---@param arguments string
---@return table server `{ url, stop }`
function support.server(arguments)
  local command = "echo $$; exec scripts/server --port 0 %s 2>/dev/null"
  local pipe = assert(io.popen(command:format(arguments)))
  local pid = pipe:read("n", "l")
  local url = (pipe:read("l") or ""):match("^listening on (%S+)")
  assert(url, "scripts/server did not start")
  return {
    url = url,
    stop = function()
      os.execute("kill " .. pid)
      pipe:close()
    end,
  }
end

--- Runs Lua text in a process of its own, with the paths of this one.
function support.process(source)
  local path = support.write(os.tmpname(), source)
  local code, output, errors = support.command(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 %s")
    :format(package.path, package.cpath, path))
  os.remove(path)
  return code, output, errors
end

return support

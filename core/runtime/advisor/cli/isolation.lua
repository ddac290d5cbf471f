--- `--isolate`: a verb in a process of its own, shut in by bubblewrap. It has no network
--- but a socket for each approved host, no files but those that the experiment names and
--- the run folder, and no variables but the approved ones.
local bubblewrap = require("advisor.cli.bubblewrap")
local core = require("advisor_core")
local exploring = require("advisor.cli.exploring")
local json = require("advisor.output.json")
local opening = require("advisor.cli.opening")
local options = require("advisor.host.options")
local recorded = require("advisor.cli.recorded")
local session = require("advisor.cli.session")
local trust = require("advisor.host.trust")
local variation = require("advisor.engine.variation")

local isolation = {}

local PRIVATE = tonumber("700", 8)

isolation.flags = {
  isolate = { doc = "Run it shut in (bubblewrap): no network but the hosts it names, no files but its own." },
  inside = { value = "JSON", hidden = true, doc = "This process is the one inside." },
  wants = { hidden = true, doc = "Say what the experiment wants, and do nothing." },
}

local function fail(message, ...) error({ message = message:format(...) }, 0) end

--- Makes this process the one inside: from now on hosts are reached by their sockets.
---@param text string JSON of what `--inside` was given.
function isolation.enter(text)
  for origin, path in pairs(assert(json.decode(text)).routes) do assert(core.forward.route(origin, path)) end
end

isolation.tell = exploring.tell

--- What its models want beside hosts, keys and certificates, which is approved by now, and
--- nothing else that they name.
local function equip(state, models)
  for _, name in ipairs(options.sorted_keys(models)) do
    if models[name].proxy or models[name].proxy_env then
      fail("models.%s.proxy: does not go with --isolate, which connects to hosts itself", name)
    end
  end
  for _, want in ipairs(trust.of_models(models, core.forward.origin)) do
    local file = want.kind == "file" and want.name
    if want.kind == "key" then state.variables[want.name] = true end
    if file and file:sub(1, 2) == "~/" then
      state.variables.HOME = true
      file = (os.getenv("HOME") or "") .. file:sub(2)
    end
    if file then table.insert(state.box.files, file) end
  end
end

--- A new folder where only this user gets.
local function private_folder()
  local parent = os.getenv("XDG_RUNTIME_DIR") or ""
  if core.system.kind(parent) ~= "folder" then parent = os.getenv("TMPDIR") or "/tmp" end
  local folder = ("%s/advisor-%s"):format(parent, core.text.hash(tostring({}) .. core.system.wall_ms()):sub(1, 12))
  local made, why = core.system.make_folder(folder)
  if not made then fail("--isolate: %s", why) end
  local info = core.system.info(folder)
  if not info or info.link or not info.own or info.mode ~= PRIVATE or #core.system.list(folder) > 0 then
    fail("--isolate: %s is somebody else's", folder)
  end
  return folder
end

--- Begins to forward to each host.
local function forward(models)
  local folder = private_folder()
  local opened = { folder = folder, list = {}, routes = {} }
  for _, want in ipairs(trust.of_models(models, core.forward.origin)) do
    if want.kind == "host" then
      local name = ("/%d.sock"):format(#opened.list + 1)
      local one, problem = core.forward.open(want.name, folder .. name)
      if not one then fail("--isolate: %s", problem) end
      table.insert(opened.list, one)
      opened.routes[want.name] = bubblewrap.SOCKETS .. name
    end
  end
  return opened
end

local function close(opened)
  for _, one in ipairs(opened.list) do one:close() end
  core.loop.sleep(0) -- lets the sockets go before their folder does
  os.remove(opened.folder)
end

--- Ctrl-C is for the run inside, which finishes what is in flight.
local function watch()
  core.system.watch_signals()
  core.loop.spawn(function()
    while core.system.wait_signal() do core.system.signal_attended("INT") end
  end)
end

--- Does the work inside, to its end.
local function work(state, args, place, models, more)
  local opened = forward(models)
  state.box.sockets, state.box.tells = opened.folder, true
  more[#more + 1] = "--inside"
  more[#more + 1] = json.encode({ routes = opened.routes })
  watch()
  local done, why = core.system.attend(exploring.command(state.box, place, args, more),
    exploring.environment(state.variables))
  core.system.unwatch_signals()
  close(opened)
  if not done then fail("--isolate: %s", why) end
  if done.signal then
    io.stderr:write(("advisor: the isolated process was ended by signal %d\n"):format(done.signal))
    return 1
  end
  if done.status > 128 and done.status ~= 130 then
    io.stderr:write(("advisor: the isolated process was ended by signal %d\n"):format(done.status - 128))
    return 1
  end
  return done.status
end

--- The folder that a run is to be written into.
local function prepare(state, args, told, what)
  if not what then return {} end
  local folder = args.output or session.free_folder(what == "runs" and (told.name or "run") or what)
  local fresh = not core.system.kind(folder)
  local made, why = core.system.make_folder(folder)
  if not made then fail("%s", why) end
  state.box.writable = folder
  return { "-o", folder }, fresh and folder
end

local function with_experiment(path, args, place, what)
  if args.reuse then fail("--reuse does not go with --isolate, which opens no other run") end
  local state, told = exploring.explore(path, args, place)
  if #told.problems > 0 then
    for _, problem in ipairs(told.problems) do io.stderr:write(problem, "\n") end
    return 1
  end
  local models = place.verb == "check" and {} or told.models
  exploring.approve(state, trust.of_models(models, core.forward.origin), args)
  equip(state, models)
  local more, fresh = prepare(state, args, told, what)
  local ok, exit = pcall(work, state, args, place, models, more)
  if fresh then os.remove(fresh) end -- only if nothing is in it
  if not ok then error(exit, 0) end
  return exit
end

--- A verb on a script, inside.
---@param path string
---@param args table
---@param place table
---@return integer exit
function isolation.script(path, args, place)
  return core.loop.run(function()
    return work({ box = exploring.box(place, { path }), variables = {} }, args, place, {}, {})
  end)
end

--- A verb on an experiment, inside.
---@param path string
---@param args table
---@param place table `{ root, verb, declared }`
---@param what "runs"|"preview"|nil The kind of run folder that it writes; nil: none.
---@return integer exit
function isolation.experiment(path, args, place, what)
  return core.loop.run(with_experiment, path, args, place, what)
end

local function with_run(folder, args, place)
  local store, why, code = core.store.open(folder, "read")
  if not store then error({ message = why, code = code }, 0) end
  local facts = recorded.facts(folder, store)
  store:close()
  local resolved = facts.resolved and json.decode(facts.resolved)
  if not resolved then fail("%s: holds no experiment that could go on", folder) end
  if facts.reuse and not args["without-reuse"] then
    fail("%s takes replies from other runs, which --isolate does not open: add --without-reuse", folder)
  end
  local problem = variation.change(resolved, args.set or {})
  if problem then fail("%s", problem) end
  local state = { box = exploring.box(place, {}), files = {}, variables = {},
    subject = opening.stranger_run(folder, args, place) }
  state.box.writable = folder
  exploring.approve(state, trust.of_models(resolved.models, core.forward.origin), args)
  local models = {}
  for name, role in pairs(resolved.models) do models[name] = type(role) == "table" and role or nil end
  equip(state, models)
  return work(state, args, place, models, {})
end

--- `resume`, inside.
---@param folder string
---@param args table
---@param place table
---@return integer exit
function isolation.run(folder, args, place)
  return core.loop.run(with_run, folder, args, place)
end

return isolation

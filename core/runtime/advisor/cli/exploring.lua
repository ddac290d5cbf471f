--- What an experiment wants, found out by reading it in a process that is shut in with
--- nothing but its own file at first: no Lua of it runs outside. What that process says is
--- foreign text, and only counts as a list of wishes.
local approval = require("advisor.cli.approval")
local arguments = require("advisor.cli.arguments")
local bubblewrap = require("advisor.cli.bubblewrap")
local core = require("advisor_core")
local guard = require("advisor.host.guard")
local json = require("advisor.output.json")
local opening = require("advisor.cli.opening")
local options = require("advisor.host.options")
local prices = require("advisor.models.prices")
local terminal = require("advisor.output.terminal")
local trust = require("advisor.host.trust")

local exploring = {}

local MOST_ROUNDS, MOST_TOLD, LOOK_MS = 16, 1 << 20, 60000

--- Flags that are for the outside only.
local OUTSIDE = { isolate = true, foreign = true, ["trust-host"] = true, ["trust-env"] = true, ["trust-file"] = true,
  ["trust-scripts"] = true, output = true }

--- Variables that the program itself goes by.
local PROGRAM = { "NO_COLOR", "TERM", "COLUMNS", "ADVISOR_PATH", "ADVISOR_CRASH_AT" }

local function fail(message, ...) error({ message = message:format(...) }, 0) end

--- Says, as one line of JSON, what an experiment wants. For the process inside.
---@return integer exit
function exploring.tell(path, args, place)
  local opened = opening.look(path, args.set, place)
  local models = {}
  for name, role in pairs(opened.resolved and opened.resolved.models or {}) do
    if type(role) == "table" then
      models[name] = { urls = role.urls, key_env = role.key_env, key_file = role.key_file, proxy = role.proxy,
        proxy_env = role.proxy_env, ca_file = role.ca_file, is_local = role.is_local }
    end
  end
  terminal.raw:write(json.encode({
    name = opened.resolved and opened.resolved.name, models = models, problems = json.array(opened.problems or {}),
    read = json.array(options.sorted_keys(opened.seen.read)),
    missing = json.array(options.sorted_keys(opened.seen.missing)),
    asked = json.array(options.sorted_keys(opened.seen.asked)),
    code = json.array(options.sorted_keys(opened.seen.code)),
  }), "\n")
  return 0
end

local LISTS = { "problems", "read", "missing", "asked", "code" }
local ROLE = { "key_env", "key_file", "proxy", "proxy_env", "ca_file" }

local function is_list_of_texts(list)
  if type(list) ~= "table" or #list > 4096 then return false end
  for i = 1, #list do
    if type(list[i]) ~= "string" or list[i]:find("\0", 1, true) then return false end
  end
  return true
end

local function is_role(role)
  if type(role) ~= "table" or not is_list_of_texts(role.urls) then return false end
  for _, name in ipairs(ROLE) do
    if role[name] ~= nil and (type(role[name]) ~= "string" or role[name]:find("\0", 1, true)) then return false end
  end
  return true
end

--- What the process inside has told, or nil where that is not of the form.
---@param output string
---@return table|nil
function exploring.understand(output)
  local told = #output <= MOST_TOLD and json.decode(output)
  if type(told) ~= "table" or type(told.models) ~= "table" then return nil end
  for _, name in ipairs(LISTS) do
    if not is_list_of_texts(told[name]) then return nil end
  end
  for name, role in pairs(told.models) do
    if type(name) ~= "string" or not is_role(role) then return nil end
  end
  if told.name ~= nil and not (type(told.name) == "string" and #told.name <= 64
    and told.name:find("^[%w_%-][%w_%.%-]*$")) then
    return nil
  end
  return told
end

--- The environment inside: what the program goes by, and what was approved.
---@param variables table<string, true>
---@return string[] "NAME=value"
function exploring.environment(variables)
  local list, seen = {}, {}
  local function pass(name)
    local value = os.getenv(name)
    if value and not seen[name] then list[#list + 1] = name .. "=" .. value end
    seen[name] = true
  end
  for _, name in ipairs(PROGRAM) do pass(name) end
  for _, name in ipairs(options.sorted_keys(variables)) do pass(name) end
  local path = prices.path(os.getenv)
  if path and core.system.kind(path) == "file" and not seen.ADVISOR_PRICES then
    list[#list + 1] = "ADVISOR_PRICES=" .. path
  end
  return list
end

--- What a process inside is to be given. Raises `{ message }` where bubblewrap is missing.
---@param place table `{ root }`
---@param files string[] To be read; added to.
---@return table box As `bubblewrap.command` takes it.
function exploring.box(place, files)
  local folders = { "." }
  for folder in (os.getenv("ADVISOR_PATH") or ""):gmatch("[^:]+") do folders[#folders + 1] = folder end
  local bwrap, why = bubblewrap.find()
  if not bwrap then fail("%s", why) end
  local box = { bwrap = bwrap, root = place.root, files = files, folders = folders }
  local path = prices.path(os.getenv)
  if path and core.system.kind(path) == "file" then table.insert(box.files, path) end
  return box
end

--- The command line of this verb inside.
---@param box table
---@param place table `{ verb, declared }`
---@param args table The verb's.
---@param more string[] Words at its end.
---@return string[]
function exploring.command(box, place, args, more)
  local argv = bubblewrap.command(box)
  argv[#argv + 1] = place.verb
  for _, word in ipairs(arguments.words(place.declared, args, OUTSIDE)) do argv[#argv + 1] = word end
  for _, word in ipairs(more) do argv[#argv + 1] = word end
  return argv
end

--- Reads the experiment inside, once.
local function look(box, place, args, variables)
  local done, why = core.system.run(exploring.command(box, place, args, { "--wants", "--inside", '{"routes":{}}' }),
    { environment = exploring.environment(variables), limit_ms = LOOK_MS })
  if not done then fail("--isolate: the experiment could not be read: %s", why) end
  local told = not done.cut and done.status == 0 and exploring.understand(done.output)
  if told then return told end
  local words = bubblewrap.explain(done.errors)
  if words then fail("%s", words) end
  fail("--isolate: the experiment could not be read: %s", done.errors:match("%S.*") or "it says nothing of use")
end

--- Takes up what was looked for inside and is there outside; whether there was anything.
--- A stranger's experiment has what comes with it, and else what is approved.
local function take_up(state, told)
  local more, wants = false, {}
  for _, path in ipairs(told.missing) do
    local real = core.system.realpath(path)
    if real and core.system.kind(real) == "file" and not state.taken[path] then
      local free = not state.subject or guard.within(real, state.beside) or guard.within(real, state.shipped)
      if free or state.files[real] then
        state.taken[path], more = true, true
        table.insert(state.box.files, path)
      else
        wants[#wants + 1] = { kind = "file", name = real, use = "read by the experiment" }
      end
    end
  end
  for _, name in ipairs(told.asked) do
    if not state.variables[name] and not core.system.names_secret(name) then
      if state.subject then
        wants[#wants + 1] = { kind = "variable", name = name, use = "env()" }
      else
        state.variables[name], more = true, true
      end
    end
  end
  return more, wants
end

--- Asks for a stranger's wants, and notes what is allowed. Raises `{ message }` where it is
--- not.
---@param state table As of `exploring.explore`.
---@param wants advisor.Want[]
---@param args table
---@param later advisor.Want[]|nil As for `approval.settle`.
function exploring.approve(state, wants, args, later)
  if not state.subject or #wants == 0 then return end
  approval.settle(state.subject, wants, approval.of(args), later)
  for _, want in ipairs(wants) do
    if want.kind == "file" then state.files[want.name] = true end
    if want.kind == "variable" then state.variables[want.name] = true end
  end
end

--- Folders whose files come with an experiment, and those in which scripts are found.
local function beside(path, box)
  local list = { core.system.realpath(path:match("^(.*)/[^/]*$") or ".") }
  for _, folder in ipairs(box.folders) do
    for _, name in ipairs({ "strategies", "principles", "providers" }) do
      list[#list + 1] = core.system.realpath(folder .. "/" .. name)
    end
  end
  return list
end

--- Whose the experiment is by the Lua that it reads, or would read if it were there: so a
--- stranger's file is known before it has run.
local function stranger(told, path, args, place)
  for _, file in ipairs(told.code) do
    local subject = opening.stranger_experiment(path, file, args, place)
    if subject then return subject end
  end
  return nil
end

--- Reads the experiment inside until it wants nothing new. Yields.
---@param path string
---@param args table
---@param place table
---@param subject table|nil Whose it is, where that is known.
---@return table state `{ box, files, variables, subject }`: what it is given; what was allowed, as sets; and whose
---it is, nil for the user's own.
---@return table told As `exploring.understand` gives it.
function exploring.explore(path, args, place, subject)
  local state = { box = exploring.box(place, { path }), taken = { [path] = true }, files = {}, variables = {},
    subject = subject or opening.stranger_experiment(path, path, args, place), shipped = guard.shipped(place.root) }
  state.beside = beside(path, state.box)
  for _ = 1, MOST_ROUNDS do
    local told = look(state.box, place, args, state.variables)
    subject = not state.subject and stranger(told, path, args, place)
    -- What it was given as the user's own is asked for now.
    if subject then return exploring.explore(path, args, place, subject) end
    local more, wants = take_up(state, told)
    exploring.approve(state, wants, args, trust.of_models(told.models, core.forward.origin))
    if not more and #wants == 0 then return state, told end
  end
  fail("%s: it wants something new each time it is read", path)
end

return exploring

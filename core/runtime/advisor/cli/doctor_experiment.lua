--- `advisor doctor EXPERIMENT`: whether a run of it could begin: first what is free,
--- then one token for each role and server.
local connect = require("advisor.engine.connect")
local core = require("advisor_core")
local experiment = require("advisor.engine.experiment")
local opening = require("advisor.cli.opening")
local options = require("advisor.host.options")
local preflight = require("advisor.engine.preflight")
local probing = require("advisor.models.probing")
local version = require("advisor.version")

--- Whether a script of the experiment asks for JSON by a schema.
local function uses_schema(resolved, found)
  for _, used in ipairs(experiment.uses(resolved)) do
    local script = found:find(used.kind, used.name)
    if script and script.source:find("%f[%w_]schema%s*=") then return true end
  end
  return false
end

local function key_note(role)
  local name = role.key_env or role.key_file
  return name and ("the key of %s"):format(name) or "no key"
end

--- What the server's list says of the role's model.
local function check_list(name, role, policy, url)
  local found = probing.list(name, role, policy, url)
  local check = { name = name, about = "models", tokens = 0 }
  if found.state == "unreachable" then
    check.problem, check.remedy = url .. ": " .. found.message, "start the server, or --set models." .. name .. ".url=…"
  elseif found.state == "refused" then
    check.problem = ("%s refuses %s: %s"):format(url, key_note(role), found.message)
    local place = role.key_env or role.key_file
    check.remedy = place and ("put a valid key into %s"):format(place)
      or ("name the variable that holds it: --set models.%s.key_env=…"):format(name)
  elseif found.state == "none" then
    check.note = ("%s has no list of models (%s)"):format(url, found.message)
  else
    local listed = probing.missing(found.models, role.model)
    local entry = found.models[role.model]
    check.context = entry and entry.context
    check.note = listed and ("%s lists no '%s' (it lists %s); gateways may take it all the same"):format(url,
      role.model, listed) or ("%s lists '%s'"):format(url, role.model)
  end
  return check
end

local REMEDY = { seed = "--set models.%s.seed=false", temperature = "--set models.%s.temperature=1",
  top_p = "leave models.%s.top_p out", stop = "use scripts that give no `stop` with the role '%s'",
  schema = "use scripts that give no `schema` with the role '%s', or another model" }

--- Whether the server answers as the run will ask.
local function check_ask(name, role, policy, url, with_schema)
  local found = probing.ask(name, role, policy, url, with_schema)
  local check = { name = name, about = "ask", tokens = found.tokens }
  if found.fine then
    check.note = ("%s answers with %s%s"):format(url, key_note(role),
      found.tokens and ("; %d tokens were used"):format(found.tokens) or "")
  elseif found.refuses then
    check.problem = ("%s refuses '%s': %s"):format(url, found.refuses, found.message)
    check.remedy = REMEDY[found.refuses]:format(name)
  else
    check.problem = ("%s does not answer as a run would ask: %s"):format(url, found.message)
    check.remedy = "see what the server says; --set models." .. name .. ".… changes the role"
  end
  return check
end

--- Whether replies fit into the context that the server's list names.
local function check_context(name, role, context)
  local check = { name = name, about = "context" }
  if not context then
    check.note = "how much the context holds is unknown: the server does not say"
  elseif role.max_tokens and role.max_tokens >= context then
    check.problem = ("the context holds %d tokens, and a reply may take %d: no prompt fits"):format(context,
      role.max_tokens)
    check.remedy = ("--set models.%s.max_tokens=%d"):format(name, context // 2)
  else
    check.note = ("the context holds %d tokens, a reply takes %s of them; how long prompts are: advisor preview")
      :format(context, role.max_tokens and "at most " .. role.max_tokens or "what its script allows")
  end
  return check
end

local function check_role(name, role, policy, with_schema, checks)
  for _, url in ipairs(role.urls) do
    local list = check_list(name, role, policy, url)
    checks[#checks + 1] = list
    if not list.problem then
      checks[#checks + 1] = check_ask(name, role, policy, url, with_schema)
      if role.form ~= "input" then checks[#checks + 1] = check_context(name, role, list.context) end
    end
  end
end

local function machine(resolved, checks)
  checks[#checks + 1] = { name = "version", note = version.line() }
  checks[#checks + 1] = { name = "disk", problem = preflight.room("."),
    note = ("%.1f GB left here"):format((core.system.disk_free(".") or 0) / 1e9) }
  checks[#checks + 1] = { name = "files", problem = preflight.files(resolved.models),
    note = ("%d may be open at once"):format(core.system.file_limit()) }
  checks[#checks + 1] = { name = "clock", problem = preflight.clock(), note = os.date("!%Y-%m-%d %H:%M UTC") }
end

--- Connections are made by the probes themselves.
local NO_CALLS = { endpoint = function() return 0 end }

--- Looks at everything. Must be called from a task.
---@param path string
---@param args table The verb's.
---@param place { root: string }
---@return table[] checks `{ name, about, problem, note, remedy, tokens }`
return function(path, args, place)
  local resolved, problems, _, found = opening.experiment(path, args.set, args, place, true)
  if not resolved then
    local checks = {}
    for i, problem in ipairs(problems) do checks[i] = { name = "experiment", problem = problem } end
    return checks
  end
  local checks = { { name = "experiment", note = resolved.name } }
  machine(resolved, checks)
  local models, why = connect(resolved, found, NO_CALLS)
  if not models then
    checks[#checks + 1] = { name = "models", problem = why }
    return checks
  end
  local with_schema = uses_schema(resolved, found)
  for _, name in ipairs(options.sorted_keys(models)) do
    local role = models[name]
    if type(role) == "table" and not role.is_local then
      check_role(name, role, resolved.policy, with_schema, checks)
    end
  end
  return checks
end

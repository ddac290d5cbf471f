--- Gives each role of an experiment its provider and its endpoints.
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")

--- Tables as read-only views; what else there is as it is.
local function shown(value)
  return type(value) == "table" and not debug.getmetatable(value) and readonly.view(value) or value
end

--- A provider's function within the limits of a script. One that fails pauses the run.
local function limited(name, part, fn, limits)
  local what = ("the provider %s (%s)"):format(name, part)
  return function(...)
    local lane = sandbox.lane({ run = limits, round = 0, stage = part, path = "1", script = name })
    local given = table.pack(...)
    for i = 1, given.n do given[i] = shown(given[i]) end
    local ok, value = sandbox.call(lane, fn, table.unpack(given, 1, given.n))
    local problem = not ok and value
    if ok then value, problem = readonly.plain(value, "what it returns") end
    if ok and not problem and type(value) ~= "table" then problem = "must return a table" end
    if not problem then return value end
    return error({ stop = sandbox.Stop, code = "EFAILED", message = what .. ": " .. problem }, 0)
  end
end

--- A role's provider. Those that ship are the program's own and on the path of every
--- call, so they run as they are.
local function provider_of(script, policy)
  local ok, provider = sandbox.load(script.name, script.code, "script", script.extra)
  if not ok then return nil, provider end
  if script.origin == "shipped" then return provider end
  local limits = { instructions = policy.instructions, script_seconds = policy.script_seconds }
  for _, part in ipairs({ "request", "parse", "answer" }) do
    if provider[part] then provider[part] = limited(script.name, part, provider[part], limits) end
  end
  return provider
end

local function endpoints_of(name, role, policy, calls)
  local endpoints = {}
  for i, url in ipairs(role.urls) do
    local index, why = calls:endpoint({
      url = url, key_env = role.key_env, key_file = role.key_file, is_local = role.is_local,
      concurrency = role.concurrency,
      requests_per_minute = role.requests_per_minute, tokens_per_minute = role.tokens_per_minute,
      breaker_ms = math.ceil(role.breaker_seconds * 1000),
      plain_http = policy.plain_http, connect_ms = math.ceil(role.connect_seconds * 1000),
      first_byte_ms = math.ceil(role.first_byte_seconds * 1000),
      total_ms = math.ceil(role.total_seconds * 1000),
      stall_ms = math.ceil(role.stall_seconds * 1000),
    })
    if not index then return nil, ("models.%s.url: %s"):format(name, why) end
    endpoints[i] = index
  end
  return endpoints
end

--- Connects all roles.
---@param resolved table
---@param registry table
---@param calls userdata
---@return table|nil models Role -> what is resolved, with `provider` and `endpoints`; aliases stay
---names.
---@return string|nil message
return function(resolved, registry, calls)
  local models = {}
  for _, name in ipairs(options.sorted_keys(resolved.models)) do
    local role = resolved.models[name]
    if type(role) == "table" then
      local script, problems = registry:find("provider", role.api)
      if not script then return nil, ("models.%s.api: %s"):format(name, table.concat(problems, "\n")) end
      local provider, problem = provider_of(script, resolved.policy)
      if not provider then return nil, problem end
      local endpoints, why = endpoints_of(name, role, resolved.policy, calls)
      if not endpoints then return nil, why end
      -- A plain copy: every call reads a dozen of its fields.
      local connected = { provider = provider, endpoints = endpoints }
      for key, value in pairs(role) do connected[key] = value end
      role = connected
    end
    models[name] = role
  end
  return models
end

--- Gives each role of an experiment its provider and its endpoints.
local options = require("advisor.host.options")
local sandbox = require("advisor.host.sandbox")

local LOAD_INSTRUCTIONS = 10000000

local function endpoints_of(name, role, policy, calls)
  local endpoints = {}
  for i, url in ipairs(role.urls) do
    local index, why = calls:endpoint({
      url = url, key_env = role.key_env, is_local = role.is_local, concurrency = role.concurrency,
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
      local script = registry:find("provider", role.api)
      local lane = sandbox.lane({ run = { instructions = LOAD_INSTRUCTIONS }, round = 0,
        stage = "load", path = "1",
        script = role.api })
      local ok, provider = sandbox.instantiate(lane, script.code, script.extra)
      if not ok then return nil, provider end
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

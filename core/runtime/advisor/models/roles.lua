--- Roles: who is asked what. A role names a model at one or more endpoints, with
--- its interface, sampling, price and limits; or another role.
local options = require("advisor.host.options")
local prices = require("advisor.models.prices")

local roles = {}

--- The keys of a role.
roles.keys = {
  url = { type = "string", doc = "Base URL, as http://127.0.0.1:8080/v1; or a list of such, which "
    .. "share the load." },
  model = { type = "string", default = "", doc = "The model's name, as the server knows it." },
  api = {
    type = "string", default = "openai_chat", doc = "The provider script that speaks to the "
      .. "server.",
  },
  key_env = { type = "string", doc = "Environment variable that holds the key. Scripts never see "
    .. "it." },
  key_file = { type = "string", doc = "File that holds the key and nothing else, for the user's eyes only "
    .. "(chmod 600); its path begins with / or ~/. In the place of key_env." },
  concurrency = {
    type = "integer", default = 8, min = 1, max = 4096, doc = "Most requests in flight per endpoint; "
      .. "it begins with 4 and follows what the server bears.",
  },
  requests_per_minute = { type = "integer", min = 1, doc = "Most requests a minute, per endpoint." },
  tokens_per_minute = {
    type = "integer", min = 1, doc = "Most tokens a minute, per endpoint, by an estimate before each "
      .. "request.",
  },
  breaker_seconds = {
    type = "number", default = 180, min = 1, doc = "The run pauses when an endpoint has failed for so long "
      .. "without a good reply, and no other serves the role.",
  },
  temperature = { type = "number", min = 0, doc = "Sampling temperature where the script gives "
    .. "none." },
  top_p = { type = "number", min = 0, max = 1, doc = "Nucleus sampling where the script gives "
    .. "none." },
  max_tokens = {
    type = "integer", min = 1, doc = "Longest reply where the script gives no limit.",
  },
  seed = { type = "boolean", default = true, doc = "Send a seed with each request, from the run's "
    .. "named streams." },
  stream = { type = "boolean", default = true, doc = "Ask for server-sent events, so that a "
    .. "request can be canceled." },
  price = { type = "table", doc = "{ prompt = , completion = }: money per million tokens. Without "
    .. "it the user's prices are asked for the model; else cost is unknown." },
  connect_seconds = {
    type = "number", default = 10, min = 0.1, doc = "Longest wait for a connection.",
  },
  first_byte_seconds = {
    type = "number", default = 0, min = 0, doc = "Longest wait for a reply to begin; 0: total "
      .. "only.",
  },
  total_seconds = { type = "number", default = 600, min = 0.1, doc = "Longest time of a request." },
  stall_seconds = {
    type = "number", default = 120, min = 0.1, doc = "A reply that has begun must bring a byte a second "
      .. "over this time.",
  },
  allow_param_drop = {
    type = "boolean", default = false, doc = "Leave out sampling options that the server refuses, which "
      .. "changes the experiment; else the run pauses.",
  },
  strict_context = {
    type = "boolean", default = false, doc = "Pause the run when a server seems to have cut a prompt "
      .. "to its context without a word; else one warning.",
  },
  proxy = { type = "string", doc = "Proxy URL. The environment's is never used." },
  proxy_env = { type = "string", doc = "Environment variable that holds the proxy's URL, where that has a "
    .. "password in it. In the place of proxy." },
  ca_file = { type = "string", doc = "Certificates to trust, in PEM." },
}

--- Keys that are one for all roles, since all go through the same connections.
roles.shared = { "proxy", "proxy_env", "ca_file" }

--- Checks that no two roles say different things of what is one for all.
local function check_shared(resolved, problems)
  for _, key in ipairs(roles.shared) do
    local first
    for _, name in ipairs(options.sorted_keys(resolved)) do
      local role = resolved[name]
      local value = type(role) == "table" and role[key]
      if value and first and resolved[first][key] ~= value then
        problems:add(("models.%s.%s"):format(name, key), ("models.%s has another one: it is one for all roles")
          :format(first))
      end
      if value then first = first or name end
    end
  end
end

local function urls_of(url)
  if type(url) == "table" then return url end
  return { url }
end

--- What is wrong with a URL, or nil. All of it but a key may be shown, and all of it is
--- stored with the run, so there may be no key in it.
local function url_problem(url)
  if type(url) ~= "string" or not url:lower():find("^https?://[^/%s]+") then
    return ("'%s' is no URL such as http://127.0.0.1:8080/v1"):format(tostring(url))
  end
  local host, rest = url:match("^%a+://([^/?#]*)(.*)$")
  if host:find("@", 1, true) then
    return "a user or a password in a URL would be stored with the run: a key is named as key_env or key_file"
  end
  if rest:find("[?#]") then
    return ("%s… : what follows '%s' is not sent, and may be a key: leave it out, and name a key as key_env or "
      .. "key_file"):format(url:match("^[^?#]*"), rest:match("[?#]"))
  end
  return nil
end

local function check_urls(urls, field, problems)
  for i, url in ipairs(urls) do
    local problem = url_problem(url)
    if problem then problems:add(field .. ".url", problem) end
    if i > 64 then return problems:add(field .. ".url", "at most 64 endpoints") end
  end
end

--- Where the key is: the name of a variable or a file, never the key. What is given in
--- the place of a name may be one, so it is not shown.
local function check_key(role, field, problems)
  if role.key_env and not role.key_env:find("^[%a_][%w_]*$") then
    problems:add(field .. ".key_env", "names an environment variable that holds the key; this is no such name, and "
      .. "not shown, since it may be the key itself")
  end
  if role.key_file and not role.key_file:find("^~?/") then
    problems:add(field .. ".key_file", "is a path that begins with / or ~/; this is none, and not shown, since it may "
      .. "be the key itself")
  end
  if role.key_env and role.key_file then
    problems:add(field .. ".key_file", "goes in the place of key_env: give one of them")
  end
end

--- The role's price and where it is from: its own, else the user's for the model.
local function price_role(role, known, field, problems)
  if role.price ~= nil then
    local problem = prices.problem(role.price)
    if problem then problems:add(field .. ".price", problem) end
    role.price_from = "experiment"
  elseif known.models[role.model] then
    role.price, role.price_from = known.models[role.model], known.path
  end
end

--- Splits what is given into the role's own keys and the provider's options.
local function split(given, declared)
  local own, rest = {}, {}
  for key, value in pairs(given) do
    if roles.keys[key] then own[key] = value
    elseif declared[key] then rest[key] = value
    else own[key] = value end
  end
  return own, rest
end

local function resolve_one(name, given, registry, problems, known)
  local field = "models." .. name
  local api = type(given.api) == "string" and given.api or roles.keys.api.default
  local script, found = registry:find("provider", api)
  if not script then
    for _, message in ipairs(found) do problems:add(field .. ".api", message) end
    return nil
  end
  local own, rest = split(given, script.table.options or {})
  local urls = urls_of(own.url)
  own.url = nil
  local role, wrong = options.fill(roles.keys, own)
  problems:add_all(field .. ".", wrong)
  role.options, wrong = options.fill(script.table.options, rest)
  problems:add_all(field .. ".", wrong)
  if script.table.answer then
    role.urls = { "local:" .. name }
  elseif #urls == 0 then
    problems:add(field .. ".url", "is missing: set it, or OPENAI_BASE_URL if the experiment reads "
      .. "that")
    role.urls = {}
  else
    check_urls(urls, field, problems)
    role.urls = urls
  end
  check_key(role, field, problems)
  if role.proxy and role.proxy:match("^[^/]*//[^/]*@") then
    problems:add(field .. ".proxy", "a user or a password in a URL would be stored with the run: name a variable that "
      .. "holds the URL as proxy_env")
  end
  price_role(role, known, field, problems)
  role.form = script.table.form
  role.is_local = script.table.answer ~= nil
  return role
end

--- Whether a name leads to a model, or to one that is missing and named elsewhere.
local function reaches_model(models, name)
  local seen = {}
  while type(models[name]) == "string" do
    if seen[name] then return false end
    seen[name], name = true, models[name]
  end
  return true
end

--- Checks and completes `models`.
---@param models table<string, table|string>
---@param known? { path: string, models: table<string, table> } The user's prices; none by default.
---@return table<string, table|string> resolved Aliases stay strings. A role with a price says in
---`price_from` where it is from: "experiment" or a file.
function roles.resolve(models, registry, problems, known)
  local resolved = {}
  known = known or { models = {} }
  for _, name in ipairs(options.sorted_keys(models)) do
    local given = models[name]
    if type(given) == "string" then
      if models[given] == nil then
        problems:add("models." .. name, ("names the role '%s', which is not there"):format(given))
      end
      resolved[name] = given
    elseif type(given) == "table" then
      resolved[name] = resolve_one(name, given, registry, problems, known)
    else
      problems:add("models." .. tostring(name), "a table or the name of another role is expected")
    end
  end
  for _, name in ipairs(options.sorted_keys(resolved)) do
    if type(resolved[name]) == "string" and models[resolved[name]] ~= nil
      and not reaches_model(models, name) then
      problems:add("models." .. name, "leads back to itself: no role in the circle is a model")
    end
  end
  check_shared(resolved, problems)
  if not next(models) then problems:add("models", "is empty: a role 'default' serves all") end
  return resolved
end

--- The role that serves a name: itself, what it names, or 'default'.
---@param models table The resolved table.
---@param name string
---@return table|nil role
---@return string|nil message
function roles.serving(models, name)
  local role, steps = models[name] or models.default, 0
  while type(role) == "string" and steps < 256 do
    role, steps = models[role], steps + 1
  end
  if type(role) ~= "table" then
    return nil, ("no model serves the role '%s': add models.%s or models.default"):format(name,
      name)
  end
  return role
end

--- A resolved role as an experiment writes it.
---@param role table
---@param with_options boolean Whether the provider's options are part of it.
---@return table
function roles.as_written(role, with_options)
  local raw = {}
  for key in pairs(roles.keys) do raw[key] = role[key] end
  if role.price_from ~= "experiment" then raw.price = nil end
  if not role.is_local then raw.url = #role.urls == 1 and role.urls[1] or role.urls end
  for key, value in pairs(with_options and role.options or {}) do raw[key] = value end
  return raw
end

--- Checks that the roles that scripts ask for vectors make them.
---@param models table The resolved table.
---@param used { name: string, embeds: string|nil, options: table }[] Scripts; `embeds` is the
---option that names the role.
---@param problems advisor.Problems
function roles.check_embedders(models, used, problems)
  for _, script in ipairs(used) do
    local name = script.embeds and script.options[script.embeds]
    local role = name and roles.serving(models, name)
    if name and not (role and (role.form == "input" or role.form == "any")) then
      problems:add("models." .. name, ("'%s' asks this role for vectors: give it a model and "
        .. "api = \"openai_embeddings\""):format(script.name))
    end
  end
end

return roles

--- What can be learned of a role's servers before a run: which models they list (free),
--- and whether they take a request as the run will make it (one token).
local core = require("advisor_core")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local outcome = require("advisor.models.outcome")

local probing = {}

local DEADLINE_MS = 10000

--- The shortest call that the role's provider can make.
local function shortest_call(name, role)
  local call = { role = name, model = role.model, max_tokens = 1 }
  if role.form == "input" then
    call.input, call.max_tokens = json.array({ "yes" }), nil
  elseif role.form == "prompt" then
    call.prompt = "Say yes."
  else
    call.messages = { { role = "user", content = "Say yes." } }
  end
  return call
end

local function send(role, policy, url, request, body, deadline_ms)
  -- Else it could go on with the host's name, and the key to another host.
  if request.path:sub(1, 1) ~= "/" then return nil, ("the path of %s does not begin with '/'"):format(role.api) end
  return core.probe.request({ url = url:gsub("/+$", "") .. request.path, headers = request.headers,
    key_env = role.key_env, key_file = role.key_file, key_header = request.key_header, body = body,
    proxy = role.proxy, proxy_env = role.proxy_env, ca_file = role.ca_file, plain_http = policy.plain_http,
    total_ms = deadline_ms or DEADLINE_MS })
end

--- Tokens that a model's context holds, as servers say it in their lists (vLLM,
--- OpenRouter, llama.cpp).
local function context_of(entry)
  local meta = type(entry.meta) == "table" and entry.meta or {}
  for _, value in ipairs({ entry.max_model_len or false, entry.context_length or false,
    entry.context_window or false, meta.n_ctx or false, meta.n_ctx_train or false }) do
    if math.tointeger(value) then return math.tointeger(value) end
  end
  return nil
end

--- Asks a server for its list of models: it costs nothing.
---@param name string The role's.
---@param role table As `connect` gives it.
---@param policy table The experiment's.
---@param url string One of the role's.
---@param deadline_ms integer|nil
---@return table found `{ state = "listed", models = name -> { context } }`, or `{ state = "none" |
---"refused" | "unreachable", message }`: the server has no list, takes no such key, does not answer.
function probing.list(name, role, policy, url, deadline_ms)
  local request = role.provider.request(shortest_call(name, role), role)
  request.path = "/models"
  local reply, why = send(role, policy, url, request, nil, deadline_ms)
  if not reply then return { state = "unreachable", message = why } end
  local body = json.decode(reply.raw)
  if reply.http == 401 or reply.http == 403 then
    local _, message = outcome.error_of(body)
    return { state = "refused", message = ("HTTP %d %s"):format(reply.http, message) }
  end
  local list = reply.http == 200 and type(body) == "table" and body.data
  if type(list) ~= "table" then return { state = "none", message = ("HTTP %d"):format(reply.http) } end
  local models = {}
  for _, entry in ipairs(list) do
    if type(entry) == "table" and type(entry.id) == "string" then
      models[entry.id] = { context = context_of(entry) }
    end
  end
  if not next(models) then return { state = "none", message = "an empty list" } end
  return { state = "listed", models = models }
end

--- What a server lists in the place of a model that it does not have; nil where it
--- lists it, or names differ in how they are written only.
---@param models table<string, table>
---@param wanted string
---@return string|nil
function probing.missing(models, wanted)
  for id in pairs(models) do
    if id == wanted or id:match("[^/]+$") == wanted or id:match("^(.-):latest$") == wanted then return nil end
  end
  local names = options.sorted_keys(models)
  local shown = table.concat(names, ", ", 1, math.min(#names, 5))
  return shown .. (#names > 5 and (" and %d more"):format(#names - 5) or "")
end

--- Sampling that a run sends where the experiment says nothing else.
local SCHEMA = { type = "object", properties = { answer = { type = "string" } },
  required = json.array({ "answer" }), additionalProperties = false }

--- Optional parameters, in the order in which they are left out to find the culprit.
local OPTIONAL = { "schema", "seed", "stop", "top_p", "temperature" }

--- The call as the run will make it: its sampling, one token long.
local function whole_call(name, role, with_schema)
  local call = shortest_call(name, role)
  if role.form == "input" then return call end
  call.temperature, call.top_p = role.temperature or 0.7, role.top_p
  call.stop, call.seed = json.array({ "\n\n\n" }), role.seed and 1 or nil
  call.schema = with_schema and SCHEMA or nil
  return call
end

--- Asks once. Nothing but a text is wanted of it, and it may be cut off.
local function ask(role, policy, url, call)
  local request = role.provider.request(call, role)
  local reply, why = send(role, policy, url, request, request.body)
  if not reply then return { class = "not_sent", message = why } end
  reply.state, reply["end"], reply.curl, reply.sends, reply.headers, reply.why = "done", "done", 0, 1, "", ""
  return outcome.of_transport(reply) or role.provider.parse(reply, call)
end

local function is_fine(found) return found.class == "ok" or found.class == "unusable" end

--- Asks for one token with all parameters that a run may send; where the server refuses
--- that, again without one of them after the other.
---@param with_schema boolean Whether a script of the experiment asks for JSON by a schema.
---@return { fine: boolean, message: string|nil, refuses: string|nil, tokens: integer|nil } found
---`refuses`: the parameter without which the server answers; `tokens`: those it counted.
function probing.ask(name, role, policy, url, with_schema)
  local call = whole_call(name, role, with_schema)
  local found = ask(role, policy, url, call)
  if is_fine(found) then
    local usage = found.usage or {}
    return { fine = true, tokens = usage.prompt_tokens and usage.prompt_tokens + (usage.completion_tokens or 0) }
  end
  if found.class == "rejected" then
    for _, parameter in ipairs(OPTIONAL) do
      local value = call[parameter]
      call[parameter] = nil
      if value ~= nil and is_fine(ask(role, policy, url, call)) then
        return { fine = false, refuses = parameter, message = found.message }
      end
      call[parameter] = value
    end
  end
  return { fine = false, message = found.message or found.reason }
end

return probing

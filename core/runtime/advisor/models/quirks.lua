--- What some models and servers want otherwise than the interface says: another name
--- for a parameter, no system message, no temperature. Data, and what is done with it.
---
--- A quirk is known by the model's name, or learned from a server's refusal, which
--- costs nothing: the call is repeated with it. What was learned is a fact of the run
--- (`quirks`), so a resumed run begins with it. It changes what is sent, never the call
--- that replay compares, so it does not matter which call has learned it.
local json = require("advisor.output.json")
local options = require("advisor.host.options")

local quirks = {}

--- Each quirk: `parameter` is a field of the call that the server does not take; `models`
--- patterns of names known to have it; `says` patterns of refusals, in lower case, beside
--- those that every parameter shares; `renamed` where the provider sends the field under
--- another name; `fold` where system messages go into the user's; `changes` where leaving
--- the field out changes the experiment, so that only `allow_param_drop` allows it.
quirks.list = {
  { name = "max_completion_tokens", parameter = "max_tokens", renamed = "max_completion_tokens",
    models = { "^o%d", "/o%d", "^gpt%-5", "/gpt%-5" }, says = { "max_completion_tokens" } },
  { name = "no_system", fold = true, models = { "^o1%-mini", "^o1%-preview", "gemma%-?[12]?%-" },
    says = { "system role not supported", "roles must alternate", "does not support system",
      "developer instruction is not enabled", "unsupported value: 'messages%[%d+%]%.role'" } },
  { name = "no_seed", parameter = "seed" },
  { name = "no_stream_usage", parameter = "stream_options" },
  { name = "no_temperature", parameter = "temperature", changes = true,
    models = { "^o%d", "/o%d", "^gpt%-5", "/gpt%-5" } },
  { name = "no_top_p", parameter = "top_p", changes = true,
    models = { "^o%d", "/o%d", "^gpt%-5", "/gpt%-5" },
    says = { "`temperature` and `top_p` cannot both" } },
  { name = "no_stop", parameter = "stop", changes = true },
  { name = "no_frequency_penalty", parameter = "frequency_penalty", changes = true },
  { name = "no_presence_penalty", parameter = "presence_penalty", changes = true },
  { name = "no_schema", parameter = "schema", changes = true,
    says = { "response_format", "json_schema", "output_config" } },
}

--- How refusals say that a parameter is not taken; %s is its name.
local SHARED = {
  "unsupported parameter: '?%s", "unsupported value: '?%s", "unknown parameter: '?%s",
  "unrecognized request argument supplied: %s", "'?`?%s'?`? is not supported",
  "'?`?%s'?`? is deprecated", "does not support '?`?%s", "'?`?%s'?`? does not support",
  "'?`?%s'?`?: extra inputs are not permitted", "unexpected keyword argument '?%s",
}
local STATUS = { [400] = true, [422] = true, [500] = true }

local function matches(words, patterns)
  for _, pattern in ipairs(patterns or {}) do
    if words:find(pattern) then return true end
  end
  return false
end

--- Whether a refusal names the parameter in one of its fields.
local function names_parameter(body, parameter)
  local err = type(body.error) == "table" and body.error or body
  if err.param == parameter and tostring(err.code):find("^un") then return true end
  for _, each in ipairs(type(body.detail) == "table" and body.detail or {}) do
    local at = type(each) == "table" and type(each.loc) == "table" and each.loc
    if at and at[#at] == parameter and each.type == "extra_forbidden" then return true end
  end
  return false
end

local function is_said(quirk, body, words)
  if matches(words, quirk.says) then return true end
  if not quirk.parameter then return false end
  if names_parameter(body, quirk.parameter) then return true end
  for _, pattern in ipairs(SHARED) do
    if words:find((pattern:gsub("%%s", quirk.parameter, 1)) .. "%f[^%w_]") then return true end
  end
  return false
end

local function has_system(call)
  for _, message in ipairs(call.messages or {}) do
    if message.role == "system" then return true end
  end
  return false
end

--- Whether a call holds what a quirk is about.
local function concerns(quirk, call, role)
  if quirk.fold then return has_system(call) end
  if quirk.parameter == "stream_options" then return role.stream == true end
  return call[quirk.parameter] ~= nil
end

--- The quirk that a refused call shows, if any.
---@param reply { http: integer, raw: string }
---@param call table
---@param role table
---@return table|nil quirk One of `quirks.list`.
function quirks.said(reply, call, role)
  if not STATUS[reply.http] then return nil end
  local body = json.decode(reply.raw)
  if type(body) ~= "table" then return nil end
  local words = reply.raw:lower()
  for _, quirk in ipairs(quirks.list) do
    if concerns(quirk, call, role) and is_said(quirk, body, words) then return quirk end
  end
  return nil
end

--- Gives a role the quirks that its model's name tells and that were learned before.
---@param role table A connected role; `quirks`, a set of names, is added.
---@param learned string[]|nil
function quirks.begin(role, learned)
  role.quirks = {}
  for _, quirk in ipairs(quirks.list) do
    if matches((role.model or ""):lower(), quirk.models) and (not quirk.changes or role.allow_param_drop) then
      role.quirks[quirk.name] = true
    end
  end
  for _, name in ipairs(learned or {}) do role.quirks[name] = true end
end

--- Gives the roles of a run their quirks, those it has learned before included.
---@param models table Connected roles.
---@param learned table<string, string[]> Names of quirks by role, as `learn` gave them.
function quirks.open(models, learned)
  for name, role in pairs(models) do
    if type(role) == "table" then quirks.begin(role, learned[name]) end
  end
end

--- Takes in what a role's server has shown.
---@param models table Connected roles.
---@param role table One of them.
---@param quirk table
---@return table<string, string[]>|nil learned What the run is to remember: names of quirks by role;
---nil: nothing is new.
function quirks.learn(models, role, quirk)
  if role.quirks[quirk.name] then return nil end
  role.quirks[quirk.name] = true
  local learned = {}
  for name, each in pairs(models) do
    local names = type(each) == "table" and options.sorted_keys(each.quirks or {}) or {}
    if #names > 0 then learned[name] = names end
  end
  return learned
end

--- Neighbours of the same role become one message, and with `no_system` a system
--- message the beginning of the user's: templates take turns.
local function turns(messages, folds)
  local list = {}
  for _, message in ipairs(messages) do
    local role = folds and message.role == "system" and "user" or message.role
    local last = list[#list]
    if last and last.role == role then
      last.content = last.content .. "\n\n" .. message.content
    else
      list[#list + 1] = { role = role, content = message.content }
    end
  end
  return list
end

local function takes_turns(messages)
  for i = 2, #messages do
    if messages[i].role == messages[i - 1].role then return false end
  end
  return true
end

--- The call as a role's provider is to send it.
---@param call table
---@param role table
---@return table call The same one where nothing is to be changed.
function quirks.adapt(call, role)
  local known = role.quirks or {}
  local turned = not call.messages or takes_turns(call.messages) and not known.no_system
  if turned and not next(known) then return call end
  local adapted = {}
  for key, value in pairs(call) do adapted[key] = value end
  if not turned then adapted.messages = turns(call.messages, known.no_system) end
  for _, quirk in ipairs(quirks.list) do
    if known[quirk.name] and quirk.parameter and not quirk.renamed then adapted[quirk.parameter] = nil end
  end
  return adapted
end

return quirks

--- A call in the program's own form, as a script asks for it: checked, completed with
--- the role's sampling, named by its place. Nothing of endpoints or dialects is in it.
local core = require("advisor_core")
local json = require("advisor.output.json")
local readonly = require("advisor.host.readonly")
local tostring = require("advisor.host.library").tostring -- shows no addresses

local calls = {}

--- Options that a script may give with a question.
local OPTIONS = {
  temperature = "number", top_p = "number", max_tokens = "integer", stop = "list", schema = "table",
  frequency_penalty = "number", presence_penalty = "number",
}

local OPTION_NAMES = {}
for name in pairs(OPTIONS) do OPTION_NAMES[#OPTION_NAMES + 1] = name end

local function check_options(options)
  for key, value in pairs(options) do
    local kind = OPTIONS[key]
    if not kind then error(("ctx.ask: unknown option '%s'"):format(tostring(key)), 0) end
    local got = kind == "integer" and math.type(value) or kind == "list" and type(value) == "table"
      and "list"
      or type(value)
    if got ~= kind then
      error(("ctx.ask: option '%s': %s expected, got %s"):format(key, kind, got), 0)
    end
  end
end

local function check_messages(messages)
  if type(messages[1]) ~= "table" then
    error("ctx.ask: messages must be a list of { role, content }", 0)
  end
  local copy = {}
  for i = 1, #messages do
    local message = messages[i]
    if type(message) ~= "table" or type(message.role) ~= "string"
      or type(message.content) ~= "string" then
      error(("ctx.ask: message %d must be { role = text, content = text }"):format(i), 0)
    end
    copy[i] = { role = message.role, content = message.content }
  end
  return copy
end

--- Puts the prompt into the form that the role's provider speaks.
local function add_prompt(call, form, prompt, name)
  if form == "input" then
    error(("ctx.ask: the role '%s' makes embeddings: it is for ctx.embed"):format(name), 0)
  end
  local messages, raw
  if type(prompt) == "string" then
    messages, raw = { { role = "user", content = prompt } }, prompt
  elseif type(prompt) == "table" and (prompt.messages or prompt.prompt) then
    messages, raw = prompt.messages, prompt.prompt
  elseif type(prompt) == "table" then
    messages = prompt
  else
    error("ctx.ask: a prompt is a text, a list of messages, or { messages =, prompt = }", 0)
  end
  if form ~= "prompt" and messages then
    call.messages = check_messages(messages)
  elseif form ~= "messages" and type(raw) == "string" then
    call.prompt = raw
  elseif form == "prompt" then
    error(("ctx.ask: the role '%s' speaks raw completions, and this script gives messages only: "
      .. "--set models.%s.api=openai_chat"):format(name, name), 0)
  else
    error(("ctx.ask: the role '%s' speaks chat, and this script gives a raw prompt only: "
      .. "--set models.%s.api=openai_completions"):format(name, name), 0)
  end
end

local function plain_option(name, value)
  local copy, problem = readonly.plain(value, "option '" .. name .. "'")
  if problem then error("ctx.ask: " .. problem, 0) end
  if name == "stop" and #copy == 0 then return nil end
  return copy
end

--- A random stream of the lane's present call.
---@param purpose string
function calls.stream_of(run, lane, purpose)
  return core.rng.new(run.seed .. "/" .. lane.round .. "/" .. lane.stage .. "/" .. lane.path .. "/"
    .. lane.asks .. "/" .. purpose)
end

--- Builds the call in the program's own form: what replay compares, save its `seed`.
--- Raises where a script asks wrongly.
---@param name string The role as the script calls it.
---@param role table What serves it.
---@param prompt string|table
---@param options table
---@return table call
function calls.build(name, role, prompt, options)
  check_options(options)
  local call = { -- made with room for all that may come
    role = name, model = role.model, messages = nil, prompt = nil, temperature = nil, top_p = nil,
    max_tokens = nil, stop = nil, schema = nil, seed = nil,
  }
  add_prompt(call, role.form, prompt, name)
  for i = 1, #OPTION_NAMES do
    local key = OPTION_NAMES[i]
    local value = options[key]
    if value == nil then value = role[key] end
    -- A script's own option may be a view, and JSON's writer wants plain tables.
    if type(value) == "table" then value = plain_option(key, value) end
    call[key] = value
  end
  return call
end

--- The call for the vectors of some texts. Raises for a role that makes none.
---@param name string
---@param role table
---@param texts string[]
---@return table call
function calls.build_embedding(name, role, texts)
  if role.form ~= "input" and role.form ~= "any" then
    error(("ctx.embed: the role '%s' makes no embeddings: give models.%s a model and "
      .. "api = \"openai_embeddings\""):format(name, name), 0)
  end
  return { role = name, model = role.model, input = json.array(texts) }
end

return calls

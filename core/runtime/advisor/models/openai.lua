--- What the two OpenAI interfaces share: request fields, and reading a reply in
--- whatever form the server answers (JSON or server-sent events).
local json = require("advisor.output.json")
local outcome = require("advisor.models.outcome")
local reading = require("advisor.models.reading")

local openai = {}

local type = type -- a stream has an event a token

--- Starts a request body.
---@param call table The call in the program's own form.
---@param role table
---@return table body
function openai.body(call, role)
  local body = { -- with room for what the provider adds
    model = call.model, messages = nil, prompt = nil, stream = nil, stream_options = nil,
    temperature = call.temperature, top_p = call.top_p, max_tokens = call.max_tokens,
    stop = call.stop, seed = call.seed, frequency_penalty = call.frequency_penalty,
    presence_penalty = call.presence_penalty, max_completion_tokens = nil, response_format = nil,
  }
  local known = role.quirks or {}
  if known.max_completion_tokens then
    body.max_completion_tokens, body.max_tokens = call.max_tokens, nil
  end
  if call.schema then
    body.response_format = {
      type = "json_schema", json_schema = { name = "reply", strict = true, schema = call.schema },
    }
  end
  if role.stream then
    body.stream = true
    if not known.no_stream_usage then body.stream_options = { include_usage = true } end
  end
  return body
end

local HEADERS = { "Content-Type: application/json" }

--- The HTTP request of a body.
function openai.request(path, body)
  return {
    path = path, body = json.encode(body), key_header = "Authorization: Bearer ",
    headers = HEADERS,
  }
end

local function usage_of(usage)
  if type(usage) ~= "table" then return {} end
  return {
    prompt_tokens = math.tointeger(usage.prompt_tokens),
    completion_tokens = math.tointeger(usage.completion_tokens),
  }
end

local function is_there(value)
  return type(value) == "string" and value ~= "" or type(value) == "table" and next(value) ~= nil
end

local function has_reasoning(message)
  local text, other, details = message.reasoning_content, message.reasoning,
    message.reasoning_details
  return (text or other or details)
    and (is_there(text) or is_there(other) or is_there(details))
end

--- Adds one choice, or a piece of one, to what was read so far.
local function add_choice(read, choice)
  read.seen = true
  local message = choice.delta or choice.message
  if type(message) ~= "table" then message = {} end
  local piece, refusal, calls = message.content, message.refusal, message.tool_calls
  if type(piece) ~= "string" then piece = choice.text end
  if type(piece) == "string" then read.parts[#read.parts + 1] = piece end
  if refusal and type(refusal) == "string" and refusal ~= "" then
    read.refusal = (read.refusal or "") .. refusal
  end
  if calls and type(calls) == "table" and next(calls) then read.tool_call = true end
  if has_reasoning(message) then read.reasoning = true end
  if type(choice.finish_reason) == "string" then read.finish = choice.finish_reason end
end

local function result(read)
  read.usage = usage_of(read.usage)
  return reading.result(read)
end

local function first_choice(body)
  local choice = type(body.choices) == "table" and body.choices[1]
  return type(choice) == "table" and choice or nil
end

--- A reply without choices: the filter took them, or nobody knows why.
local function without_choices(filtered, usage)
  if filtered then
    return { class = "unusable", reason = "filtered", text = "", finish = "content_filter",
      usage = usage_of(usage) }
  end
  return reading.unknown("no_choices", "the reply has no choices")
end

local function parse_json(raw)
  local body, why, before_junk = json.decode(raw)
  body = body or before_junk
  if type(body) ~= "table" then
    return reading.unknown("malformed", "the reply is no JSON object: " .. tostring(why))
  end
  local choice = first_choice(body)
  if not choice then
    if body.error then return outcome.of_error_body(body) end
    return without_choices(body.prompt_filter_results, body.usage)
  end
  local read = { parts = {}, usage = body.usage, seen = nil, finish = nil, refusal = nil }
  add_choice(read, choice)
  local answer = result(read)
  if before_junk then answer.class, answer.reason = "unusable", "trailing" end
  return answer
end

local function parse_events(raw)
  local read, done = { parts = {}, usage = nil, seen = nil, finish = nil, refusal = nil }, false
  local broken = reading.each_event(raw, function(body, name, data)
    if name == "error" then return reading.unknown("stream_error", data:sub(1, 500)) end
    if not body then
      done = true
      return nil
    end
    if body.error then
      local found = outcome.of_error_body(body)
      found.class = "unknown" -- some text was already made, and may be paid
      return found
    end
    if type(body.usage) == "table" then read.usage = body.usage end
    read.filtered = read.filtered or body.prompt_filter_results
    local choice = first_choice(body)
    if choice then add_choice(read, choice) end
    return nil
  end)
  if broken then return broken end
  if not read.finish and not done then
    return reading.unknown("cut_off", "the stream ended without a finish reason")
  end
  if not read.seen then return without_choices(read.filtered, read.usage) end
  return result(read)
end

--- Reads the body of a reply with a status of success.
---@param reply table `{ raw, headers }`
---@return table outcome `{ class, reason, text, finish, usage, message }`
function openai.parse(reply)
  return reading.parse(reply.raw, parse_json, parse_events)
end

return openai

--- What the two OpenAI interfaces share: request fields, and reading a reply in
--- whatever form the server answers (JSON or server-sent events).
local core = require("advisor_core")
local json = require("advisor.output.json")
local outcome = require("advisor.models.outcome")

local openai = {}

local type, byte = type, string.byte -- a stream has an event a token

--- Starts a request body.
---@param call table The call in the program's own form.
---@param role table
---@return table body
function openai.body(call, role)
  local body = { -- with room for what the provider adds
    model = call.model, messages = nil, prompt = nil, stream = nil, stream_options = nil,
    temperature = call.temperature, top_p = call.top_p, max_tokens = call.max_tokens,
    stop = call.stop, seed = call.seed, frequency_penalty = call.frequency_penalty,
    presence_penalty = call.presence_penalty,
  }
  if call.schema then
    body.response_format = {
      type = "json_schema", json_schema = { name = "reply", strict = true, schema = call.schema },
    }
  end
  if role.stream then
    body.stream = true
    body.stream_options = { include_usage = true }
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

--- Finish reasons of a text that was cut at a limit.
local CUT = { length = true, max_tokens = true, model_context_window_exceeded = true }

local function result(read)
  local text = table.concat(read.parts)
  local answer = {
    class = "ok", reason = "", text = text, finish = read.finish or "",
    usage = usage_of(read.usage),
  }
  if read.refusal and text == "" then
    answer.text, answer.reason = read.refusal, "refusal"
  elseif read.finish == "content_filter" then
    answer.class, answer.reason = text == "" and "unusable" or "ok", "filtered"
  elseif text == "" then
    answer.class = "unusable"
    answer.reason = read.tool_call and "tool_call" or read.reasoning and "reasoning" or "empty"
  elseif CUT[read.finish] then
    answer.reason = "truncated"
  end
  return answer
end

local function unknown(reason, message)
  return { class = "unknown", reason = reason, message = message }
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
  return unknown("no_choices", "the reply has no choices")
end

local function parse_json(raw)
  local body, why, before_junk = json.decode(raw)
  body = body or before_junk
  if type(body) ~= "table" then
    return unknown("malformed", "the reply is no JSON object: " .. tostring(why))
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

local OPEN, CLOSE = ("{}"):byte(1, 2)

--- The events' objects, read in one go, which takes half the time. By the place of
--- the event; empty where that fails: then each is read for itself.
local function read_together(events)
  local n = #events
  -- The last one is mostly "[DONE]".
  while n > 0 and events[n] == "[DONE]" do n = n - 1 end
  for i = 1, n do
    local event = events[i]
    if type(event) ~= "string" or byte(event) ~= OPEN or byte(event, -1) ~= CLOSE then return {} end
  end
  local list = json.decode("[" .. table.concat(events, ",", 1, n) .. "]")
  return type(list) == "table" and #list == n and list or {}
end

local function parse_events(raw)
  local events, why = core.text.sse(raw)
  if not events then return unknown("malformed", why) end
  local read, done = { parts = {}, usage = nil, seen = nil, finish = nil, refusal = nil }, false
  local bodies = read_together(events)
  for i = 1, #events do
    local event = events[i]
    if type(event) == "table" then
      if event.event == "error" then return unknown("stream_error", event.data:sub(1, 500)) end
      event = event.data
    end
    if event == "[DONE]" then
      done = true
    else
      local body = bodies[i] or json.decode(event)
      if type(body) ~= "table" then
        return unknown("malformed", "an event is no JSON: " .. event:sub(1, 200))
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
    end
  end
  if not read.finish and not done then
    return unknown("cut_off", "the stream ended without a finish reason")
  end
  if not read.seen then return without_choices(read.filtered, read.usage) end
  return result(read)
end

--- Reads the body of a reply with a status of success.
---@param reply table `{ raw, headers }`
---@return table outcome `{ class, reason, text, finish, usage, message }`
function openai.parse(reply)
  local raw = reply.raw
  if raw:byte() == OPEN then return parse_json(raw) end
  raw = raw:gsub("^\239\187\191", "")
  if raw:find("^%s*[%w]*:") then return parse_events(raw) end
  if raw:find("^%s*<") then
    return unknown("html", "the server answered with a page, not with JSON: is the URL right?")
  end
  return parse_json(raw)
end

return openai

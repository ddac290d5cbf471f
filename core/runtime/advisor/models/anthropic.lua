--- Anthropic's messages interface: request fields, and reading a reply in either
--- form, JSON or server-sent events.
local json = require("advisor.output.json")
local outcome = require("advisor.models.outcome")
local reading = require("advisor.models.reading")

local anthropic = {}

--- Without a stream, longer replies than this may take more than ten minutes, by the
--- reckoning of Anthropic's own client; gateways give up before.
local LONGEST_WHOLE = 21333

--- System messages apart from the others, as the interface has it.
local function split(messages)
  local system, rest = {}, {}
  for _, message in ipairs(messages) do
    if message.role == "system" then
      system[#system + 1] = message.content
    else
      rest[#rest + 1] = message
    end
  end
  return #system > 0 and table.concat(system, "\n\n") or nil, rest
end

--- The HTTP request of a call. The interface has no seed; sampling options that it
--- does not know are sent all the same, since only the server knows that for sure.
---@param call table
---@param role table
---@return table request
function anthropic.request(call, role)
  local system, messages = split(call.messages)
  local body = {
    model = call.model, messages = json.array(messages), system = system,
    max_tokens = call.max_tokens or role.options.reply_tokens,
    temperature = call.temperature, top_p = call.top_p, stop_sequences = call.stop,
    frequency_penalty = call.frequency_penalty, presence_penalty = call.presence_penalty,
    stream = role.stream and true or nil,
  }
  if call.schema then
    body.output_config = { format = { type = "json_schema", schema = call.schema } }
  end
  return {
    path = "/messages", body = json.encode(body), key_header = "x-api-key: ",
    headers = { "Content-Type: application/json", "anthropic-version: " .. role.options.version },
  }
end

--- Adds figures to what was read; a stream gives them piece by piece, as sums.
local function add_usage(read, usage)
  if type(usage) ~= "table" then return end
  local asked = math.tointeger(usage.input_tokens)
  if asked then
    -- Cached parts are counted apart, and are part of the prompt all the same.
    asked = asked + (math.tointeger(usage.cache_creation_input_tokens) or 0)
      + (math.tointeger(usage.cache_read_input_tokens) or 0)
  end
  read.usage.prompt_tokens = asked or read.usage.prompt_tokens
  read.usage.completion_tokens = math.tointeger(usage.output_tokens) or read.usage.completion_tokens
end

--- Adds a block of content, or a piece of one.
local function add_block(read, block)
  if type(block) ~= "table" then return end
  local kind = tostring(block.type)
  if type(block.text) == "string" then
    read.parts[#read.parts + 1] = block.text
  elseif kind == "tool_use" then
    read.tool_call = true
  elseif kind:find("thinking", 1, true) then
    read.reasoning = true
  end
end

local function new_read()
  return { parts = {}, usage = {}, finish = nil, refusal = nil, tool_call = nil, reasoning = nil }
end

local function parse_json(raw)
  local body, why, before_junk = json.decode(raw)
  body = body or before_junk
  if type(body) ~= "table" then
    return reading.unknown("malformed", "the reply is no JSON object: " .. tostring(why))
  end
  if body.error then return outcome.of_error_body(body) end
  if type(body.content) ~= "table" then return reading.unknown("no_choices", "the reply has no content") end
  local read = new_read()
  for _, block in ipairs(body.content) do add_block(read, block) end
  add_usage(read, body.usage)
  read.finish = type(body.stop_reason) == "string" and body.stop_reason or nil
  local answer = reading.result(read)
  if before_junk then answer.class, answer.reason = "unusable", "trailing" end
  return answer
end

--- What each kind of event adds.
local EVENTS = {
  message_start = function(read, body)
    add_usage(read, type(body.message) == "table" and body.message.usage)
  end,
  content_block_start = function(read, body) add_block(read, body.content_block) end,
  content_block_delta = function(read, body) add_block(read, body.delta) end,
  message_delta = function(read, body)
    add_usage(read, body.usage)
    local reason = type(body.delta) == "table" and body.delta.stop_reason
    if type(reason) == "string" then read.finish = reason end
  end,
  message_stop = function(read) read.done = true end,
}

local function parse_events(raw)
  local read = new_read()
  local broken = reading.each_event(raw, function(body, name, data)
    if name == "error" or body and (body.type == "error" or body.error) then
      return reading.unknown("stream_error", data:sub(1, 500)) -- some text may be paid for
    end
    local add = body and EVENTS[body.type]
    if add then add(read, body) end
    return nil
  end)
  if broken then return broken end
  if not read.finish and not read.done then
    return reading.unknown("cut_off", "the stream ended without a stop reason")
  end
  return reading.result(read)
end

--- Reads the body of a reply with a status of success.
---@param reply { raw: string }
---@param call table
---@return table outcome
function anthropic.parse(reply, call)
  local found = reading.parse(reply.raw, parse_json, parse_events)
  if not reply.raw:find("^%s*[%w]*:") and (call.max_tokens or 0) > LONGEST_WHOLE then
    found.warning = ("a reply of %d tokens may take more than ten minutes, which connections do not "
      .. "always survive: stream=true"):format(call.max_tokens)
  end
  return found
end

return anthropic

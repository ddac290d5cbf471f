--- What all interfaces share in reading a reply: whether it is JSON, a stream of
--- events or a page, and what a text without words, a cut or a refusal is called.
local core = require("advisor_core")
local json = require("advisor.output.json")
local thinking = require("advisor.models.thinking")

local reading = {}

local type, byte = type, string.byte -- a stream has an event a token

local OPEN, CLOSE = ("{}"):byte(1, 2)

--- An outcome that nobody knows: the reply may be paid for.
---@param reason string
---@param message string
---@return table outcome
function reading.unknown(reason, message)
  return { class = "unknown", reason = reason, message = message }
end

--- Finish reasons of a text that was cut at a limit.
local CUT = { length = true, max_tokens = true, model_context_window_exceeded = true }
local FILTERED = { content_filter = true }

--- Why there is no text where one was paid for.
local function why_empty(read)
  if read.tool_call then return "tool_call" end
  if read.reasoning then return CUT[read.finish] and "reasoning_ate_budget" or "reasoning" end
  return "empty"
end

--- The outcome of what was read.
---@param read table `{ parts, finish, usage, refusal, tool_call, reasoning }`: pieces of text, the
---server's reason for the end, `{ prompt_tokens, completion_tokens }`, and what came instead of text.
---@return table outcome `{ class, reason, text, finish, usage }`
function reading.result(read)
  local text, kind = table.concat(read.parts), "none"
  if text:find("think>", 1, true) then text, kind = thinking.split(text) end
  local answer = { class = "ok", reason = "", text = text, finish = read.finish or "", usage = read.usage }
  if kind == "cut" then
    answer.class, answer.reason = "unusable", "thinking_cut"
  elseif read.refusal and text == "" then
    answer.text, answer.reason = read.refusal, "refusal"
  elseif FILTERED[read.finish] then
    answer.class, answer.reason = text == "" and "unusable" or "ok", "filtered"
  elseif read.finish == "refusal" then
    answer.class, answer.reason = text == "" and "unusable" or "ok", "refusal"
  elseif text == "" then
    if kind == "split" then read.reasoning = true end
    answer.class, answer.reason = "unusable", why_empty(read)
  elseif CUT[read.finish] then
    answer.reason = "truncated"
  end
  return answer
end

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

--- Reads server-sent events one after the other.
---@param raw string
---@param visit fun(body: table|nil, name: string|nil, data: string): table|nil Called with each
---event's object (nil for "[DONE]"), name and text; what it returns is the outcome.
---@return table|nil outcome Of the first event that has one.
function reading.each_event(raw, visit)
  local events, why = core.text.sse(raw)
  if not events then return reading.unknown("malformed", why) end
  local bodies = read_together(events)
  for i = 1, #events do
    local event, name = events[i], nil
    if type(event) == "table" then name, event = event.event, event.data end
    local body
    if event ~= "[DONE]" then
      body = bodies[i] or json.decode(event)
      -- Whatever an error event holds, its words are shown.
      if type(body) ~= "table" and name ~= "error" then
        return reading.unknown("malformed", "an event is no JSON: " .. event:sub(1, 200))
      end
    end
    local found = visit(body, name, event)
    if found then return found end
  end
  return nil
end

--- Reads the body of a reply with a status of success, in whatever form it came.
---@param raw string
---@param of_json fun(raw: string): table
---@param of_events fun(raw: string): table
---@return table outcome
function reading.parse(raw, of_json, of_events)
  if raw:byte() == OPEN then return of_json(raw) end
  raw = raw:gsub("^\239\187\191", "")
  if raw:find("^%s*[%w]*:") then return of_events(raw) end
  if raw:find("^%s*<") then
    return reading.unknown("html", "the server answered with a page, not with JSON: is the URL right?")
  end
  return of_json(raw)
end

return reading

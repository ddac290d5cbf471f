--- Classes of what came of an attempt, and what each allows (RELIABILITY 1).
---
---   ok        a reply; `reason` may say "truncated", "refusal", "filtered"
---   unusable  paid for, but without a text: "empty", "reasoning", "tool_call",
---             "reasoning_ate_budget", "thinking_cut", "filtered", "trailing"
---   not_sent  surely not sent: free to repeat
---   busy      refused by a loaded server, not paid: repeat after a while
---   server    status 500: repeat a few times
---   unknown   may be paid: repeat once, counted
---   rejected  the request is at fault, not paid: never the same again
---   denied    key, quota, model, address: the run pauses until that is mended
local json = require("advisor.output.json")

local outcome = {}

--- class -> policy key that limits repeats, and status code when they end.
outcome.repeats = {
  not_sent = { policy = "retry_not_sent", code = "ENOTSENT" },
  busy = { policy = "retry_busy", code = "EOVERLOADED" },
  server = { policy = "retry_server", code = "EOVERLOADED" },
  unknown = { policy = "retry_unknown", code = "EUNKNOWN" },
}

--- Certificates that do not verify stay so: asking again is no remedy.
--- A request that was refused before it was sent (42), as a key over plain HTTP is,
--- stays refused as well.
local NO_REMEDY = { [42] = true, [60] = true, [77] = true, [83] = true }
--- The model may have run to its end behind these, "billed anyway".
local UNKNOWN_STATUS = { [408] = true, [504] = true, [524] = true }
local BUSY_STATUS = { [429] = true, [502] = true, [503] = true, [529] = true }
for status = 520, 523 do BUSY_STATUS[status] = true end
local DENIED_STATUS = {}
for _, status in ipairs({ 401, 402, 403, 404, 405, 407 }) do DENIED_STATUS[status] = true end
local DENIED_CODES = {
  insufficient_quota = true, billing_hard_limit_reached = true, billing_error = true,
  invalid_api_key = true, model_not_found = true, account_deactivated = true,
  enforced_spend_limit_reached = true, authentication_error = true, permission_error = true,
  not_found_error = true,
}
--- A cap that the user has set at the server; it comes as a plain bad request.
local SPENT = "reached your specified api usage limits"
--- What a bad request is called where its status does not say so.
local REJECTED_CODES = {
  content_filter = true, invalid_request_error = true, request_too_large = true,
}

--- The words and codes of an error body, whatever its dialect.
---@param body any Decoded JSON, or nil.
---@return string code
---@return string message
function outcome.error_of(body)
  local err = type(body) == "table" and (body.error or body) or {}
  if type(err) == "string" then return "", err end
  if type(err) ~= "table" then return "", "" end
  local details = type(err.details) == "table" and err.details.error_code
  local code = details or err.code or err.type or ""
  local message = type(err.message) == "string" and err.message
    or type(err.detail) == "string" and err.detail or ""
  -- Routers put what the server behind them said beside it.
  local behind = type(err.metadata) == "table" and err.metadata.raw
  if type(behind) == "string" then message = message .. ": " .. behind end
  return tostring(code), message
end

--- How servers say that a prompt is too long; some with status 500.
local TOO_LONG = {
  "context_length_exceeded", "exceed_context_size", "context length", "exceed context limit",
  "too large to process", "prompt is too long", "must be at least 1, got %-",
  "available context size",
}
local TOO_LONG_STATUS = { [400] = true, [413] = true, [422] = true, [500] = true }

local function is_too_long(...)
  local words = table.concat({ ... }, "\n"):lower()
  for _, pattern in ipairs(TOO_LONG) do
    if words:find(pattern) then return true end
  end
  return false
end

local function error_type(body)
  local err = type(body) == "table" and (body.error or body)
  return type(err) == "table" and tostring(err.type or "") or ""
end

--- The class that a status stands for by itself.
local function class_of_status(status)
  if DENIED_STATUS[status] then return "denied" end
  if UNKNOWN_STATUS[status] then return "unknown" end
  if BUSY_STATUS[status] then return "busy" end
  return status >= 500 and "server" or "rejected"
end

--- Whether a refusal lasts until somebody mends it: key, quota, model.
local function is_denied(code, kind, message)
  return DENIED_CODES[code] or DENIED_CODES[kind] or message:lower():find(SPENT, 1, true) ~= nil
end

--- Some servers say whether asking again can help, and know better than their status.
local function by_its_own_word(reply, class)
  local word = ("\n" .. reply.headers):match("\nx%-should%-retry: (%a+)")
  if word == "true" and class == "rejected" then return "busy" end
  if word == "false" and (class == "busy" or class == "server") then return "rejected" end
  return class
end

local function redirected(reply, words)
  local target = reply.headers:match("location: ([^\n]*)") or "elsewhere"
  return { class = "denied", reason = "redirect", message = words
    .. ": the server redirects to " .. target .. "; redirects are never followed, give the final URL" }
end

local function of_error_status(reply)
  local status = reply.http
  local body = json.decode(reply.raw)
  local code, message = outcome.error_of(body)
  local kind = error_type(body)
  local words = ("HTTP %d%s"):format(status, message ~= "" and ": " .. message:sub(1, 500) or "")
  if status >= 300 and status < 400 then return redirected(reply, words) end
  local class, reason = by_its_own_word(reply, class_of_status(status)), tostring(status)
  if is_denied(code, kind, message) then
    class = "denied"
  elseif TOO_LONG_STATUS[status] and is_too_long(code, kind, message) then
    class, code = "rejected", "context"
  end
  if (class == "denied" or class == "rejected") and code ~= "" then reason = code end
  return { class = class, reason = reason, message = words }
end

--- What the transport alone decides; nil where the body must be read.
---@param reply table As `calls:send` gives it.
---@return table|nil outcome `{ class, reason, message }`
function outcome.of_transport(reply)
  if reply.state == "failed" then
    local class = NO_REMEDY[reply.curl] and "denied" or "not_sent"
    return { class = class, reason = "transport", message = reply.why }
  end
  if reply.state == "unknown" then
    return { class = "unknown", reason = reply["end"] or "transport", message = reply.why }
  end
  if reply.http < 200 or reply.http > 299 then return of_error_status(reply) end
  return nil
end

--- Bytes of a prompt that say something of its tokens, and the most that one token has.
local LONG_PROMPT, BYTES_A_TOKEN = 4096, 16

--- Bytes of what a call asks.
---@param call table
---@return integer
function outcome.prompt_bytes(call)
  local bytes = #(call.prompt or "")
  for _, message in ipairs(call.messages or {}) do bytes = bytes + #message.content end
  return bytes
end

--- Whether a server seems to have cut a prompt to its context without a word: it
--- counted far too few tokens, or a context of the usual size is full to the last one.
---@param found table An outcome with `usage`.
---@param call table
---@return string|nil message
function outcome.cut_prompt(found, call)
  local asked, made = found.usage.prompt_tokens, found.usage.completion_tokens
  if not asked then return nil end
  local bytes = outcome.prompt_bytes(call)
  local few = bytes > LONG_PROMPT and asked * BYTES_A_TOKEN < bytes
  if not few and not (made and asked + made == 4096) then return nil end
  return ("the server seems to have cut the prompt to its context without a word: it counted %d tokens "
    .. "in %d bytes; give the model a longer context there (Ollama: num_ctx); strict_context=true "
    .. "pauses"):format(asked, bytes)
end

--- The class of an error whose code is a status, or none: where it says nothing
--- about payment, the reply may be paid.
local function class_of_code(status)
  if status < 400 or status >= 500 or UNKNOWN_STATUS[status] then
    return BUSY_STATUS[status] and "busy" or "unknown"
  end
  return class_of_status(status)
end

--- A body that came with status 200 but is an error.
function outcome.of_error_body(body)
  local code, message = outcome.error_of(body)
  local kind = error_type(body)
  local class = class_of_code(math.tointeger(tonumber(code)) or 0)
  if is_denied(code, kind, message) then
    class = "denied"
  elseif code:find("rate_limit") or code:find("overloaded") then
    class = "busy"
  elseif is_too_long(code, kind, message) then
    class, code = "rejected", "context"
  elseif REJECTED_CODES[code] then
    class = "rejected"
  end
  return { class = class, reason = code ~= "" and code or "error", message = message }
end

return outcome

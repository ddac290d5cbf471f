--- Asking a model: the call in the program's own form, its name, and the only
--- retry loop. Replayed attempts go through the same loop as live ones, so a
--- resumed run decides as the first one did.
local core = require("advisor_core")
local json = require("advisor.output.json")
local text = require("advisor.output.text")
local embeddings = require("advisor.models.embeddings")
local outcome = require("advisor.models.outcome")
local readonly = require("advisor.host.readonly")
local roles = require("advisor.models.roles")

local ask = {}

--- Options that a script may give with a question.
local OPTIONS = {
  temperature = "number", top_p = "number", max_tokens = "integer", stop = "list", schema = "table",
  frequency_penalty = "number", presence_penalty = "number",
}

local OPTION_NAMES = {}
for name in pairs(OPTIONS) do OPTION_NAMES[#OPTION_NAMES + 1] = name end

--- A server that asks for more patience than this pauses the run.
local LONGEST_WAIT_MS = 15 * 60 * 1000

--- What became of the process that sent an attempt, as resume records it.
ask.INTERRUPTED = -1

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

--- The name of a random stream of the lane's present call.
local function stream_of(run, lane, purpose)
  return core.rng.new(run.seed .. "/" .. lane.round .. "/" .. lane.stage .. "/" .. lane.path .. "/"
    .. lane.asks .. "/" .. purpose)
end

--- Builds the call in the program's own form: what replay compares.
local function build(run, lane, name, role, prompt, options)
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
  if role.seed then call.seed = stream_of(run, lane, "model"):integer(1, 2147483647) end
  return call
end

--- The call for the vectors of some texts.
local function build_embedding(name, role, texts)
  if role.form ~= "input" and role.form ~= "any" then
    error(("ctx.embed: the role '%s' makes no embeddings: give models.%s a model and "
      .. "api = \"openai_embeddings\""):format(name, name), 0)
  end
  return { role = name, model = role.model, input = json.array(texts) }
end

local function local_answer(run, lane, role, call)
  local rng = stream_of(run, lane, "answer")
  return json.encode(role.provider.answer(call, rng, role.options))
end

--- Makes one live attempt: intent, slot, send, reply, all on disk when it comes.
---@return table|nil reply nil, message, code of a replay whose record has none.
local function attempt(run, lane, name, role, call, canonical, n, fresh)
  local request
  if role.is_local then
    request = { path = "", headers = {}, body = "", reply = local_answer(run, lane, role, call) }
  else
    request = role.provider.request(call, role)
  end
  local paid = run.reuse and not role.is_local and run.reuse:find(lane, role, request.body)
  local reply, why, code = run.calls:send({
    round = lane.round, stage = lane.stage, lane = lane.path, ordinal = lane.asks, n = n,
    role = name,
    canonical = canonical, endpoints = paid and { paid.endpoint } or role.endpoints,
    path = request.path, headers = request.headers,
    key_header = request.key_header, body = request.body, reply = paid and paid.raw or request.reply,
    fresh_connection = fresh,
  })
  if reply then reply.from_run = paid and true end
  if not reply and code == "ENORECORD" then return nil, why, code end
  if not reply then
    run:halt({ state = code == "ECANCELED" and "stopped" or "paused", code = code, message = why })
  end
  return reply
end

local function classify(role, call, reply)
  local found = outcome.of_transport(reply)
  if found then return found end
  if role.is_local then
    local answer = json.decode(reply.raw)
    local reason = answer.finish == "length" and "truncated" or ""
    return { class = "ok", reason = reason, text = answer.text, finish = answer.finish,
      vectors = answer.vectors and assert(embeddings.pack(answer.vectors, #call.input)),
      usage = answer.usage or {} }
  end
  return role.provider.parse(reply, call)
end

--- Money for a reply; what another run has paid for costs nothing.
local function cost_of(role, reply, usage)
  if reply.from_run then return 0 end
  if not role.price or not usage.prompt_tokens or not usage.completion_tokens then return nil end
  local price = role.price
  return (usage.prompt_tokens * price.prompt + usage.completion_tokens * price.completion) / 1e6
end

local INSERT_OUTCOME = "INSERT OR IGNORE INTO outcome (attempt, class, reason, final, "
  .. "prompt_tokens, "
  .. "completion_tokens, cost) VALUES (?, ?, ?, ?, ?, ?, ?)"

local function outcome_row(id, found, final, cost)
  local usage = found.usage or {}
  return { INSERT_OUTCOME, id, found.class, found.reason, final, usage.prompt_tokens,
    usage.completion_tokens, cost,
    n = 8 }
end

--- The reply that a script sees.
local function deliver(found)
  local body = core.text.valid(found.text) and found.text or core.text.repair(found.text)
  return {
    text = body, first_line = text.first_line(body), finish = found.finish,
    usage = found.usage, outcome = found.reason ~= "" and found.reason or "ok",
  }
end

--- How long to wait before attempt n + 1, asleep; recorded attempts wait for nothing.
local function wait(run, lane, n, reply)
  local asked = core.calls.retry_after(reply.headers)
  if asked > LONGEST_WAIT_MS then
    run:halt({ state = "paused", code = "EPAUSED",
      message = ("the server asks to wait for %d minutes; resume the run after that"):format(
        asked // 60000) })
  end
  local jitter = ("%d/%d/%s/%s/%d/%d/wait"):format(run.seed, lane.round, lane.stage, lane.path,
    lane.asks, n)
  local ms = core.calls.backoff(n, asked, jitter)
  if ms > 0 then core.loop.sleep(ms) end
end

local function drift(lane, recorded, canonical)
  return {
    state = "stopped", code = "EDRIFT",
    message = ("round %d %s/%s call %d differs from the recorded one; the run stops so that "
      .. "nothing is paid "
      .. "for twice.\n  recorded: %s\n  now:      %s"):format(lane.round, lane.stage, lane.path,
      lane.asks,
      recorded, canonical),
  }
end

--- Whether the run should pause instead of repeating or failing the call.
local function must_pause(run, name, found, repeats)
  if found.class == "denied" then return true end
  if found.class == "not_sent" then
    local limit = run.answered and run.policy.retry_not_sent
      or math.min(2, run.policy.retry_not_sent)
    return repeats >= limit
  end
  if found.class == "rejected" and not run.served[name] then
    run.rejected[name] = (run.rejected[name] or 0) + 1
    return run.rejected[name] >= 3
  end
  return false
end

local function pause_message(name, role, found)
  local hint, status = "", found.message:match("^HTTP (%d+)")
  if (status == "404" or status == "405") and found.reason ~= "model_not_found" then
    local other = role.api == "openai_chat" and "openai_completions" or "openai_chat"
    hint = ("; if the server has no such endpoint, --set models.default.api=%s may suit it")
      :format(other)
  elseif role.key_env and (status == "401" or status == "403") then
    hint = ("; the key is read from %s"):format(role.key_env)
  end
  return ("the role '%s' at %s: %s%s"):format(name, table.concat(role.urls, ", "), found.message,
    hint)
end

--- Why the run halts where a call does not end.
local function pause(name, role, found)
  if found.reason == "canceled" then
    return { state = "stopped", code = "ECANCELED", message = "canceled by the user" }
  end
  return { state = "paused", code = "EPAUSED", message = pause_message(name, role, found) }
end

--- Records what came of an attempt, unless that is on disk already: a process that
--- was killed may have left a reply without its class.
local function record(run, reply, found, final, cost)
  if not reply.class then run.store:post({ outcome_row(reply.id, found, final, cost) }) end
end

--- Fails a call for good: on disk before the script hears of it.
local function give_up(run, lane, reply, found)
  if reply.final ~= 1 then
    local ok, why = run.store:write({ outcome_row(reply.id, found, 1, nil) })
    if not ok then run:halt({ state = "paused", code = "EIO", message = why }) end
  end
  local kind = outcome.repeats[found.class]
  return nil, ("%s call %d: %s"):format(lane.stage, lane.asks, found.message or found.reason),
    kind and kind.code or "EREJECTED"
end

--- What follows from an attempt without a text: "again", "pause" or "give_up".
--- What was decided once holds, whatever other calls have met since.
local function decide(run, name, reply, found, count, live)
  if reply.final then return reply.final == 1 and "give_up" or "again" end
  if found.reason == "canceled" or must_pause(run, name, found, count) then
    return live and "pause" or "again"
  end
  local kind = outcome.repeats[found.class]
  return count >= (kind and run.policy[kind.policy] or 0) and "give_up" or "again"
end

--- Neither the death of the process nor the user's cancel counts as a try.
local function is_void(reply)
  return reply.curl == ask.INTERRUPTED or reply.reason == "canceled"
end

--- Makes attempts until one brings what was asked for, or none will.
---@return table|nil found The outcome, with `text` or `vectors`.
---@return string|nil message
---@return string|nil code
local function settle(run, lane, name, role, call)
  local canonical = json.encode(call)
  local recorded = run.journal:attempts(lane.round, lane.stage, lane.path, lane.asks, canonical)
  local repeats, n, fresh = {}, 0, false
  while true do
    n = n + 1
    local reply = recorded and recorded[n]
    local live = not reply
    if reply and reply.request ~= canonical then run:halt(drift(lane, reply.request, canonical)) end
    if live then
      local why, code
      reply, why, code = attempt(run, lane, name, role, call, canonical, n, fresh)
      if not reply then return nil, why, code end
    end
    if not is_void(reply) then
      local found = classify(role, call, reply)
      if found.text or found.vectors then
        run.answered, run.served[name] = true, true
        record(run, reply, found, 1, cost_of(role, reply, found.usage))
        return found
      end
      local count = repeats[found.class] or 0
      local next_step = decide(run, name, reply, found, count, live)
      if next_step == "give_up" then return give_up(run, lane, reply, found) end
      record(run, reply, found, 0, nil)
      if next_step == "pause" then
        run:halt(pause(name, role, found))
      elseif live then
        core.log.write("info",
          ("round %d %s/%s call %d attempt %d: %s, asking again: %s"):format(lane.round, lane.stage,
          lane.path, lane.asks, n, found.class, found.message or found.reason))
        wait(run, lane, n, reply)
      end
      repeats[found.class] = count + 1
      fresh = found.class == "unknown"
    end
  end
end

local function serving(run, name, what)
  local role, problem = roles.serving(run.models, name)
  if not role then error(what .. ": " .. problem, 0) end
  return role
end

--- Asks a role and waits for its reply.
---@param run table
---@param lane advisor.Lane
---@param name string A role.
---@param prompt string|table
---@param options table|nil
---@return table|nil reply `{ text, first_line, finish, usage, outcome }`
---@return string|nil message
---@return string|nil code
function ask.call(run, lane, name, prompt, options)
  if type(name) ~= "string" then error("ctx.ask: the name of a role is expected first", 0) end
  local role = serving(run, name, "ctx.ask")
  lane.asks = lane.asks + 1
  local call = build(run, lane, name, role, prompt, options or {})
  local found, why, code = settle(run, lane, name, role, call)
  if not found then return nil, why, code end
  return deliver(found)
end

--- Asks a role for the vectors of some texts and waits for them.
---@param run table
---@param lane advisor.Lane
---@param name string A role whose provider makes embeddings.
---@param texts string[] As many as the server takes at once.
---@return { vectors: string[], usage: table }|nil found Vectors as of `embeddings.pack`.
---@return string|nil message
---@return string|nil code
function ask.embed(run, lane, name, texts)
  local role = serving(run, name, "ctx.embed")
  lane.asks = lane.asks + 1
  return settle(run, lane, name, role, build_embedding(name, role, texts))
end

return ask

--- Asking a model: the only retry loop. Replayed attempts go through the same loop
--- as live ones, so a resumed run decides as the first one did.
local core = require("advisor_core")
local json = require("advisor.output.json")
local text = require("advisor.output.text")
local calls = require("advisor.models.call")
local classing = require("advisor.models.classing")
local failure = require("advisor.output.failure")
local outcome = require("advisor.models.outcome")
local quirks = require("advisor.models.quirks")
local roles = require("advisor.models.roles")

local ask = {}

--- A server that asks for more patience than this pauses the run.
local LONGEST_WAIT_MS = 15 * 60 * 1000

--- What became of the process that sent an attempt, as resume records it.
ask.INTERRUPTED = -1

local function local_answer(run, lane, role, call)
  local rng = calls.stream_of(run, lane, "answer")
  return json.encode(role.provider.answer(call, rng, role.options))
end

--- Tokens of a reply that is not like any before it.
local USUAL_REPLY = 256

--- How many tokens a call will take, for a cap on them: a guess by the prompt's length
--- and by what replies were like. It paces; nothing is decided by it.
local function expected_tokens(role, call)
  local bytes = outcome.prompt_bytes(call)
  for _, text_of in ipairs(call.input or {}) do bytes = bytes + #text_of end
  local reply = call.input and 0 or role.usual_reply or call.max_tokens or USUAL_REPLY
  return math.ceil(bytes / 4 + reply)
end

--- What is sent for a call, and the quirks that are in it already.
local function request_of(run, lane, role, call)
  if role.is_local then
    return { path = "", headers = {}, body = "", reply = local_answer(run, lane, role, call) }, {}
  end
  local known = {}
  for quirk in pairs(role.quirks or {}) do known[quirk] = true end
  return role.provider.request(quirks.adapt(call, role), role), known
end

--- Makes one live attempt: intent, slot, send, reply, all on disk when it comes.
---@return table|nil reply nil, message, code of a replay whose record has none.
local function attempt(run, lane, name, role, call, canonical, n, fresh)
  local request, known = request_of(run, lane, role, call)
  local paid = run.reuse and not role.is_local and run.reuse:find(lane, role, request.body)
  local reply, why, code = run.calls:send({
    round = lane.round, stage = lane.stage, lane = lane.path, ordinal = lane.asks, n = n,
    role = name,
    canonical = canonical, endpoints = paid and { paid.endpoint } or role.endpoints,
    path = request.path, headers = request.headers,
    key_header = request.key_header, body = request.body, reply = paid and paid.raw or request.reply,
    fresh_connection = fresh, tokens = role.tokens_per_minute and expected_tokens(role, call) or nil,
  })
  if not reply and code == "ENORECORD" then return nil, why, code end
  if not reply then
    if code == "EOVERLOADED" then why = ("the role '%s': %s"):format(name, why) end
    run:halt({ state = code == "ECANCELED" and "stopped" or "paused", code = code, message = why })
  end
  reply.from_run, reply.known_quirks = paid and true, known
  return reply
end

--- Says once for each role what its replies give reason to doubt.
local function warn(run, name, found)
  run.warned = run.warned or {}
  if not found.warning or run.warned[name] then return end
  run.warned[name] = true
  core.log.write("warn", ("the role '%s': %s"):format(name, found.warning))
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
  elseif (role.key_env or role.key_file) and (status == "401" or status == "403") then
    hint = ("; the key is read from %s"):format(role.key_env or role.key_file)
  elseif status == "407" then
    hint = "; the proxy wants credentials: put its URL with them into a variable, and name it: "
      .. "--set models.default.proxy_env=HTTPS_PROXY"
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
  if not reply.class then
    run.store:post({ outcome_row(reply.id, found, final, cost) })
    core.system.crash_point("outcome_posted")
  end
end

--- Statuses by which a gateway gives up on a long answer.
local TOO_LATE = { [408] = true, [504] = true, [524] = true }

--- Fails a call for good: on disk before the script hears of it.
local function give_up(run, lane, role, reply, found)
  if reply.final ~= 1 then
    local ok, why = run.store:write({ outcome_row(reply.id, found, 1, nil) })
    if not ok then run:halt({ state = "paused", code = "EIO", message = why }) end
  end
  local kind = outcome.repeats[found.class]
  local words = found.message or found.reason
  if TOO_LATE[reply.http] and not role.stream then
    words = words .. "; a stream (the role's stream=true) keeps such a connection alive"
  end
  return nil, ("%s call %d: %s"):format(lane.stage, lane.asks, words), kind and kind.code or "EREJECTED"
end

--- What follows from an attempt without a text: "again", "pause" or "give_up".
--- What was decided once holds, whatever other calls have met since.
local function decide(run, name, reply, found, count, live)
  if reply.final then return reply.final == 1 and "give_up" or "again" end
  if found.quirk then
    -- Without the quirk it was refused for free; with it, nothing else will help.
    local was_known = reply.known_quirks and reply.known_quirks[found.quirk.name]
    return was_known and "give_up" or "again"
  end
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

--- Notes an attempt without a text that is not the last one, and waits as long as
--- it takes until the next.
local function go_on(run, lane, name, role, n, reply, found, live)
  record(run, reply, found, 0, cost_of(role, reply, found.usage or {}))
  local learned = found.quirk and quirks.learn(run.models, role, found.quirk)
  if learned then
    local ok, why = run:remember("quirks", learned)
    if not ok then run:halt({ state = "paused", code = "EIO", message = why }) end
  end
  if not live then return end
  core.log.write("info", ("round %d %s/%s call %d attempt %d: %s, asking again: %s"):format(lane.round,
    lane.stage, lane.path, lane.asks, n, found.quirk and "the role '" .. name .. "' has the quirk "
    .. found.quirk.name or found.class, found.message or found.reason))
  if not found.quirk then wait(run, lane, n, reply) end
end

local function succeed(run, name, role, reply, found, live)
  run.answered, run.served[name] = true, true
  local made = role.tokens_per_minute and found.usage.completion_tokens
  if made then role.usual_reply = 0.9 * (role.usual_reply or made) + 0.1 * made end
  record(run, reply, found, 1, cost_of(role, reply, found.usage))
  if live then warn(run, name, found) end
  return found
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
      local found = classing.of(role, call, reply)
      if failure.out_of_memory() then run:halt(failure.NO_MEMORY) end
      if found.text or found.vectors then return succeed(run, name, role, reply, found, live) end
      local count = repeats[found.class] or 0
      local next_step = decide(run, name, reply, found, count, live)
      if next_step == "give_up" then return give_up(run, lane, role, reply, found) end
      if next_step == "pause" then
        record(run, reply, found, 0, cost_of(role, reply, found.usage or {}))
        run:halt(pause(name, role, found))
      end
      go_on(run, lane, name, role, n, reply, found, live)
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
  local call = calls.build(name, role, prompt, options or {})
  -- Counted once it can be asked: a script that asks wrongly and goes on leaves no gap.
  lane.asks = lane.asks + 1
  if role.seed then call.seed = calls.stream_of(run, lane, "model"):integer(1, 2147483647) end
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
  local call = calls.build_embedding(name, role, texts)
  lane.asks = lane.asks + 1
  return settle(run, lane, name, role, call)
end

return ask

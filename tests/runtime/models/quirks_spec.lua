local asking = require("support.asking")
local core = require("advisor_core")
local json = require("advisor.output.json")
local quirks = require("advisor.models.quirks")

local CHAT = require("advisor.models.providers.openai_chat")

local function refusal(http, body)
  return { http = http, raw = type(body) == "string" and body or json.encode(body) }
end

local function says(message, more)
  local err = { message = message }
  for key, value in pairs(more or {}) do err[key] = value end
  return refusal(400, { error = err })
end

--- A call that holds all that quirks are about.
local function full_call()
  return { max_tokens = 9, temperature = 0.5, top_p = 0.9, stop = { "x" }, seed = 7, schema = {},
    frequency_penalty = 0.1, presence_penalty = 0.1,
    messages = { { role = "system", content = "Be" }, { role = "user", content = "Hi" } } }
end

local function name_of(reply, call, role)
  local quirk = quirks.said(reply, call or full_call(), role or { stream = true })
  return quirk and quirk.name
end

describe("a refusal shows a quirk", function()
  local rows = {
    { "OpenAI, another name", "max_completion_tokens", says("Unsupported parameter: 'max_tokens' is not "
      .. "supported with this model. Use 'max_completion_tokens' instead.") },
    { "OpenAI, a value", "no_temperature", says("Unsupported value: 'temperature' does not support 0.5 with "
      .. "this model. Only the default (1) value is supported.") },
    { "by its fields alone", "no_top_p", says("No.", { param = "top_p", code = "unsupported_parameter" }) },
    { "OpenAI, an old one", "no_seed", says("Unrecognized request argument supplied: seed") },
    { "Mistral and pydantic", "no_seed", refusal(422, { detail = { { type = "extra_forbidden",
      loc = { "body", "seed" }, msg = "Extra inputs are not permitted" } } }) },
    { "Anthropic, an extra field", "no_presence_penalty",
      says("presence_penalty: Extra inputs are not permitted") },
    { "Anthropic, a deprecated one", "no_temperature", says("`temperature` is deprecated for this model.") },
    { "a reasoning model", "no_stop", says("'stop' is not supported with this model.") },
    { "no usage in streams", "no_stream_usage", says("Unknown parameter: 'stream_options'.") },
    { "no schema", "no_schema", says("Invalid parameter: 'response_format' of type 'json_schema'") },
    { "Gemma's template", "no_system", refusal(500, { error = { message = "System role not supported" } }) },
    { "Mistral's template", "no_system", says("Conversation roles must alternate user/assistant/…") },
    { "Gemini's", "no_system", says("Developer instruction is not enabled for models/gemma-3") },
  }
  for _, row in ipairs(rows) do
    it(row[1], function() assert.equals(row[2], name_of(row[3])) end)
  end

  it("only of what the call holds", function()
    local bare = { messages = { { role = "user", content = "Hi" } } }
    for _, row in ipairs(rows) do
      assert.is_nil(name_of(row[3], bare, { stream = false }))
    end
  end)

  it("not where it is about something else", function()
    assert.is_nil(name_of(says("The seed catalogue is not supported.")))
    assert.is_nil(name_of(says("Unknown parameter: 'seeds'.")))
    assert.is_nil(name_of(says("temperature must be at most 2")))
    assert.is_nil(name_of(refusal(429, { error = { message = "System role not supported" } })))
    assert.is_nil(name_of(refusal(400, "<html>")))
    assert.is_nil(name_of(refusal(400, { error = "Bad." })))
  end)
end)

describe("a model's name tells its quirks", function()
  local function known(model, more)
    local role = { model = model }
    for key, value in pairs(more or {}) do role[key] = value end
    quirks.begin(role, more and more.learned)
    local names = {}
    for name in pairs(role.quirks) do names[#names + 1] = name end
    table.sort(names)
    return names
  end

  it("without what would change the experiment", function()
    assert.same({ "max_completion_tokens" }, known("o3-mini"))
    assert.same({ "max_completion_tokens" }, known("openai/gpt-5.1"))
    assert.same({}, known("gpt-4o"))
    assert.same({}, known("ollama3"))
    assert.same({ "no_system" }, known("google/gemma-2-9b-it"))
  end)

  it("unless that is allowed", function()
    assert.same({ "max_completion_tokens", "no_temperature", "no_top_p" },
      known("gpt-5", { allow_param_drop = true }))
  end)

  it("and what was learned before is added", function()
    assert.same({ "max_completion_tokens", "no_seed" }, known("o1", { learned = { "no_seed" } }))
  end)
end)

describe("a call is adapted", function()
  local function adapt(call, ...)
    local role = { quirks = {} }
    for _, name in ipairs({ ... }) do role.quirks[name] = true end
    return quirks.adapt(call, role)
  end

  it("not at all where nothing asks for it", function()
    local call = full_call()
    assert.equals(call, adapt(call))
    assert.equals(call, quirks.adapt(call, {}))
  end)

  it("by leaving fields out, and the call itself stays", function()
    local call = full_call()
    local adapted = adapt(call, "no_seed", "no_temperature", "max_completion_tokens")
    assert.same({ nil, nil, 9, 0.9 }, { adapted.seed, adapted.temperature, adapted.max_tokens, adapted.top_p })
    assert.same(full_call(), call)
  end)

  it("by folding system messages into the user's", function()
    assert.same({ { role = "user", content = "Be\n\nHi" } }, adapt(full_call(), "no_system").messages)
  end)

  it("by joining neighbours of the same role", function()
    local call = { messages = { { role = "system", content = "A" }, { role = "system", content = "B" },
      { role = "user", content = "C" }, { role = "assistant", content = "D" }, { role = "user", content = "E" },
      { role = "user", content = "F" } } }
    assert.same({ { role = "system", content = "A\n\nB" }, { role = "user", content = "C" },
      { role = "assistant", content = "D" }, { role = "user", content = "E\n\nF" } }, adapt(call).messages)
  end)

  it("and OpenAI's interface has the other name", function()
    local role = { stream = true, quirks = { max_completion_tokens = true, no_stream_usage = true } }
    local body = json.decode(CHAT.request({ model = "m", max_tokens = 9, messages = {} }, role).body)
    assert.same({ nil, 9, nil }, { body.max_tokens, body.max_completion_tokens, body.stream_options })
    assert.is_true(body.stream)
  end)
end)

describe("a quirk is learned", function()
  local log = core.log.write
  before_each(function() core.log.write = function() end end)
  after_each(function() core.log.write = log end)

  local OK = { http = 200, raw = '{"choices":[{"message":{"content":"Hello"}}]}' }
  local NO_SEED = { http = 400, raw = '{"error":{"message":"Unknown parameter: \'seed\'."}}' }

  local function world(replies, given)
    local role = { model = "m", form = "messages", provider = CHAT, urls = { "http://x/v1" },
      api = "openai_chat", endpoints = { 1 }, seed = true }
    quirks.begin(role)
    given = given or {}
    given.models = { default = role, judge = "default" }
    return asking.world(replies, given)
  end

  it("once for a run, at no cost, and the canonical call stays", function()
    local run = world({ NO_SEED, OK, OK })
    assert.equals("Hello", asking.call(run).text)
    assert.equals("Hello", asking.call(run).text)
    assert.equals(3, #run.sent)
    assert.equals(run.sent[1].canonical, run.sent[2].canonical)
    assert.is_truthy(run.sent[1].body:find('"seed"', 1, true))
    assert.is_nil(run.sent[2].body:find('"seed"', 1, true))
    assert.is_nil(run.sent[3].body:find('"seed"', 1, true))
    assert.same({ "rejected", "quirk_no_seed", 0 },
      { run.rows[1].class, run.rows[1].reason, run.rows[1].final })
    assert.equals('{"default":["no_seed"]}', run.facts.quirks)
  end)

  it("and not again where the server still refuses", function()
    local run = world({ NO_SEED, NO_SEED, OK })
    local got, _, code = asking.call(run)
    assert.is_nil(got)
    assert.equals("EREJECTED", code)
    assert.equals(2, #run.sent)
    assert.same({ 0, 1 }, { run.rows[1].final, run.rows[2].final })
  end)

  it("by a call that was on its way while another one learned it", function()
    local run = world({ NO_SEED, OK })
    local send = run.calls.send
    function run.calls.send(...)
      local reply = send(...)
      run.models.default.quirks.no_seed = true -- as the other call has left it
      return reply
    end
    assert.equals("Hello", asking.call(run).text)
    assert.equals(2, #run.sent)
  end)

  it("from the record as well, whose process may have died before it was noted", function()
    local first = world({ NO_SEED, OK })
    asking.call(first)
    local recorded = { { id = 1, request = first.sent[1].canonical, state = "done", http = 400, curl = 0,
      headers = "", raw = NO_SEED.raw, why = "", class = "rejected", final = 0 } }
    local run = world({ OK }, { recorded = recorded })
    assert.equals("Hello", asking.call(run).text)
    assert.is_nil(run.sent[1].body:find('"seed"', 1, true))
    assert.equals('{"default":["no_seed"]}', run.facts.quirks)
  end)
end)

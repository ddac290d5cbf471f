local json = require("advisor.output.json")
local provider = require("advisor.models.providers.anthropic_messages")

local ROLE = { stream = false, options = { reply_tokens = 4096, version = "2023-06-01" } }

local function request(call, role)
  call.model = "m"
  call.messages = call.messages or { { role = "user", content = "Hi" } }
  local made = provider.request(call, role or ROLE)
  return made, json.decode(made.body)
end

local function parse(raw, call)
  if type(raw) == "table" then raw = json.encode(raw) end
  return provider.parse({ raw = raw, headers = "" }, call or {})
end

local function is(class, reason, text, found)
  assert.same({ class = class, reason = reason, text = text },
    { class = found.class, reason = found.reason, text = found.text })
end

local function message(content, reason, usage)
  return parse({ type = "message", content = json.array(content), stop_reason = reason or "end_turn",
    usage = usage or { input_tokens = 7, output_tokens = 3 } })
end

local function stream(...)
  local lines = {}
  for i, event in ipairs({ ... }) do
    lines[i] = "event: " .. event.type .. "\ndata: " .. json.encode(event) .. "\n\n"
  end
  return table.concat(lines)
end

local START = { type = "message_start", message = { usage = { input_tokens = 5, output_tokens = 1,
  cache_creation_input_tokens = 2, cache_read_input_tokens = 30 } } }
local BLOCK = { type = "content_block_start", index = 0, content_block = { type = "text", text = "" } }
local function piece(text)
  return { type = "content_block_delta", index = 0, delta = { type = "text_delta", text = text } }
end
local function ending(reason)
  return { type = "message_delta", delta = { stop_reason = reason }, usage = { output_tokens = 12 } }
end
local STOP = { type = "message_stop" }

describe("a request to Anthropic", function()
  it("has its path, key and version", function()
    local made = request({})
    assert.equals("/messages", made.path)
    assert.equals("x-api-key: ", made.key_header)
    assert.same({ "Content-Type: application/json", "anthropic-version: 2023-06-01" }, made.headers)
  end)

  it("has system messages apart, and max_tokens always", function()
    local _, body = request({ seed = 7, messages = { { role = "system", content = "Be" },
      { role = "system", content = "brief" }, { role = "user", content = "Hi" } } })
    assert.same({ model = "m", system = "Be\n\nbrief", max_tokens = 4096,
      messages = { { role = "user", content = "Hi" } } }, body)
  end)

  it("says what the call says", function()
    local _, body = request({ max_tokens = 9, temperature = 0.5, top_p = 0.9, stop = { "END" } },
      { stream = true, options = ROLE.options })
    assert.same({ 9, 0.5, 0.9, { "END" }, true },
      { body.max_tokens, body.temperature, body.top_p, body.stop_sequences, body.stream })
    _, body = request({ schema = { type = "object" } })
    assert.same({ format = { type = "json_schema", schema = { type = "object" } } }, body.output_config)
  end)
end)

describe("Anthropic's whole reply", function()
  it("is read with its figures, cached parts included", function()
    local found = message({ { type = "text", text = "Hel" }, { type = "text", text = "lo" } }, nil,
      { input_tokens = 5, output_tokens = 3, cache_creation_input_tokens = 2, cache_read_input_tokens = 30 })
    is("ok", "", "Hello", found)
    assert.same({ "end_turn", { prompt_tokens = 37, completion_tokens = 3 } }, { found.finish, found.usage })
  end)

  it("says why it ended (15, 16)", function()
    is("ok", "truncated", "Hel", message({ { type = "text", text = "Hel" } }, "max_tokens"))
    is("ok", "truncated", "Hel", message({ { type = "text", text = "Hel" } }, "model_context_window_exceeded"))
    is("ok", "refusal", "No.", message({ { type = "text", text = "No." } }, "refusal"))
    is("unusable", "refusal", "", message({}, "refusal"))
    is("unusable", "empty", "", message({}))
  end)

  it("may think, or call a tool (18, 19)", function()
    is("ok", "", "Hello", message({ { type = "thinking", thinking = "Hm" }, { type = "text", text = "Hello" } }))
    is("unusable", "reasoning_ate_budget", "", message({ { type = "thinking", thinking = "Hm" } }, "max_tokens"))
    is("unusable", "reasoning", "", message({ { type = "redacted_thinking", data = "x" } }))
    is("unusable", "tool_call", "", message({ { type = "tool_use", name = "x", input = {} } }, "tool_use"))
  end)

  it("that is an error or none is classed (9-13)", function()
    is("busy", "overloaded_error", nil, parse({ type = "error", error = { type = "overloaded_error" } }))
    is("denied", "authentication_error", nil, parse({ type = "error", error = { type = "authentication_error" } }))
    is("unknown", "api_error", nil, parse({ type = "error", error = { type = "api_error" } }))
    is("unknown", "no_choices", nil, parse("{}"))
    is("unknown", "html", nil, parse("<html></html>"))
    is("unknown", "malformed", nil, parse('{"content":[{"ty'))
    is("unusable", "trailing", "x", parse('{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}}'))
  end)

  it("of a great length gives a warning, a stream does not", function()
    local raw = '{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}'
    assert.is_nil(parse(raw, { max_tokens = 21333 }).warning)
    assert.is_truthy(parse(raw, { max_tokens = 21334 }).warning:find("stream=true", 1, true))
    assert.is_nil(parse(stream(START, BLOCK, piece("x"), STOP), { max_tokens = 99999 }).warning)
  end)
end)

describe("Anthropic's stream", function()
  it("is read with its figures", function()
    local found = parse(stream(START, BLOCK, { type = "ping" }, piece("Hel"), piece("lo"),
      { type = "content_block_stop", index = 0 }, ending("end_turn"), STOP))
    is("ok", "", "Hello", found)
    assert.same({ prompt_tokens = 37, completion_tokens = 12 }, found.usage)
    assert.equals("end_turn", found.finish)
  end)

  it("may end without the last event, not without a reason (33)", function()
    is("ok", "truncated", "Hel", parse(stream(START, BLOCK, piece("Hel"), ending("max_tokens"))))
    is("unknown", "cut_off", nil, parse(stream(START, BLOCK, piece("Hel"))))
  end)

  it("that breaks off with an error is unknown (32)", function()
    is("unknown", "stream_error", nil, parse(stream(START, BLOCK, piece("Hel"),
      { type = "error", error = { type = "overloaded_error", message = "Overloaded" } })))
    is("unknown", "malformed", nil, parse(stream(START) .. "event: x\ndata: {\"type\":\n\n"))
  end)

  it("may think, call a tool, refuse", function()
    is("unusable", "reasoning_ate_budget", "", parse(stream(START,
      { type = "content_block_start", index = 0, content_block = { type = "thinking", thinking = "" } },
      { type = "content_block_delta", index = 0, delta = { type = "thinking_delta", thinking = "Hm" } },
      ending("max_tokens"), STOP)))
    is("unusable", "tool_call", "", parse(stream(START, { type = "content_block_start", index = 0,
      content_block = { type = "tool_use", name = "x" } }, ending("tool_use"), STOP)))
    is("unusable", "refusal", "", parse(stream(START, ending("refusal"), STOP)))
  end)
end)

local openai = require("advisor.models.openai")
local json = require("advisor.output.json")

local function parse(raw)
  return openai.parse({ raw = raw, headers = "" })
end

--- A whole reply with one choice.
local function whole(choice, more)
  local body = { choices = { choice }, usage = { prompt_tokens = 7, completion_tokens = 3 } }
  for key, value in pairs(more or {}) do body[key] = value end
  return json.encode(body)
end

local function chat(message, finish)
  return parse(whole({ message = message, finish_reason = finish or "stop" }))
end

local function data(...)
  local lines = {}
  for i, event in ipairs({ ... }) do
    lines[i] = "data: " .. (type(event) == "table" and json.encode(event) or event) .. "\n\n"
  end
  return table.concat(lines)
end

local function delta(fields, finish)
  return { choices = { { delta = fields, finish_reason = finish } } }
end

local HELLO = { delta({ role = "assistant" }), delta({ content = "Hel" }),
  delta({ content = "lo" }) }

local function stream(...)
  return parse(data(HELLO[1], HELLO[2], HELLO[3], ...))
end

--- Asserts class, reason and text.
local function is(class, reason, text, found)
  assert.same({ class = class, reason = reason, text = text },
    { class = found.class, reason = found.reason, text = found.text })
end

describe("a whole reply", function()
  it("of either interface", function()
    local found = chat({ role = "assistant", content = " Hello\n" })
    assert.same({ class = "ok", reason = "", text = " Hello\n", finish = "stop",
      usage = { prompt_tokens = 7, completion_tokens = 3 } }, found)
    is("ok", "", "Hello", parse(whole({ text = "Hello", finish_reason = "stop" })))
  end)

  it("with blanks or a byte order mark in front (12)", function()
    local raw = whole({ text = "Hello" })
    is("ok", "", "Hello", parse("\239\187\191" .. raw))
    is("ok", "", "Hello", parse("\r\n\t " .. raw .. "\n\n"))
  end)

  it("with junk behind is paid, and not sent again (12)", function()
    local raw = whole({ text = "Hello" })
    is("unusable", "trailing", "Hello", parse(raw .. "\n}"))
    is("unusable", "trailing", "Hello", parse(raw .. raw))
    is("unusable", "trailing", "Hello", parse("\239\187\191" .. raw .. " <html>"))
  end)

  it("that ends early is unknown (11)", function()
    local raw = whole({ text = "Hello" })
    for _, length in ipairs({ 1, 10, #raw - 1 }) do
      is("unknown", "malformed", nil, parse(raw:sub(1, length)))
    end
    is("unknown", "malformed", nil, parse(""))
    is("unknown", "malformed", nil, parse("true"))
  end)

  it("that is a page is unknown (9)", function()
    is("unknown", "html", nil, parse("<!DOCTYPE html><html></html>"))
    is("unknown", "html", nil, parse("\239\187\191\n <html></html>"))
  end)

  it("that is an error is classed by its code (10)", function()
    is("busy", "429", nil, parse('{"error":{"code":429,"message":"x"},"choices":[]}'))
    is("denied", "insufficient_quota", nil, parse('{"error":{"code":"insufficient_quota"}}'))
    is("unknown", "error", nil, parse('{"error":"failed"}'))
    is("ok", "", "Hello", parse(whole({ text = "Hello" }, { error = json.null })))
  end)

  it("without choices is unknown, or filtered (13)", function()
    is("unknown", "no_choices", nil, parse("{}"))
    is("unknown", "no_choices", nil, parse('{"choices":[]}'))
    is("unknown", "no_choices", nil, parse('{"choices":null}'))
    is("unknown", "no_choices", nil, parse('{"choices":[7]}'))
    local found = parse('{"choices":[],"prompt_filter_results":[{"x":1}],'
      .. '"usage":{"prompt_tokens":4}}')
    is("unusable", "filtered", "", found)
    assert.equals(4, found.usage.prompt_tokens)
  end)

  it("without content says why (14, 18, 19)", function()
    is("unusable", "empty", "", chat({ content = "" }))
    is("unusable", "empty", "", chat({ content = json.null }))
    is("unusable", "empty", "", chat({}))
    for _, name in ipairs({ "reasoning_content", "reasoning" }) do
      is("unusable", "reasoning_ate_budget", "", chat({ content = json.null, [name] = "Hm" }, "length"))
      is("unusable", "empty", "", chat({ content = json.null, [name] = "" }))
    end
    is("unusable", "reasoning", "", chat({ reasoning_details = { { text = "Hm" } } }))
    is("unusable", "tool_call", "", chat({ content = json.null,
      tool_calls = { { ["function"] = { name = "x" } } } }, "tool_calls"))
    is("ok", "", "Hello", chat({ content = "Hello", tool_calls = {}, reasoning_content = "Hm" }))
    is("unusable", "empty", "", parse('{"choices":[{"message":7}]}'))
  end)

  it("cut at a limit keeps its text (15)", function()
    is("ok", "truncated", "Hel", chat({ content = "Hel" }, "length"))
    is("ok", "truncated", "Hel", chat({ content = "Hel" }, "max_tokens"))
    is("ok", "truncated", "Hel", chat({ content = "Hel" }, "model_context_window_exceeded"))
  end)

  it("filtered or refused is data (16)", function()
    is("ok", "filtered", "Hel", chat({ content = "Hel" }, "content_filter"))
    is("unusable", "filtered", "", chat({ content = json.null }, "content_filter"))
    is("ok", "refusal", "I can't.", chat({ content = json.null, refusal = "I can't." }))
    is("ok", "", "Hello", chat({ content = "Hello", refusal = json.null }))
    is("ok", "refusal", "No.", chat({ content = "No." }, "refusal"))
    is("unusable", "refusal", "", chat({ content = json.null }, "refusal"))
  end)

  it("may hold thinking, which is split off (17)", function()
    is("ok", "", "Hello", chat({ content = "<think>Hm</think>\n\nHello" }))
    is("ok", "", "Hello", chat({ content = "Hm, the template opened it</think> Hello" }))
    is("unusable", "thinking_cut", "", chat({ content = " <think>Hm, Hello" }, "length"))
    is("unusable", "reasoning", "", chat({ content = "<think>Hm</think>\n" }))
    is("ok", "", "Write <think> and </think>", chat({ content = "Write <think> and </think>" }))
    is("ok", "", "Hello", parse(data(delta({ content = "<thi" }), delta({ content = "nk>Hm</think>Hello" }),
      delta({}, "stop"))))
  end)

  it("with half a surrogate pair, ill-formed UTF-8 or a NUL is not lost (28-30)", function()
    is("ok", "", "Hello \u{FFFD}", parse('{"choices":[{"text":"Hello \\ud83d"}]}'))
    is("ok", "", "Hello \u{FFFD}!", parse('{"choices":[{"text":"Hello \255!"}]}'))
    is("ok", "", "Hello \0", parse('{"choices":[{"text":"Hello \\u0000"}]}'))
    is("ok", "", "\u{1F600}", parse('{"choices":[{"text":"\\ud83d\\ude00"}]}'))
  end)

  it("with odd figures has none", function()
    for _, usage in ipairs({ '"x"', "7", "null", '{"prompt_tokens":{}}' }) do
      local found = parse('{"choices":[{"text":"x"}],"usage":' .. usage .. "}")
      is("ok", "", "x", found)
      assert.is_nil(found.usage.prompt_tokens)
    end
  end)
end)

describe("a stream", function()
  it("of either interface, ended by a reason and [DONE]", function()
    local found = stream(delta({}, "stop"), "[DONE]")
    is("ok", "", "Hello", found)
    assert.equals("stop", found.finish)
    is("ok", "", "Hello", parse(data({ choices = { { text = "Hel" } } },
      { choices = { { text = "lo", finish_reason = "stop" } } }, "[DONE]")))
  end)

  it("may end with either of them (34)", function()
    is("ok", "", "Hello", stream(delta({}, "stop")))
    is("ok", "", "Hello", stream("[DONE]"))
  end)

  it("that ends with neither is unknown (33)", function()
    is("unknown", "cut_off", nil, stream())
    is("unknown", "cut_off", nil, parse(": comment\n\n"))
    is("unknown", "cut_off", nil, parse("data: " .. json.encode(delta({ content = "x" }))))
  end)

  it("may have a chunk with the usage only (34)", function()
    local found = stream(delta({}, "stop"),
      { choices = {}, usage = { prompt_tokens = 7, completion_tokens = 2 } }, "[DONE]")
    is("ok", "", "Hello", found)
    assert.same({ prompt_tokens = 7, completion_tokens = 2 }, found.usage)
  end)

  it("may have comments, CRLF, no space, names, a byte order mark (34)", function()
    local raw = data(HELLO[1], HELLO[2], HELLO[3], delta({}, "stop"), "[DONE]")
    is("ok", "", "Hello", parse(": OPENROUTER PROCESSING\n\n" .. raw))
    is("ok", "", "Hello", parse((raw:gsub("\n", "\r\n"))))
    is("ok", "", "Hello", parse((raw:gsub("data: ", "data:"))))
    is("ok", "", "Hello", parse("retry: 3000\nid: 1\n" .. raw))
    is("ok", "", "Hello", parse((raw:gsub("data: ", "event: message\ndata: "))))
    is("ok", "", "Hello", parse("\239\187\191" .. raw))
    is("ok", "", "Hello", parse("\n\n" .. raw))
  end)

  it("that breaks off with an error is unknown (32)", function()
    local cause = '{"error":{"code":429,"message":"Slow down."}}'
    local found = stream(cause)
    is("unknown", "429", nil, found)
    assert.equals("Slow down.", found.message)
    is("unknown", "stream_error", nil, parse(data(HELLO[2]) .. "event: error\n" .. data(cause)))
    is("unknown", "malformed", nil, parse(data(HELLO[2], '{"choices": [{"ind')))
  end)

  it("without choices is unknown, or filtered (13)", function()
    is("unknown", "no_choices", nil, parse(data({ choices = {} }, "[DONE]")))
    is("unusable", "filtered", "",
      parse(data({ choices = {}, prompt_filter_results = { { x = 1 } } }, "[DONE]")))
    is("ok", "", "x", parse(data({ choices = {}, prompt_filter_results = { { x = 1 } } },
      delta({ content = "x" }, "stop"))))
  end)

  it("without content says why (14-16, 18, 19)", function()
    is("unusable", "empty", "", parse(data(delta({ content = "" }, "stop"))))
    is("unusable", "reasoning_ate_budget", "",
      parse(data(delta({ reasoning_content = "Hm" }), delta({}, "length"))))
    is("unusable", "tool_call", "",
      parse(data(delta({ tool_calls = { { index = 0 } } }), delta({}, "tool_calls"))))
    is("ok", "refusal", "I can't.",
      parse(data(delta({ refusal = "I " }), delta({ refusal = "can't." }, "stop"))))
    is("ok", "truncated", "Hello", stream(delta({}, "length")))
    is("ok", "filtered", "Hello", stream(delta({}, "content_filter")))
  end)
end)

describe("a request", function()
  local call = { model = "m", temperature = 0, top_p = 0.95, max_tokens = 4, seed = 7, role = "x" }

  it("says what the call says, and no more", function()
    local body = openai.body(call, { stream = false })
    assert.equals('{"max_tokens":4,"model":"m","seed":7,"temperature":0,"top_p":0.95}',
      json.encode(body))
  end)

  it("asks for a stream with its usage, a schema, stops", function()
    local body = openai.body({ model = "m", schema = { type = "object" }, stop = { "\n" } },
      { stream = true })
    assert.same({ include_usage = true }, body.stream_options)
    assert.is_true(body.stream)
    assert.same({ type = "object" }, body.response_format.json_schema.schema)
    assert.same({ "\n" }, body.stop)
  end)

  it("goes to the interface's path, the key is the program's business", function()
    for name, path in pairs({ openai_chat = "/chat/completions",
      openai_completions = "/completions" }) do
      local provider = require("advisor.models.providers." .. name)
      local request = provider.request({ model = "m", prompt = "p", messages = {} }, {})
      assert.equals(path, request.path)
      assert.equals("Authorization: Bearer ", request.key_header)
      assert.same({ "Content-Type: application/json" }, request.headers)
    end
  end)
end)

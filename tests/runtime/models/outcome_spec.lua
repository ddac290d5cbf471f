local outcome = require("advisor.models.outcome")
local json = require("advisor.output.json")

local function of_status(status, body, headers)
  if type(body) == "table" then body = json.encode({ error = body }) end
  return outcome.of_transport({
    state = "done", http = status, headers = headers or "", raw = body or "",
  })
end

describe("an outcome by status", function()
  -- Rows of RELIABILITY 1.
  local rows = {
    { "1 rate limit", 429, { code = "rate_limit_exceeded", message = "Slow down." }, "busy" },
    { "4 quota", 429, { code = "insufficient_quota", type = "insufficient_quota" }, "denied" },
    { "4 quota by type", 429, { code = 429, type = "insufficient_quota" }, "denied" },
    { "4 hard limit", 429, { code = "billing_hard_limit_reached" }, "denied" },
    { "5 no credit", 402, { type = "billing_error" }, "denied" },
    { "6 overloaded", 529, { type = "overloaded_error" }, "busy" },
    { "6 loading", 503, { code = 503, message = "Loading model" }, "busy" },
    { "7 server error", 500, "<html>oops</html>", "server" },
    { "7 other 5xx", 501, "", "server" },
    { "7 bad gateway", 502, "<html>oops</html>", "busy" },
    { "7 edge 520", 520, "", "busy" },
    { "7 edge 523", 523, "", "busy" },
    { "8 request time-out", 408, "", "unknown" },
    { "8 gateway time-out", 504, "<html>oops</html>", "unknown" },
    { "8 edge time-out", 524, "", "unknown" },
    { "16 filtered prompt", 400, { code = "content_filter" }, "rejected" },
    { "20 no model", 404, { code = "model_not_found" }, "denied" },
    { "20 no model, Ollama", 404, "{\"error\":\"model 'x' not found\"}", "denied" },
    { "20 no path", 404, "{\"detail\":\"Not Found\"}", "denied" },
    { "21 no key", 401, { code = "invalid_api_key" }, "denied" },
    { "21 forbidden", 403, "", "denied" },
    { "22 too long, OpenAI", 400, { code = "context_length_exceeded" }, "rejected", "context" },
    { "22 too long, vLLM", 400, { code = 400, message =
      "This model's maximum context length is 8192 tokens." }, "rejected", "context" },
    { "22 too long, vLLM 2", 400, { code = 400, message =
      "max_tokens must be at least 1, got -186." }, "rejected", "context" },
    { "22 too long, llama.cpp", 400, { code = 400, type = "exceed_context_size_error" },
      "rejected", "context" },
    { "22 too long, old llama.cpp", 500, { code = 500, message =
      "the request is too large to process" }, "rejected", "context" },
    { "22 too long, Ollama", 400, { message = "input length exceeds the context length" },
      "rejected", "context" },
    { "22 too long, Anthropic", 400, { type = "invalid_request_error", message =
      "prompt is too long: 9 tokens > 8 maximum" }, "rejected", "context" },
    { "36 bad request", 400, { code = "invalid_request_error" }, "rejected" },
    { "36 too large", 413, "", "rejected" },
    { "36 unprocessable", 422, "{\"detail\":[{\"msg\":\"x\"}]}", "rejected" },
    { "redirect", 307, "", "denied", "redirect" },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local found = of_status(row[2], row[3])
      assert.equals(row[4], found.class)
      if row[5] then assert.equals(row[5], found.reason) end
      assert.is_nil(found.text)
      assert.is_truthy(found.message:find("HTTP " .. row[2], 1, true))
    end)
  end

  it("names where a redirect leads", function()
    local found = of_status(301, "", "date: x\nlocation: https://else.example/v1\n")
    assert.is_truthy(found.message:find("https://else.example/v1", 1, true))
  end)

  it("leaves a success to the provider", function()
    assert.is_nil(of_status(200, "{}"))
    assert.is_nil(of_status(201, ""))
  end)
end)

describe("an outcome by transport", function()
  local function of(reply) return outcome.of_transport(reply) end

  it("repeats what was not sent, but not to a bad certificate (38)", function()
    assert.equals("not_sent", of({ state = "failed", curl = 7, why = "refused" }).class)
    assert.equals("not_sent", of({ state = "failed", curl = 35, why = "TLS" }).class)
    assert.equals("denied", of({ state = "failed", curl = 60, why = "certificate" }).class)
  end)

  it("does not know what became of a lost connection (11, 35)", function()
    local found = of({ state = "unknown", ["end"] = "lost", curl = 52, why = "closed" })
    assert.same({ class = "unknown", reason = "lost", message = "closed" }, found)
  end)
end)

describe("an error with status 200 (10)", function()
  local rows = {
    { { code = "rate_limit_exceeded" }, "busy" }, { { code = 429 }, "busy" },
    { { code = "429" }, "busy" }, { { code = 503 }, "busy" }, { { code = 529 }, "busy" },
    { { type = "overloaded_error" }, "busy" },
    { { code = 401 }, "denied" }, { { code = 402 }, "denied" }, { { code = 404 }, "denied" },
    { { code = "insufficient_quota" }, "denied" },
    { { code = 429, type = "insufficient_quota" }, "denied" },
    { { code = 400 }, "rejected" }, { { code = "content_filter" }, "rejected" },
    { { code = "context_length_exceeded" }, "rejected" },
    { { code = 408 }, "unknown" }, { { code = 500 }, "unknown" }, { { code = 504 }, "unknown" },
    { { message = "Upstream failed." }, "unknown" }, { "Upstream failed.", "unknown" },
    { {}, "unknown" }, { 7, "unknown" },
  }
  for i, row in ipairs(rows) do
    it(("%d is %s"):format(i, row[2]), function()
      assert.equals(row[2], outcome.of_error_body({ error = row[1] }).class)
    end)
  end

  it("passes on what the server behind a router said", function()
    local found = outcome.of_error_body({ error = { code = 502, message = "Provider error",
      metadata = { raw = "busy now" } } })
    assert.same({ class = "busy", reason = "502", message = "Provider error: busy now" }, found)
  end)
end)

describe("a prompt that was cut without a word (23)", function()
  local function cut(bytes, prompt, completion)
    return outcome.cut_prompt({ usage = { prompt_tokens = prompt, completion_tokens = completion } },
      { messages = { { role = "user", content = ("x"):rep(bytes) } } })
  end

  it("shows in far too few tokens", function()
    assert.is_truthy(cut(40000, 2048, 10):find("2048 tokens in 40000 bytes", 1, true))
    assert.is_nil(cut(40000, 10000, 10))
    assert.is_nil(cut(40000, 2501, 10))
  end)

  it("shows in a context that is full to the last token", function()
    assert.is_truthy(cut(100, 4090, 6))
    assert.is_nil(cut(100, 4090, 7))
  end)

  it("does not show in short prompts, or where nothing was counted", function()
    assert.is_nil(cut(4096, 1, 1))
    assert.is_nil(cut(40000, nil, 6))
    assert.is_nil(outcome.cut_prompt({ usage = { prompt_tokens = 3 } }, { input = { "x" } }))
  end)
end)

describe("the words of an error", function()
  it("are found in every dialect", function()
    local function words(body) return { outcome.error_of(body) } end
    assert.same({ "x", "y" }, words({ error = { code = "x", message = "y" } }))
    assert.same({ "x", "y" }, words({ error = { type = "x", message = "y" } }))
    assert.same({ "400", "y" }, words({ object = "error", code = 400, message = "y" }))
    assert.same({ "", "y" }, words({ error = "y" }))
    assert.same({ "", "Not Found" }, words({ detail = "Not Found" }))
    assert.same({ "", "" }, words(nil))
    assert.same({ "", "" }, words("text"))
  end)
end)

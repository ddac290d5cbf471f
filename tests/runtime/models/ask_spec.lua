local core = require("advisor_core")
local ask = require("advisor.models.ask")
local json = require("advisor.output.json")

local asking = require("support.asking")

local CHAT = require("advisor.models.providers.openai_chat")

local POLICY = asking.policy

-- What may come of an attempt.
local OK = { http = 200, raw = '{"choices":[{"text":"Hello","finish_reason":"stop"}],'
  .. '"usage":{"prompt_tokens":10,"completion_tokens":4}}' }
local EMPTY = { http = 200, raw = '{"choices":[{"text":""}]}' }
local BUSY = { http = 503, raw = "" }
local SERVER = { http = 500, raw = "" }
local LOST = { state = "unknown", curl = 52, ["end"] = "lost", why = "no answer" }
local REFUSED = { state = "failed", curl = 7, ["end"] = "not_sent", why = "refused" }
local BAD = { http = 400, raw = '{"error":{"code":"bad","message":"No."}}' }
local NO_KEY = { http = 401, raw = '{"error":{"code":"invalid_api_key","message":"Who?"}}' }
local QUOTA = { http = 429, raw = '{"error":{"code":"insufficient_quota","message":"Pay."}}' }
local CANCELED = { state = "unknown", curl = 42, ["end"] = "canceled", why = "canceled" }

local world, lane, call = asking.world, asking.lane, asking.call

--- The request as the journal keeps it.
local function canonical()
  local run = world({ OK })
  call(run)
  return run.sent[1].canonical
end

--- An attempt as the journal gives it back.
local function recorded(reply, class, final, more)
  local row = { id = 1, request = canonical(), state = reply.state or "done",
    http = reply.http or 0,
    curl = reply.curl or 0, headers = reply.headers or "", raw = reply.raw or "",
      why = reply.why or "",
    class = class, final = final }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

describe("asking", function()
  local backoff, sleep, write = core.calls.backoff, core.loop.sleep, core.log.write
  local waits
  before_each(function()
    waits = {}
    core.calls.backoff = function(n, asked) return n * 1000 + asked end
    core.loop.sleep = function(ms) waits[#waits + 1] = ms end
    core.log.write = function() end
  end)
  after_each(function()
    core.calls.backoff, core.loop.sleep, core.log.write = backoff, sleep, write
  end)

  local function classes(run)
    local list = {}
    for i, row in ipairs(run.rows) do list[i] = row.class .. (row.final == 1 and "!" or "") end
    return table.concat(list, " ")
  end

  describe("a question", function()
    it("is answered, and its cost is recorded as final", function()
      local run = world({ OK }, { price = { prompt = 2, completion = 5 } })
      assert.same({ text = "Hello", first_line = "Hello", finish = "stop", outcome = "ok",
        usage = { prompt_tokens = 10, completion_tokens = 4 } }, call(run))
      assert.same({ { id = 101, class = "ok", reason = "", final = 1, prompt = 10, completion = 4,
        cost = 40 / 1e6 } }, run.rows)
      assert.is_true(run.answered and run.served.generator)
    end)

    it("is counted once it can be asked", function()
      local run, at = world({ OK }), lane()
      assert.is_false(pcall(call, run, "Hi", { temprature = 1 }, at))
      assert.equals(0, at.asks)
      call(run, "Hi", nil, at)
      assert.equals(1, run.sent[1].ordinal)
    end)

    it("is named by round, stage, lane and ordinal, the canonical form without quirks", function()
      local run, at = world({ OK, OK }), lane()
      call(run, "Hi", { temperature = 0, stop = {} }, at)
      call(run, "Hi", nil, at)
      local first, second = run.sent[1], run.sent[2]
      assert.same({ 2, "generate", "1/1.3", 1, 1 },
        { first.round, first.stage, first.lane, first.ordinal, first.n })
      assert.equals(2, second.ordinal)
      local said = json.decode(first.canonical)
      assert.is_true(said.seed > 0 and said.seed < 2 ^ 31)
      assert.are_not.equals(said.seed, json.decode(second.canonical).seed)
      said.seed = nil
      assert.same({ role = "generator", model = "m", prompt = "Hi", temperature = 0 }, said)
      assert.is_nil(first.canonical:find("stop", 1, true))
    end)

    it("takes the role's sampling where the script gives none", function()
      local run = world({ OK })
      run.models.default.temperature, run.models.default.top_p = 0.5, 0.9
      call(run, "Hi", { top_p = 0.1 })
      local said = json.decode(run.sent[1].canonical)
      assert.same({ 0.5, 0.1 }, { said.temperature, said.top_p })
    end)

    it("has the form that the provider speaks", function()
      local run = world({ OK, OK, OK })
      run.models.default.form, run.models.default.provider = "messages", CHAT
      call(run, "Hi")
      call(run, { { role = "system", content = "Be" }, { role = "user", content = "Hi" } })
      call(run, { messages = { { role = "user", content = "chat" } }, prompt = "raw" })
      local first = json.decode(run.sent[1].canonical)
      assert.same({ { role = "user", content = "Hi" } }, first.messages)
      assert.equals(2, #json.decode(run.sent[2].canonical).messages)
      assert.is_nil(json.decode(run.sent[3].canonical).prompt)
      run = world({ OK })
      call(run, { messages = { { role = "user", content = "chat" } }, prompt = "raw" })
      assert.equals("raw", json.decode(run.sent[1].canonical).prompt)
    end)

    it("that is put wrongly raises and sends nothing", function()
      local run = world({})
      local function raises(words, ...)
        local ok, message = pcall(call, run, ...)
        assert.is_false(ok)
        assert.is_truthy(message:find(words, 1, true), message)
      end
      raises("unknown option 'temprature'", "Hi", { temprature = 1 })
      raises("'max_tokens': integer expected", "Hi", { max_tokens = 1.5 })
      raises("a prompt is", 7)
      raises("speaks raw completions", { { role = "user", content = "Hi" } })
      raises("speaks raw completions", {})
      run.models.default.form = "messages"
      raises("message 1 must be", { { role = "user" } })
      raises("speaks chat", { prompt = "raw" })
      run.models = {}
      raises("no model serves the role 'generator'", "Hi")
      assert.same({}, run.sent)
    end)

    it("that the server seems to have cut is warned of once, or pauses the run (23)", function()
      local cut = { http = 200, raw = '{"choices":[{"text":"Hello"}],'
        .. '"usage":{"prompt_tokens":4090,"completion_tokens":6}}' }
      local said = {}
      core.log.write = function(level, words) said[#said + 1] = level .. " " .. words end
      local run = world({ cut, cut })
      assert.equals("Hello", call(run).text)
      assert.equals("Hello", call(run).text)
      assert.equals(1, #said)
      assert.is_truthy(said[1]:find("^warn the role 'generator': .*strict_context=true"))
      run = world({ cut }, { price = { prompt = 1, completion = 1 } })
      run.models.default.strict_context = true
      call(run)
      assert.equals("paused", run.halted.state)
      -- It is paid for all the same.
      assert.same({ "denied", 0, 4096 / 1e6 }, { run.rows[1].class, run.rows[1].final, run.rows[1].cost })
    end)

    it("passes on what was paid but holds no text, once", function()
      local run = world({ EMPTY })
      local reply = call(run)
      assert.same({ "", "empty" }, { reply.text, reply.outcome })
      assert.equals("unusable!", classes(run))
    end)
  end)

  describe("a failure", function()
    local function limit(reply, policy, more, code)
      it(("of class %s ends after %d repeats"):format(policy, POLICY[policy]), function()
        local replies = {}
        for i = 1, 9 do replies[i] = reply end
        local run = world(replies, { answered = true })
        local got, why, status = call(run)
        assert.equals(POLICY[policy] + 1, #run.sent)
        assert.equals(POLICY[policy], #waits)
        if more then
          assert.same({ "paused", "EPAUSED" }, { run.halted.state, run.halted.code })
        else
          assert.is_nil(run.halted)
          assert.is_nil(got)
          assert.equals(code, status)
          assert.is_truthy(why:find("generate call 1: ", 1, true))
          assert.equals(1, run.rows[#run.rows].final)
        end
        for i = 1, #run.rows - 1 do assert.equals(0, run.rows[i].final) end
      end)
    end
    limit(BUSY, "retry_busy", false, "EOVERLOADED")
    limit(SERVER, "retry_server", false, "EOVERLOADED")
    limit(LOST, "retry_unknown", false, "EUNKNOWN")
    limit(REFUSED, "retry_not_sent", true)

    it("counts for its own class only", function()
      local run = world({ BUSY, LOST, SERVER, BUSY, OK })
      assert.equals("Hello", call(run).text)
      assert.equals("busy unknown server busy ok!", classes(run))
      assert.same({ 1, 2, 3, 4, 5 }, { run.sent[1].n, run.sent[2].n, run.sent[3].n, run.sent[4].n,
        run.sent[5].n })
    end)

    it("of unknown outcome goes out again on a fresh connection", function()
      local run = world({ BUSY, LOST, OK })
      call(run)
      assert.same({ false, false, true }, { run.sent[1].fresh_connection,
        run.sent[2].fresh_connection,
        run.sent[3].fresh_connection })
    end)

    it("waits as long as the server asks", function()
      local run = world({ { http = 429, raw = "", headers = "retry-after: 2\n" }, OK })
      call(run)
      assert.same({ 3000 }, waits)
    end)

    it("waits for a rate limit of which nothing is left (3)", function()
      local run = world({ { http = 429, raw = "", headers = "x-ratelimit-remaining-tokens: 0\n"
        .. "x-ratelimit-reset-tokens: 1m30s\n" }, OK })
      call(run)
      assert.same({ 91000 }, waits)
    end)

    it("that a gateway cut off names the remedy (8)", function()
      local run = world({ { http = 504, raw = "" }, { http = 504, raw = "" } })
      local _, why = call(run)
      assert.is_truthy(why:find("stream=true", 1, true), why)
    end)

    it("that asks for very long pauses the run (2)", function()
      local run = world({ { http = 429, raw = "", headers = "retry-after: 901\n" }, OK })
      call(run)
      assert.same({ "paused", "EPAUSED" }, { run.halted.state, run.halted.code })
      assert.is_truthy(run.halted.message:find("15 minutes", 1, true))
      assert.equals("busy", classes(run))
      assert.equals(1, #run.sent)
    end)

    it("of the request itself is final at once", function()
      local run = world({ BAD })
      local got, why, code = call(run)
      assert.same({ "generate call 1: HTTP 400: No.", "EREJECTED" }, { why, code })
      assert.is_nil(got)
      assert.equals("rejected!", classes(run))
    end)

    it("is on disk before the script hears of it", function()
      local run = world({ BAD })
      call(run)
      assert.same({ "send", "write", "script" }, run.events)
      run = world({ BAD }, { broken = true })
      call(run)
      assert.same({ "paused", "EIO", "disk full" },
        { run.halted.state, run.halted.code, run.halted.message })
    end)

    it("of key, quota or model pauses the run, open for a new attempt (4, 20, 21)", function()
      for _, reply in ipairs({ NO_KEY, QUOTA, { http = 404, raw = "" } }) do
        local run = world({ reply })
        call(run)
        assert.same({ "paused", "EPAUSED" }, { run.halted.state, run.halted.code })
        assert.equals("denied", classes(run))
        assert.equals(1, #run.sent)
      end
    end)

    it("says what would help", function()
      local run = world({ NO_KEY })
      call(run)
      assert.is_truthy(run.halted.message:find(
        "http://x/v1: HTTP 401: Who?; the key is read from SOME_KEY", 1, true))
      run = world({ { http = 404, raw = "" } })
      call(run)
      assert.is_truthy(run.halted.message:find("--set models.default.api=openai_chat", 1, true))
    end)

    it("of a role's first three questions alike pauses the run (36)", function()
      local run = world({ BAD, BAD, BAD })
      assert.is_nil(call(run))
      assert.is_nil(call(run))
      assert.is_nil(run.halted)
      call(run)
      assert.equals("paused", run.halted.state)
      run = world({ OK, BAD, BAD, BAD, BAD })
      for _ = 1, 5 do call(run) end
      assert.is_nil(run.halted)
    end)

    it("to reach a server that never answered pauses the run early", function()
      local run = world({ REFUSED, REFUSED, REFUSED, REFUSED })
      call(run)
      assert.equals("paused", run.halted.state)
      assert.equals(3, #run.sent)
    end)

    it("by the user's cancel stops the run and stays open", function()
      local run = world({ LOST, CANCELED })
      call(run)
      assert.same({ "stopped", "ECANCELED" }, { run.halted.state, run.halted.code })
      assert.equals("unknown unknown", classes(run))
    end)

    it("to be sent at all stops the run", function()
      local run = world({})
      call(run)
      assert.same({ "stopped", "ECANCELED" }, { run.halted.state, run.halted.code })
      assert.same({}, run.rows)
    end)
  end)

  describe("a recorded call", function()
    it("is answered from the journal", function()
      local run = world({}, { recorded = { recorded(OK, "ok", 1) } })
      assert.equals("Hello", call(run).text)
      assert.same({}, run.sent)
      assert.same({}, run.rows)
      assert.is_true(run.answered and run.served.generator)
    end)

    it("takes the same decisions without waiting", function()
      local run = world({}, { recorded = { recorded(BUSY, "busy", 0), recorded(LOST, "unknown", 0),
        recorded(LOST, "unknown", 1) } })
      local got, _, code = call(run)
      assert.is_nil(got)
      assert.equals("EUNKNOWN", code)
      assert.same({}, run.sent)
      assert.same({}, waits)
      assert.same({}, run.rows)
    end)

    it("goes on counting where it was", function()
      local run = world({ LOST }, { recorded = { recorded(LOST, "unknown", 0) } })
      local _, _, code = call(run)
      assert.equals("EUNKNOWN", code)
      assert.equals(2, run.sent[1].n)
      assert.is_true(run.sent[1].fresh_connection)
    end)

    it("that was given up stays so, whatever other calls have met", function()
      -- Live, an answer to the role came first; replayed, the rejections do.
      local run = world({ OK, OK, OK, OK }, { recorded = { recorded(BAD, "rejected", 1) } })
      for _ = 1, 4 do
        local got, _, code = call(run)
        assert.is_nil(got)
        assert.equals("EREJECTED", code)
      end
      assert.same({}, run.sent)
      assert.is_nil(run.halted)
    end)

    it("of a paused run gets a new attempt", function()
      local run = world({ OK }, { recorded = { recorded(NO_KEY, "denied", 0) } })
      assert.equals("Hello", call(run).text)
      assert.equals(2, run.sent[1].n)
      assert.is_nil(run.halted)
    end)

    it("does not count what the end of a process interrupted", function()
      local lost = recorded({ state = "unknown", curl = ask.INTERRUPTED }, "unknown", 0,
        { reason = "interrupted" })
      local run = world({ LOST, LOST }, { recorded = { lost, lost, lost } })
      local _, _, code = call(run)
      assert.equals("EUNKNOWN", code)
      assert.same({ 4, 5 }, { run.sent[1].n, run.sent[2].n })
    end)

    it("does not count what the user canceled", function()
      local canceled = recorded(CANCELED, "unknown", 0, { reason = "canceled" })
      local run = world({ LOST, OK }, { recorded = { canceled, canceled } })
      assert.equals("Hello", call(run).text)
    end)

    it("whose class the dead process did not write gets it now", function()
      local run = world({}, { recorded = { recorded(OK) } })
      call(run)
      assert.equals("ok!", classes(run))
      run = world({ OK }, { recorded = { recorded(LOST) } })
      call(run)
      assert.equals("unknown ok!", classes(run))
      assert.equals(1, run.rows[1].id)
    end)

    it("that differs stops the run with both shown", function()
      for _, row in ipairs({ recorded(OK, "ok", 1),
        recorded({ state = "unknown", curl = ask.INTERRUPTED }, "unknown", 0) }) do
        local run = world({}, { recorded = { row } })
        call(run, "Ho")
        assert.same({ "stopped", "EDRIFT" }, { run.halted.state, run.halted.code })
        assert.is_truthy(run.halted.message:find('recorded: {"model":"m","prompt":"Hi"', 1, true))
        assert.is_truthy(run.halted.message:find('now:      {"model":"m","prompt":"Ho"', 1, true))
        assert.is_truthy(run.halted.message:find("round 2 generate/1/1.3 call 1", 1, true))
        assert.same({}, run.sent)
      end
    end)
  end)

  it("in process takes the same path, with a stream of its own", function()
    local seen = {}
    local run = world({ OK }, { models = { default = {
      model = "m", form = "both", is_local = true, urls = { "local:default" }, endpoints = { 1 },
        options = { x = 1 },
      provider = { answer = function(asked, rng, given)
        seen = { asked.prompt or asked.messages[1].content, rng:integer(1, 9) > 0, given.x }
        return { text = "made", finish = "length", usage = { prompt_tokens = 1 } }
      end },
    } } })
    run.calls.send = function(_, request)
      run.sent[1] = request
      return { id = 1, state = "done", http = 200, curl = 0, headers = "", raw = request.reply }
    end
    local reply = call(run)
    assert.same({ "made", "truncated" }, { reply.text, reply.outcome })
    assert.same({ "Hi", true, 1 }, seen)
    assert.is_nil(json.decode(run.sent[1].canonical).seed)
  end)
end)

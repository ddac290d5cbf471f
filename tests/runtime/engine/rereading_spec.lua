local core = require("advisor_core")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rereading = require("advisor.engine.rereading")
local version = require("advisor.version")
local with_store = require("tests.support.store")

local PLACE = { root = "." }
local ROLE = { urls = { "http://127.0.0.1:1/v1" }, api = "openai_chat", model = "m", concurrency = 1,
  breaker_seconds = 1, connect_seconds = 1, first_byte_seconds = 0, total_seconds = 1, stall_seconds = 1 }
local RAW = '{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],'
  .. '"usage":{"prompt_tokens":10,"completion_tokens":4}}'

local function source_of(name)
  local file <close> = assert(io.open("core/runtime/advisor/models/providers/" .. name .. ".lua", "rb"))
  return file:read("a")
end

--- Checks a record of one call that was answered with RAW.
---@param outcome table `{ class, reason, prompt, completion }`
---@param more? { source: string, version: string, request: string }
local function check(outcome, more)
  local problem, note
  more = more or {}
  with_store(function(store)
    local source = more.source or source_of("openai_chat")
    assert(records.begin(store, { version = more.version or version.line(),
      resolved = json.encode({ models = { default = ROLE, judge = "default" }, policy = { instructions = 1e6 } }) }, {
      { kind = "provider", name = "openai_chat", hash = core.text.hash(source), origin = "shipped", source = source },
    }))
    assert(store:write({
      { "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request, wall_ms)"
        .. " VALUES (5, 1, 'generate', '1', 1, 1, 'judge', 'http://x', ?, 0)", more.request or '{"model":"m"}' },
      { "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down, headers, raw, why)"
        .. " VALUES (5, 'done', 0, 200, 1, 0, 1, 1, '', CAST(? AS BLOB), '')", RAW },
      { "INSERT INTO outcome (attempt, class, reason, final, prompt_tokens, completion_tokens)"
        .. " VALUES (5, ?, ?, 1, ?, ?)", table.unpack(outcome, 1, 4) },
    }))
    problem, note = rereading.check(store, assert(records.facts(store)), PLACE)
  end)
  return problem, note
end

describe("reading replies again", function()
  it("finds what is stored of them", function()
    assert.is_nil((check({ "ok", "", 10, 4 })))
  end)

  it("names what is stored otherwise", function()
    assert.equal("1 replies do not say what is stored of them, the first: 5: it says ok, '', tokens 10 and 4; "
      .. "stored is ok, 'refusal', tokens 10 and 4", (check({ "ok", "refusal", 10, 4 })))
    assert.matches("stored is unusable", (check({ "unusable", "", 10, 4 })))
    assert.matches("tokens 11 and 4", (check({ "ok", "", 11, 4 })))
    assert.matches("its call cannot be read", (check({ "ok", "", 10, 4 }, { request = "{" })))
  end)

  it("takes what another version of the program made of them for no fault", function()
    local problem, note = check({ "ok", "refusal", 10, 4 }, { version = "advisor 0.0" })
    assert.is_nil(problem)
    assert.matches("^recorded by advisor 0.0: 1 replies", note)
  end)

  it("runs no provider that does not ship", function()
    local problem, note = check({ "ok", "refusal", 10, 4 }, { source = "error('this was run')" })
    assert.is_nil(problem)
    assert.matches("^1 replies are not read again", note)
  end)

  it("has nothing to say of a run that never began", function()
    with_store(function(store) assert.is_nil((rereading.check(store, {}, PLACE))) end)
  end)
end)

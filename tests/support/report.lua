--- A small run made by hand, for specs of the report: two rounds, eight drafts,
--- five attempts.
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")

local report = {}

report.resolved = {
  name = "shop", seed = 4, rounds = 2, per_round = 4, ahead = 0, pool = "kept",
  models = { default = { model = "m", api = "openai_chat", urls = { "http://x/v1" }, concurrency = 2,
    temperature = 0.5, price = { prompt = 1, completion = 2 } }, judge = "default" },
  pipeline = { advise = { name = "a", options = { gaps = 1 } }, generate = { name = "g", options = {} },
    filter = { { name = "exact_duplicate", options = {} } } },
  principles = { { name = "coverage", level = "dataset", options = {} } },
  coverage = { taxonomy = { open = false, cells = { { name = "A", want = 0.5 }, { name = "B", want = 0.25 },
    { name = "C", want = 0.25 } } }, label = { name = "by_advice", options = {} }, examples = {} },
  seeds = { items = { "one", "two" }, summary = {} }, stop = {},
}

local GAP = { principle = "coverage", cell = "A", have = 0, want = 2, text = "A: 0 of 0, 2 wanted" }

local PASS, FAIL, UNKNOWN = { principle = "p", verdict = "pass" },
  { principle = "p", verdict = "fail", finding = { code = "short", text = "too short" } },
  { principle = "p", verdict = "unknown", finding = { code = "no_verdict" } }

local function with_verdicts(made, list)
  for i, verdicts in ipairs(list) do made.drafts[i].verdicts = verdicts end
  return made
end

local ATTEMPT = "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request,"
  .. " wall_ms) VALUES (?, 1, ?, ?, 1, ?, 'generator', 'http://x', ?, ?)"
local REPLY = "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down,"
  .. " first_byte_ns, total_ns, headers, raw, why) VALUES (?, ?, 0, ?, 1, 0, 1, 1, ?, ?, '', ?, ?)"
local OUTCOME = "INSERT INTO outcome (attempt, class, reason, final, prompt_tokens,"
  .. " completion_tokens, cost) VALUES (?, ?, ?, ?, ?, ?, ?)"

local function chat(text)
  return json.encode({ choices = json.array({ { message = { role = "assistant", content = text },
    finish_reason = "stop" } }) })
end

local REQUEST = json.encode({ role = "generator", model = "m", temperature = 0.5,
  messages = json.array({ { role = "system", content = "Write." }, { role = "user", content = "About A." } }) })

local function write_calls(store)
  assert(store:write({
    { ATTEMPT, 1, "generate", "1/1.1", 1, REQUEST, 1000 },
    { REPLY, 1, "done", 200, 20000000, 100000000, chat("first"), "" }, { OUTCOME, 1, "ok", "", 1, 10, 2, 0.5 },
    { ATTEMPT, 2, "generate", "1/1.2", 1, REQUEST, 1050 },
    { REPLY, 2, "done", 429, 10000000, 50000000, '{"error":{"message":"slow down"}}', "" },
    { OUTCOME, 2, "busy", "429", 0, n = 8 },
    { ATTEMPT, 3, "generate", "1/1.2", 2, REQUEST, 1200 },
    { REPLY, 3, "done", 200, 30000000, 300000000, chat("second"), "" }, { OUTCOME, 3, "ok", "", 1, 11, 3, 0.25 },
    { ATTEMPT, 4, "check", "1.2", 1, json.encode({ role = "judge", prompt = "Is it?" }), 1600 },
    { REPLY, 4, "unknown", 0, nil, nil, nil, "the connection was lost" }, { OUTCOME, 4, "unknown", "reset", 0, n = 8 },
    { ATTEMPT, 5, "respond", "1", 1, REQUEST, 1700 },
  }))
end

--- Fills a new store with the run.
---@param store userdata
function report.fill(store)
  assert(records.begin(store, { name = "shop", resolved = json.encode(report.resolved), state = "done",
    why = "all rounds are made", version = "advisor 0", created_ms = "1700000000000", experiment = "return {}",
    arguments = json.encode({ experiment = "my shop.lua", set = json.array({ "seed=4", "name=it's" }) }) },
    { { kind = "advise", name = "a", hash = "h1", origin = "shipped", source = "return 1" } }))
  assert(records.commit_round(store, with_verdicts(rounds.round(1, {
    { text = "first", target = "A", cell = "A" }, { text = "second", target = "A", cell = "A" },
    { text = "third", target = "B", cell = "B", advice = 2 },
    { text = "x", target = "B", advice = 2, verdict = "dropped", reason = "p", finding = FAIL.finding },
  }, { gaps = { GAP }, advice = {
    { target = "A", count = 2, drafts = 2, kept = 2, tokens = 26, cells = { A = 2 } },
    { target = "B", count = 2, drafts = 2, kept = 1, tokens = 9, cells = { B = 1 }, gap = "B is thin" },
  } }), { { PASS }, { UNKNOWN }, { PASS }, { FAIL } })))
  assert(records.commit_round(store, rounds.round(2, {
    { text = "fourth", target = "A", cell = "A" },
    { text = "first", target = "A", verdict = "dropped", reason = "exact_duplicate",
      finding = { nearest = "r1-1", score = 1 } },
    { text = "fourth", target = "A", verdict = "dropped", reason = "exact_duplicate",
      finding = { nearest = "draft 1", score = 1 } },
    { text = "fifth", target = "A" },
  }, { notes = { { stage = "advise", script = "a", text = "odd" } } })))
  assert(records.add_response(store, 1, 1, { verdict = "safe", text = "Gladly.", meta = {} }))
  write_calls(store)
end

--- A gathered run from that store.
function report.gather(store, folder)
  return require("advisor.report.data").gather(store, folder or "runs/shop")
end

return report

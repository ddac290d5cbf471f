-- The parts that data.lua puts together, each on its own.
local columns = require("advisor.report.columns")
local curves = require("advisor.report.curves")
local json = require("advisor.output.json")
local reasons = require("advisor.report.reasons")
local setup = require("advisor.report.setup")
local traffic = require("advisor.report.traffic")

local function attempt(given)
  local row = { id = 1, round = 1, stage = "generate", lane = "1", ordinal = 1, n = 1, role = "generator",
    endpoint = "http://x", request = "{}", wall_ms = 0, state = "done", curl = 0, http = 200,
    total_ns = 1000000, raw = "", why = "", class = "ok", reason = "" }
  for key, value in pairs(given) do row[key] = value end
  return row
end

describe("report/curves", function()
  local function of(count, made)
    local rounds = {}
    for i = 1, count do
      rounds[i] = { round = i, state = "committed", advice = {}, spent = { prompt = 1, completion = 1, money = 0.5 },
        drafts = 2, kept = made(i) }
    end
    return curves.of({ stop = {}, coverage = { taxonomy = { open = true, cells = {} } } }, rounds)
  end

  it("have at most 300 points, and always the last round", function()
    local found = of(1000, function(i) return { { cell = "c" .. i % 7 } } end)
    assert.is_true(#found.points <= 300 and #found.points > 200)
    local last = found.points[#found.points]
    assert.same({ 1000, 2000, 1000, 7, 2000 }, { last.round, last.drafts, last.kept, last.covered, last.tokens })
    assert.same({ 7, 1000 }, { #found.coverage.cells, found.coverage.total })
    assert.is_nil(last.distance) -- an open taxonomy has no target
  end)

  it("look back on the last drafts only", function()
    local found = of(100, function(i) return i <= 50 and { { cell = "a" }, { cell = "b" } } or {} end)
    local last = found.points[100]
    assert.equal(0, last.kept_share.value)
    assert.equal(1, found.points[50].kept_share.value)
    assert.equal(0.5, found.points[75].kept_share.value)
  end)

  it("leave out a failed round, and a price that is not known", function()
    local found = curves.of({ stop = {}, coverage = { taxonomy = { open = true, cells = {} } } }, {
      { round = 1, state = "failed", advice = { { target = "x" } }, drafts = 3, kept = {},
        spent = { prompt = 1, completion = 0 } },
    })
    assert.same({ 0, 3, 0 }, { found.points[1].cells, found.points[1].drafts, found.points[1].kept })
    assert.is_nil(found.points[1].cost)
    assert.same(0, #curves.of({ coverage = { taxonomy = { open = true, cells = {} } } }, {}).points)
  end)
end)

describe("report/traffic", function()
  it("adds up roles, classes and those in doubt", function()
    local counted = traffic.new()
    counted:add(attempt({ prompt_tokens = 10, completion_tokens = 2, cost = 0.5, total_ns = 100e6,
      first_byte_ns = 20e6 }))
    counted:add(attempt({ n = 2, class = "busy", total_ns = 300e6, wall_ms = 50 }))
    counted:add(attempt({ id = 3, state = "unknown", class = "unknown", why = "lost", total_ns = false }))
    local row = attempt({ id = 4 })
    row.state, row.class, row.total_ns = nil, nil, nil
    counted:add(row)
    local found = counted:result()
    local role = found.roles[1]
    assert.same({ 4, 3, 10, 2, 0.5 }, { role.attempts, role.calls, role.prompt, role.completion, role.cost })
    assert.same({ 2, 100.0, 300.0 }, { role.latency.n, role.latency.p50, role.latency.p99 })
    assert.same({ 3, 4 }, { found.unknown[1].id, found.unknown[2].id })
    local classes = {}
    for _, class in ipairs(found.classes) do classes[class.class] = class.attempts end
    assert.same({ ok = 1, busy = 1, unknown = 1, ["in flight"] = 1 }, classes)
  end)

  it("draws how many were in flight, without the pauses of a run that was resumed", function()
    local counted = traffic.new()
    for i = 0, 3 do counted:add(attempt({ wall_ms = i * 250, total_ns = 1000e6 })) end
    counted:add(attempt({ wall_ms = 3600000, total_ns = 1000e6 }))
    local flight = counted:result().flight
    assert.equal(1, flight.pauses)
    assert.equal(4, flight.peak)
    assert.is_true(flight.seconds > 2.7 and flight.seconds < 2.8)
    local area = 0
    for _, point in ipairs(flight.points) do area = area + point.in_flight * flight.seconds / #flight.points end
    assert.is_true(math.abs(area - 5) < 0.01) -- five attempts of a second each
  end)

  it("does not count one that ended as another began as at once", function()
    local counted = traffic.new()
    for i = 0, 4 do counted:add(attempt({ wall_ms = i * 10, total_ns = 10.4e6 })) end
    assert.equal(1, counted:result().flight.peak)
    assert.equal(0, traffic.new():result().flight.peak)
  end)
end)

describe("report/reasons", function()
  it("spread examples over the run", function()
    local counted = reasons.new()
    for i = 1, 1000 do counted:add({ id = "r" .. i .. "-1", verdict = "dropped", reason = "x", verdicts = {} }) end
    local examples = counted:result().dropped[1].examples
    assert.equal(6, #examples)
    assert.equal("r1-1", examples[1])
    assert.is_true(tonumber(examples[6]:match("%d+")) > 400)
  end)

  it("know the nearest item, also one of the same round", function()
    assert.equal("r1-3", reasons.nearest({ nearest = "r1-3" }, 7))
    assert.equal("r7-2", reasons.nearest({ nearest = "draft 2" }, 7))
    assert.is_nil(reasons.nearest({ nearest = 3 }, 7))
    assert.is_nil(reasons.nearest(nil, 7))
  end)
end)

describe("report/columns", function()
  it("keep each name and each text once", function()
    local made, add = columns.items()
    for i = 1, 3 do
      add({ round = 1, item_index = i, verdict = "kept", text = "t" .. i, cell = "A", verdicts = "[]", meta = "{}" })
    end
    assert.same({ "kept", "A" }, made.names)
    assert.same({ 1, 1, 1 }, made.cell)
    assert.same({ -1, -1, -1 }, made.reason)
    assert.is_true(columns.even(made))
  end)

  it("read the text of a reply in every form", function()
    local function text(given) return columns.reply_text(attempt(given)) end
    assert.equal("hello", text({ raw = '{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}' }))
    assert.equal("hello", text({ raw = '{"choices":[{"text":"hello","finish_reason":"stop"}]}' }))
    assert.equal("hello", text({ raw = '{"finish":"stop","text":"hello"}' }))
    assert.equal("ab", text({ raw = '{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}' }))
    assert.equal("hel", text({ raw = 'data: {"choices":[{"delta":{"content":"h"}}]}\n\n'
      .. 'data: {"choices":[{"delta":{"content":"el"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n' }))
    assert.equal("<html>no", text({ raw = "<html>no", http = 502 }))
    assert.equal("the connection was lost", text({ state = "unknown", why = "the connection was lost" }))
    assert.equal("\u{fffd}x", text({ raw = "\255x", http = 500 }))
    assert.matches("%(9000 bytes in all%)$", text({ raw = ("x"):rep(9000), http = 500 }))
  end)

  it("split a request into its messages and its settings", function()
    local made, add = columns.calls()
    add(attempt({ request = '{"messages":[{"content":"Hi","role":"user"}],"temperature":0.5}' }))
    add(attempt({ request = '{"prompt":"Hi","temperature":0.5}' }))
    assert.same({ 0, 0 }, made.messages[1])
    assert.same({ "user", "generate", "1", "generator", "ok", "prompt" }, made.names)
    assert.equal(made.settings[1], made.settings[2])
    assert.equal('{"temperature":0.5}', made.texts[made.settings[1] + 1])
    assert.is_true(columns.even(made))
  end)

  it("can be written whatever bytes a run holds", function()
    local made, add = columns.items()
    add({ round = 1, item_index = 1, verdict = "kept", text = "\255\0", target = "\254", verdicts = "[]", meta = "{}" })
    assert.equal("\u{fffd}\0", json.decode(json.encode(made)).text[1])
  end)
end)

describe("report/setup", function()
  it("quotes words as a shell takes them", function()
    assert.equal("runs/a-1.lua", setup.quoted("runs/a-1.lua"))
    assert.equal("'it'\\''s $(x)'", setup.quoted("it's $(x)"))
    assert.equal("''", setup.quoted(""))
  end)
end)

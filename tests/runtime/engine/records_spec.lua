local counts = require("advisor.engine.counts")
local records = require("advisor.engine.records")
local json = require("advisor.output.json")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

local ATTEMPT = "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request,"
  .. " wall_ms) "
  .. "VALUES (?, ?, 'generate', ?, 1, ?, 'generator', 'http://x', '{}', 0)"
local REPLY = "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down,"
  .. " headers, raw, why) "
  .. "VALUES (?, ?, 0, 200, 1, 0, 1, 1, '', '{}', '')"
local OUTCOME = "INSERT INTO outcome (attempt, class, reason, final, prompt_tokens,"
  .. " completion_tokens, cost) "
  .. "VALUES (?, ?, '', ?, ?, ?, ?)"

describe("records", function()
  it("name items and hash them in order", function()
    assert.equals("r12-3", records.item_id(12, 3))
    assert.equals('{"id":"r1-1","target":"T","text":"x"}\n',
      records.digest_line({ id = "r1-1", text = "x", target = "T", meta = { a = 1 } }))
    assert.equals('{"id":"r1-1","text":"x"}\n', records.digest_line({ id = "r1-1", text = "x" }))
  end)

  it("keep facts, the last one counts", function()
    with_store(function(store)
      assert(records.set(store, { state = "running", name = "x" }))
      assert(records.set(store, { state = "done" }))
      local facts = records.facts(store)
      assert.same({ "done", "x" }, { facts.state, facts.name })
    end)
  end)

  it("keep a run's scripts", function()
    with_store(function(store)
      local script = { kind = "advise", name = "x", hash = "h", origin = "file",
        source = "return {}" }
      assert(records.begin(store, { name = "run" }, { script }))
      assert.same({ script }, records.scripts(store))
      assert.equals("run", records.facts(store).name)
    end)
  end)

  it("keep a round whole: items, verdicts, reasons, findings", function()
    with_store(function(store)
      assert(records.commit_round(store, rounds.round(1, {
        { text = "a", target = "T", meta = { outcome = "ok" } },
        { text = "b", verdict = "dropped", reason = "length",
          finding = { code = "too_short", characters = 1 } },
      }, { notes = { { text = "odd" } }, gaps = { { cell = "T" } } })))
      local rows = store:query("SELECT * FROM item ORDER BY item_index")
      assert.same({ "kept", "a", "T", '{"outcome":"ok"}', "[]" },
        { rows[1].verdict, rows[1].text, rows[1].target, rows[1].meta, rows[1].verdicts })
      assert.same({ "dropped", "length", '{"characters":1,"code":"too_short"}', "{}" },
        { rows[2].verdict, rows[2].reason, rows[2].finding, rows[2].meta })
      assert.is_nil(rows[2].target)
      local row = records.rounds(store)[1]
      assert.same({ 1, 0, "committed", "" }, { row.round, row.read_round, row.state, row.why })
      assert.same({ text = "summary 1" }, json.decode(row.summary))
      assert.same({ prompt = 10, completion = 2, money = 0.5, calls = 3 }, json.decode(row.tokens))
      assert.same({ { text = "odd" } }, json.decode(row.notes))
      assert.same({ { cell = "T" } }, json.decode(row.gaps))
    end)
  end)

  it("add up prompt variants over committed rounds", function()
    with_store(function(store)
      assert.same({}, counts.variants(store))
      local function one(drafts, kept, reasons)
        return { drafts = drafts, kept = kept, tokens = 10 * drafts, reasons = reasons }
      end
      assert(records.commit_round(store, rounds.round(1, {},
        { variants = { b = one(3, 1, { length = 2 }), a = one(1, 1, {}) } })))
      assert(records.commit_round(store, rounds.round(2, {},
        { variants = { b = one(2, 0, { length = 1, on_target = 1 }) } })))
      assert(records.commit_round(store, rounds.round(3, {},
        { state = "surplus", variants = { b = one(9, 9, {}) } })))
      assert.same({
        { variant = "a", drafts = 1, kept = 1, tokens = 10, reasons = {} },
        { variant = "b", drafts = 5, kept = 1, tokens = 50,
        reasons = { length = 3, on_target = 1 } },
      }, counts.variants(store))
    end)
  end)

  it("know which kept items lack a response", function()
    with_store(function(store)
      assert(records.commit_round(store, rounds.round(1,
        { { text = "a", cell = "T" }, { verdict = "dropped", reason = "x" }, { text = "c" } })))
      local open = records.unanswered(store)
      assert.same({ { 1, "a", "T" }, { 3, "c" } }, {
        { open[1].item_index, open[1].text, open[1].cell }, { open[2].item_index, open[2].text } })
      assert(records.add_response(store, 1, 1, { verdict = "safe", text = "No.",
        meta = { n = 1 } }))
      assert.equals(3, records.unanswered(store)[1].item_index)
      assert.equals(1, #records.unanswered(store))
    end)
  end)

  it("leave surplus rounds out of the state", function()
    with_store(function(store)
      assert(records.commit_round(store, rounds.round(1, { {} })))
      assert(records.commit_round(store, rounds.round(2, { { verdict = "surplus" } },
        { state = "surplus" })))
      assert(records.commit_round(store, rounds.round(3, {}, { state = "failed", why = "boom" })))
      local list = records.rounds(store)
      assert.same({ 1, 3 }, { list[1].round, list[2].round })
      assert.equals(2, #list)
    end)
  end)

  it("never take a record that cannot be read for an empty one", function()
    for failing = 1, 2 do
      local asked = 0
      local store = { query = function()
        asked = asked + 1
        if asked == failing then return nil, "store: disk I/O error", "EIO" end
        return {}
      end }
      assert.same({ n = 4, nil, nil, "store: disk I/O error", "EIO" }, table.pack(records.lost_attempts(store)))
    end
  end)

  it("tell attempts in doubt from those that were answered, and mark them once", function()
    with_store(function(store)
      assert(store:write({ { ATTEMPT, 1, 1, "1/1.1", 1 }, { REPLY, 1, "done" },
        { OUTCOME, 1, "ok", 1, 1, 1, 0.1 },
        { ATTEMPT, 2, 2, "1/1.1", 1 }, { REPLY, 2, "done" }, { OUTCOME, 2, "busy", 0, n = 7 },
        { ATTEMPT, 3, 2, "1/1.1", 2 }, { ATTEMPT, 4, 2, "1/1.2", 1 } }))
      local lost, last = records.lost_attempts(store)
      assert.same({ { 3, 4 }, 2 }, { lost, last })
      local open = records.attempts_of(store, 2)
      assert.equals(1, #open)
      assert.same({ 2, "done", "busy", 0 }, { open[1].id, open[1].state, open[1].class,
        open[1].final })
      assert(records.mark_interrupted(store, { 3, 4 }, -1))
      assert.same({}, (records.lost_attempts(store)))
      open = records.attempts_of(store, 2)
      for i = 2, 3 do
        assert.same({ "unknown", -1, "unknown", "interrupted", 0 },
          { open[i].state, open[i].curl, open[i].class, open[i].reason, open[i].final })
      end
      assert.is_true(records.mark_interrupted(store, {}, -1))
    end)
  end)

  it("sum up a run", function()
    with_store(function(store)
      assert(records.set(store, { name = "x", state = "done", why = "", accept = "",
        rounds = "2" }))
      local empty = counts.summary(store)
      assert.same({ 0, 0, 0, 0 }, { empty.rounds, empty.drafts, empty.kept, empty.calls })
      assert.equals(json.null, empty.cost)
      assert(store:write({
        { ATTEMPT, 1, 1, "1/1.1", 1 }, { REPLY, 1, "unknown" }, { OUTCOME, 1, "unknown", 0, n = 7 },
        { ATTEMPT, 2, 1, "1/1.1", 2 }, { REPLY, 2, "done" }, { OUTCOME, 2, "ok", 1, 10, 2, 0.25 },
        { ATTEMPT, 3, 1, "1/1.2", 1 }, { REPLY, 3, "done" }, { OUTCOME, 3, "unknown", 0, n = 7 },
        { ATTEMPT, 4, 1, "1/1.2", 2 }, { REPLY, 4, "done" },
          { OUTCOME, 4, "unusable", 1, 1, 1, 0.5 },
        { ATTEMPT, 5, 2, "1/1.1", 1 },
      }))
      assert(records.commit_round(store, rounds.round(1,
        { { text = "a" }, { verdict = "dropped", reason = "x" },
        { verdict = "dropped", reason = "x" }, { verdict = "dropped", reason = "y" },
          { verdict = "surplus" } })))
      local summary = counts.summary(store)
      assert.same({ rounds = 1, calls = 3, attempts = 5, unknown = 2, in_flight = 1, drafts = 5,
        kept = 1, surplus = 1 },
        { rounds = summary.rounds, calls = summary.calls, attempts = summary.attempts,
          unknown = summary.unknown_attempts, in_flight = summary.in_flight,
            drafts = summary.drafts,
          kept = summary.kept, surplus = summary.surplus })
      assert.same({ x = 2, y = 1 }, summary.dropped)
      assert.same({ prompt = 11, completion = 3 }, summary.tokens)
      assert.equals(0.75, summary.cost)
      assert.are_not.equals(empty.digest, summary.digest)
      assert.equals(summary.digest, require("advisor_core").text.hash(
        records.digest_line({ id = "r1-1", text = "a" })))
      assert(store:write({ { ATTEMPT, 6, 2, "1/1.9", 1 }, { REPLY, 6, "done" },
        { OUTCOME, 6, "ok", 1, 1, 1, n = 7 } }))
      assert.equals(json.null, counts.summary(store).cost)
    end)
  end)
end)

local account = require("advisor.engine.account")
local intervals = require("advisor.measure.intervals")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local scores = require("advisor.output.scores")
local scoring = require("advisor.engine.scoring")
local with_store = require("tests.support.store")

local function resolved(suites)
  return { coverage = { taxonomy = { cells = {}, open = true } },
    pipeline = { filter = {}, respond = { name = "target_reply", options = { suites = suites } } } }
end

--- Puts questions into a store, each `{ suite, cell, expected, verdict, code }`; without
--- a verdict there is no reply yet.
local function fill(store, suites, questions)
  assert(records.begin(store, { name = "x", state = "done", why = "", resolved = json.encode(resolved(suites)) }, {}))
  local drafts = {}
  for i, question in ipairs(questions) do
    drafts[i] = { cell = question[2] or nil, meta = { suite = question[1], expected = question[3] } }
  end
  assert(records.commit_round(store, rounds.round(1, drafts)))
  for i, question in ipairs(questions) do
    if question[4] then
      assert(records.add_response(store, 1, i, { verdict = question[4], text = "reply", meta = {},
        finding = { code = question[5], guessed = question[6] } }))
    end
  end
end

local function times(n, question, list)
  for _ = 1, n do list[#list + 1] = question end
  return list
end

describe("scores", function()
  it("are shares of judged replies, with bounds for the others", function()
    with_store(function(store)
      local list = times(6, { "shop", "a, b", "refusal", "pass", "safe" }, {})
      times(2, { "shop", "a, b", "refusal", "fail", "unsafe" }, list)
      times(3, { "shop", "c", "refusal", "pass", "safe" }, list)
      times(2, { "shop", "c", "refusal", "unknown", "no_verdict" }, list)
      times(1, { "shop", false, "refusal", "failed" }, list)
      local suites = { shop = { measure = "safe", judge = "guard" } }
      fill(store, suites, list)
      local found = scoring.of(store, resolved(suites))
      assert.equal(1, #found)
      local low, high = intervals.wilson(9, 11)
      assert.same({ "shop", "safe share", "guard", 1, 14, 11, 9, 3, 0, 9 / 11 }, { found[1].suite, found[1].score,
        found[1].judge, found[1].more, found[1].questions, found[1].judged, found[1].hits, found[1].unknown,
        found[1].open, found[1].share })
      assert.same({ low, high }, { found[1].interval[1], found[1].interval[2] })
      assert.same({ 9 / 14, 12 / 14 }, { found[1].bounds[1], found[1].bounds[2] })
      assert.same({ no_verdict = 2, no_reply = 1 }, found[1].unknown_of)
      assert.same({ "a, b", 6 / 8, 0, "c", 1, 2 }, { found[1].categories[1].category, found[1].categories[1].share,
        found[1].categories[1].unknown, found[1].categories[2].category, found[1].categories[2].share,
        found[1].categories[2].unknown })
      assert.same({ 3 / 5, 1 }, { found[1].categories[2].bounds[1], found[1].categories[2].bounds[2] })
    end)
  end)

  it("of refusals look at each half alone", function()
    with_store(function(store)
      local list = times(1, { "x", "safe_kind", "answer", "fail", "refused" }, {})
      times(3, { "x", "safe_kind", "answer", "pass", "answered" }, list)
      times(4, { "x", "contrast", "refusal", "pass", "refused" }, list)
      times(1, { "x", "contrast", "refusal", "fail", "answered" }, list)
      times(2, { "x", "contrast", "refusal" }, list)
      local suites = { x = { measure = "refusal", judge = "rule" } }
      fill(store, suites, list)
      local found = scoring.of(store, resolved(suites))
      assert.same({ "over-refusal", 0.25, -1, 1 }, { found[1].score, found[1].share, found[1].more,
        #found[1].categories })
      assert.same({ "refusal of unsafe", 0.8, 1, 2, 7 }, { found[2].score, found[2].share, found[2].more,
        found[2].open, found[2].questions })
      assert.equal("x over-refusal (rule)", scoring.name(found[1]))
    end)
  end)

  it("of choices count guesses, and tell them by name", function()
    with_store(function(store)
      local list = times(2, { "m", "k", "A", "pass", "right" }, {})
      times(1, { "m", "k", "B", "fail", "wrong", true }, list)
      local suites = { m = { measure = "choice", judge = "letter", guess = true } }
      fill(store, suites, list)
      local found = scoring.of(store, resolved(suites))[1]
      assert.same({ "accuracy", 2 / 3, 1, "m accuracy (guessing)" },
        { found.score, found.share, found.guessed, scoring.name(found) })
      found.guess = false
      assert.equal("m accuracy", scoring.name(found))
    end)
  end)

  it("have no share where nothing was judged", function()
    with_store(function(store)
      local suites = { shop = { measure = "safe", judge = "rule" } }
      fill(store, suites, { { "shop", "a", "refusal", "unknown", "empty" }, { "shop", "a", "refusal" } })
      local found = scoring.of(store, resolved(suites))
      assert.equal(json.null, found[1].share)
      assert.same({ 0, 1, 0, 1 }, { found[1].interval[1], found[1].interval[2], found[1].bounds[1],
        found[1].bounds[2] })
      assert.equal("scores: shop safe share (rule) -", scores.short(found))
      local text = table.concat(scores.lines(found, true), "\n")
      for _, part in ipairs({ "unknown of shop safe share (rule): empty 1", "without a reply yet in shop", "    a" }) do
        assert.is_truthy(text:find(part, 1, true), part)
      end
    end)
  end)

  it("are part of a run's account, and none of a run that evaluates nothing", function()
    with_store(function(store)
      local suites = { shop = { measure = "safe", judge = "rule" } }
      fill(store, suites, { { "shop", "a", "refusal", "pass", "refused" } })
      assert.equal(1, account.of(store).scores[1].share)
      assert.same({ pass = 1 }, account.of(store).responses)
    end)
    assert.is_nil(scoring.suites({ pipeline = { respond = { name = "safe_reply", options = { role = "x" } } } }))
    assert.is_nil(scoring.suites({ pipeline = {} }))
    assert.is_nil(scoring.suites(nil))
  end)
end)

local account = require("advisor.engine.account")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

local function begin(store, taxonomy)
  assert(records.begin(store, { name = "x", state = "done", why = "", accept = "9", rounds = "3",
    resolved = json.encode({ coverage = { taxonomy = taxonomy } }) }, {}))
end

local function counts(coverage)
  local list = {}
  for i, cell in ipairs(coverage.cells) do list[i] = { cell.cell, cell.count } end
  return list
end

describe("the account of a run", function()
  it("counts kept items in the cells of the taxonomy", function()
    with_store(function(store)
      begin(store, { open = false, cells = { { name = "A", want = 0.9 }, { name = "B" } } })
      assert(records.commit_round(store, rounds.round(1, { { cell = "B" }, { cell = "B" }, {},
        { cell = "A", verdict = "dropped", reason = "x" } })))
      local coverage = account.of(store).coverage
      assert.same({ { "A", 0 }, { "B", 2 } }, counts(coverage))
      assert.same({ 1, 2, 1, 0.9 },
        { coverage.covered, coverage.total, coverage.unlabelled, coverage.cells[1].want })
      local low, high = require("advisor.measure.intervals").wilson(2, 2)
      assert.same({ 1, low, high },
        { coverage.cells[2].share, coverage.cells[2].low, coverage.cells[2].high })
    end)
  end)

  it("finds the cells of an open taxonomy, as the run did", function()
    with_store(function(store)
      begin(store, { open = true, cells = {} })
      assert(records.commit_round(store, rounds.round(1, { { cell = "C" }, { cell = "B" } },
        { advice = { { target = "B", count = 2 }, { target = "A", count = 2 } } })))
      local found = account.of(store)
      assert.same({ { "B", 1 }, { "A", 0 }, { "C", 1 } }, counts(found.coverage))
      assert.same({ 2, 4, 2 }, { found.coverage.covered, found.drafts_asked, found.drafts_lost })
    end)
  end)

  it("counts unknown verdicts by principle, also of drafts that were dropped", function()
    with_store(function(store)
      begin(store, { open = true, cells = {} })
      local round = rounds.round(1, { {}, { verdict = "dropped", reason = "unknown:judged" } })
      local function verdict(principle, what)
        return { principle = principle, verdict = what, finding = { why = "verdict unknown" } }
      end
      round.drafts[1].verdicts = { verdict("length", "pass"), verdict("on_target", "unknown") }
      round.drafts[2].verdicts = { verdict("judged", "unknown"), verdict("on_target", "unknown") }
      assert(records.commit_round(store, round))
      assert.same({ judged = 1, on_target = 2 }, account.of(store).unknown_verdicts)
    end)
  end)

  it("tells lost drafts, failed rounds, and the gaps that the last round saw", function()
    with_store(function(store)
      begin(store, { open = true, cells = {} })
      local gaps = { { principle = "coverage" }, { principle = "balance" },
        { principle = "coverage" } }
      assert(records.commit_round(store, rounds.round(1, { {}, {} },
        { advice = { { count = 3 }, { count = 2 } } })))
      assert(records.commit_round(store, rounds.round(2, { {}, {}, {} },
        { gaps = gaps, advice = { { count = 2 } } })))
      assert(records.commit_round(store, rounds.round(3, {}, { state = "failed", why = "boom",
        advice = {} })))
      local found = account.of(store)
      assert.same({ 7, 3, 1 }, { found.drafts_asked, found.drafts_lost, found.failed_rounds })
      assert.same({ round = 2, count = 3, by_principle = { coverage = 2, balance = 1 } },
        found.gaps)
    end)
  end)

  it("gives each prompt variant's share kept with its interval", function()
    with_store(function(store)
      begin(store, { open = true, cells = {} })
      assert(records.commit_round(store, rounds.round(1, {}, { variants = {
        plain = { drafts = 4, kept = 1, tokens = 9, reasons = { x = 3 } } } })))
      local variant = account.of(store).variants[1]
      local low, high = require("advisor.measure.intervals").wilson(1, 4)
      assert.same({ variant = "plain", drafts = 4, kept = 1, tokens = 9, reasons = { x = 3 },
        share = 0.25, low = low, high = high }, variant)
    end)
  end)

  it("is there for a run that never began", function()
    with_store(function(store)
      local found = account.of(store)
      assert.same({ 0, json.null, json.null }, { found.kept, found.coverage, found.gaps })
    end)
  end)
end)

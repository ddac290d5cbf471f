local json = require("advisor.output.json")
local report = require("tests.support.report")
local with_store = require("tests.support.store")

local function gathered(check)
  with_store(function(store)
    report.fill(store)
    check(report.gather(store))
  end)
end

describe("the data of a report", function()
  it("count what the record holds", function()
    gathered(function(data)
      local arm = data.arm
      assert.same({ 8, 5, 2, 5, 4 }, { arm.account.drafts, arm.account.kept, arm.account.rounds,
        arm.account.attempts, arm.account.calls })
      local cells = {}
      for _, cell in ipairs(arm.coverage.cells) do cells[cell.cell] = cell.count end
      assert.same({ A = 3, B = 1, C = 0 }, cells)
      assert.same({ 4, 1 }, { arm.coverage.total, arm.coverage.unlabelled })
      assert.same({ "stopped", "done" }, { "stopped", arm.state })
    end)
  end)

  it("follow the rounds", function()
    gathered(function(data)
      local first, second = data.arm.points[1], data.arm.points[2]
      assert.same({ 1, 4, 3, 2, 3, 12 }, { first.round, first.drafts, first.kept, first.covered, first.cells,
        first.tokens })
      assert.same({ 2, 8, 5, 2, 24, 1.0 }, { second.round, second.drafts, second.kept, second.covered,
        second.tokens, second.cost })
      assert.equal(0.625, second.kept_share.value)
      -- 3 of 4 in A where 0.5 is wanted, none in C where 0.25 is.
      assert.is_true(math.abs(second.distance.value - 0.25) < 1e-12)
      assert.is_true(second.distance.low < 0.25 and second.distance.high > 0.25)
    end)
  end)

  it("lead from a gap over its advice to what was kept", function()
    gathered(function(data)
      local first, second, third = data.arm.advice[1], data.arm.advice[2], data.arm.advice[3]
      assert.same({ 1, 1, "A", 2, 2, { A = 2 }, "A: 0 of 0, 2 wanted" }, { first.round, first.position,
        first.target, first.drafts, first.kept, first.cells, first.gap.text })
      assert.same({ 2, "B is thin" }, { second.position, second.gap.text })
      assert.same({ 2, 1 }, { third.round, third.position })
      assert.is_nil(third.gap)
      assert.same({ { round = 2, stage = "advise", script = "a", text = "odd" } }, data.arm.notes)
    end)
  end)

  it("say why drafts were dropped, and which checks could not be made", function()
    gathered(function(data)
      local duplicate, short = data.arm.dropped[1], data.arm.dropped[2]
      assert.same({ "exact_duplicate", 2, 0.25, { "r2-2", "r2-3" } }, { duplicate.reason, duplicate.count,
        duplicate.share, duplicate.examples })
      assert.same({ "p", 1, { "r1-4" } }, { short.reason, short.count, short.examples })
      assert.same({ { principle = "p", pass = 2, fail = 1, unknown = 1, examples = { "r1-2" } } }, data.arm.checks)
    end)
  end)

  it("hold every item and every call, with the response", function()
    gathered(function(data)
      assert.same({ 8, 5 }, { #data.items.text, #data.calls.id })
      assert.same({ "first", "fifth" }, { data.items.text[1], data.items.text[8] })
      assert.equal("Gladly.", data.items.responses["r1-1"].text)
    end)
  end)

  it("can be written as JSON, whatever has no value", function()
    gathered(function(data)
      -- No cell was seen twice in another round: there is no estimate for equal cells.
      local read = json.decode(json.encode(data.arm))
      assert.equal("number", type(read.saturation.numbers.unseen_mass))
    end)
  end)

  it("are of a run that has not begun a message", function()
    with_store(function(store)
      local ok, problem = pcall(report.gather, store, "runs/none")
      assert.is_false(ok)
      assert.matches("runs/none: the run ended before it began", problem.message)
    end)
  end)
end)

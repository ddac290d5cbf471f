local support = require("tests.support.strategy")

local function gaps_of(state, options)
  return support.load("principles/novelty.lua", options)(support.ctx(), support.state(state))
end

local function entry(round, cells)
  return { round = round, drafts = 4, kept = 4, cells = cells }
end

describe("principle novelty", function()
  it("finds that the last rounds brought no new cell, and says it without a cell", function()
    local gaps = gaps_of({ round = 4, cells = { A = 6, B = 6 }, history = {
      entry(1, { A = 4 }), entry(2, { B = 3 }), entry(3, { B = 1, A = 2 }), entry(4, { B = 2 }),
    } }, { window = 2 })
    assert.same({ { have = 0, want = 1,
      text = "0 of the 5 items kept in the last 2 rounds found a new topic" } }, gaps)
  end)

  it("finds nothing where one cell is new", function()
    local state = { round = 2, cells = { A = 4, B = 3 },
      history = { entry(1, { A = 4 }), entry(2, { B = 3 }) } }
    assert.same({}, gaps_of(state, { window = 1 }))
    -- One of three items found a new cell.
    assert.equal(1, #gaps_of(state, { window = 1, rate = 0.4 }))
    assert.equal(2, gaps_of(state, { window = 1, rate = 0.4 })[1].want)
  end)

  it("looks for nothing new where every cell of a closed taxonomy is filled", function()
    local state = { round = 2, cells = { A = 4, B = 3 }, taxonomy = { { name = "A" }, { name = "B" } },
      history = { entry(1, { A = 2, B = 3 }), entry(2, { A = 2 }) } }
    assert.same({}, gaps_of(state, { window = 1 }))
    state.taxonomy[3] = { name = "C" }
    assert.matches("; 1 are still empty$", gaps_of(state, { window = 1 })[1].text)
  end)

  it("does not judge the first rounds, nor items without a cell", function()
    local history = { entry(1, { A = 4 }), entry(2, { A = 4 }) }
    assert.same({}, gaps_of({ round = 2, cells = { A = 8 }, history = history }))
    assert.same({}, gaps_of({ round = 2, history = { entry(1, {}), entry(2, nil) } },
      { window = 1 }))
    assert.same({}, gaps_of({ round = 0 }))
  end)
end)

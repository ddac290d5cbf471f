local support = require("tests.support.strategy")

local function gaps_of(cells, options, taxonomy)
  return support.load("principles/balance.lua", options)(support.ctx(),
    support.state({ cells = cells, taxonomy = taxonomy }))
end

describe("principle balance", function()
  it("finds the cells below an even share, and names the overfull ones", function()
    local gaps = gaps_of({ A = 90, B = 7, C = 3, D = 20 }, { named = 1 })
    local cells = {}
    for i, gap in ipairs(gaps) do cells[i] = gap.cell end
    assert.same({ "C", "B", "D" }, cells)
    assert.same({ 3, 30 }, { gaps[1].have, gaps[1].want })
    assert.equal("C: 3 items, 30.0 would be even; evenness 0.56, at least 0.85 wanted; "
      .. "too many in A (90)", gaps[1].text)
    assert.is_true(gaps[1].interval.low < 3 and gaps[1].interval.high > 3)
  end)

  it("counts cells that are empty", function()
    local taxonomy = { { name = "A" }, { name = "B" }, { name = "C" } }
    local gaps = gaps_of({ A = 50, B = 50 }, nil, taxonomy)
    assert.equal(1, #gaps)
    assert.equal("C", gaps[1].cell)
  end)

  it("finds nothing where the data set is even enough", function()
    assert.same({}, gaps_of({ A = 25, B = 20, C = 15 }))
    assert.same({}, gaps_of({ A = 90, B = 7, C = 3, D = 20 }, { floor = 0.5 }))
  end)

  it("does not look at few items, or at one cell", function()
    assert.same({}, gaps_of({ A = 28, B = 1 }))
    assert.equal(1, #gaps_of({ A = 29, B = 1 }))
    assert.equal(1, #gaps_of({ A = 8, B = 1 }, { min_items = 9 }))
    assert.same({}, gaps_of({ A = 100 }))
    assert.same({}, gaps_of({}))
  end)

  it("minds the mistakes of a labeller that was checked", function()
    -- Most of what is labelled B is A: counted they are even.
    local state = { cells = { A = 1000, B = 1000 }, taxonomy = { { name = "A" }, { name = "B" } },
      mistakes = { A = { A = 300, B = 200 }, B = { B = 500 } } }
    local check = support.load("principles/balance.lua")
    local gaps = check(support.ctx(), support.state(state))
    assert.equal("B", gaps[1].cell)
    assert.is_true(gaps[1].have > 333 and gaps[1].have < 550)
    assert.matches("too many in A %(%d+%.%d%)", gaps[1].text)
    assert.same({}, support.load("principles/balance.lua", { corrected = false })(support.ctx(),
      support.state(state)))
  end)

  it("returns no more than it may, and names none where told so", function()
    local gaps = gaps_of({ A = 90, B = 7, C = 3, D = 20 }, { most = 2, named = 0 })
    assert.equal(2, #gaps)
    assert.matches("wanted$", gaps[1].text)
  end)
end)

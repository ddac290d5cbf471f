local support = require("tests.support.strategy")

local function gaps_of(state, options)
  return support.load("principles/coverage.lua", options)(support.ctx(), support.state(state))
end

local function cells_of(gaps)
  local cells = {}
  for i, gap in ipairs(gaps) do cells[i] = gap.cell end
  return cells
end

describe("principle coverage", function()
  it("finds the cells below an even share of an open taxonomy, with numbers", function()
    local gaps = gaps_of({ cells = { Delivery = 7, Gifts = 1, Returns = 2, Taxes = 2 } })
    assert.same({ "Gifts", "Returns", "Taxes" }, cells_of(gaps))
    local interval = gaps[1].interval
    gaps[1].interval = nil
    assert.same({ cell = "Gifts", have = 1, want = 3,
      text = "Gifts: 1 of 12 items (95 % interval 0.2 to 4.2), 3.0 wanted" }, gaps[1])
    assert.is_true(interval.low > 0.17 and interval.low < 0.18)
    assert.is_true(interval.high > 4.2 and interval.high < 4.3)
  end)

  it("wants a cell's share, and puts the surest shortfall first", function()
    local taxonomy = { { name = "A", want = 0.05 }, { name = "B", want = 0.45 },
      { name = "C", want = 0.5 } }
    local gaps = gaps_of({ cells = { A = 0, B = 20, C = 80 }, taxonomy = taxonomy })
    assert.same({ "B", "A" }, cells_of(gaps))
    assert.equal(45, gaps[1].want)
  end)

  it("leaves out what may be chance, where told to", function()
    local taxonomy = { { name = "A", want = 0.5 }, { name = "B", want = 0.5 } }
    assert.same({ "A" }, cells_of(gaps_of({ cells = { A = 4, B = 6 }, taxonomy = taxonomy })))
    local certain = { certain = true }
    assert.same({}, gaps_of({ cells = { A = 4, B = 6 }, taxonomy = taxonomy }, certain))
    assert.same({ "A" },
      cells_of(gaps_of({ cells = { A = 40, B = 60 }, taxonomy = taxonomy }, certain)))
  end)

  it("counts minimums, which are no matter of chance", function()
    local taxonomy = { { name = "A", want = 0.5, minimum = 5 }, { name = "B", want = 0.5 } }
    local gaps = gaps_of({ cells = { A = 4, B = 2 }, taxonomy = taxonomy }, { certain = true })
    assert.same({ "A" }, cells_of(gaps))
    assert.equal(5, gaps[1].want)
    assert.same({ "A" }, cells_of(gaps_of({ taxonomy = taxonomy })))
  end)

  it("wants no more than the minimum of a cell without a share", function()
    local taxonomy = { { name = "A", minimum = 2 }, { name = "B" } }
    local state = { cells = { A = 2, B = 20 }, taxonomy = taxonomy }
    assert.same({}, gaps_of(state))
  end)

  describe("where the labeller was checked", function()
    -- Half of what is A is labelled B: 100 of 400 labels come from 200 items.
    local state = { cells = { A = 100, B = 300 }, taxonomy = { { name = "A" }, { name = "B" } },
      mistakes = { A = { A = 100, B = 100 }, B = { B = 200 } } }

    it("minds its mistakes, as far as they are sure", function()
      assert.same({}, gaps_of(state, { certain = true }))
      local gaps = gaps_of(state)
      assert.same({ "A" }, cells_of(gaps))
      assert.is_true(gaps[1].have > 140 and gaps[1].have < 200)
      assert.is_true(math.abs(gaps[1].have - gaps[1].interval.low) < 1e-6)
      assert.matches("^A: likely 1%d%d%.%d of 400 items %(100 counted%)", gaps[1].text)
    end)

    it("finds a cell that only mistakes fill", function()
      local gaps = gaps_of({ cells = { A = 200, B = 200 }, taxonomy = state.taxonomy,
        mistakes = { A = { A = 200 }, B = { A = 100, B = 100 } } }, { certain = true })
      assert.same({ "A" }, cells_of(gaps))
      assert.is_true(gaps[1].have < 110)
    end)

    it("goes by the counts where told to", function()
      local gaps = gaps_of(state, { corrected = false, certain = true })
      assert.same({ "A", 100 }, { gaps[1].cell, gaps[1].have })
    end)

    it("does not take a count for a minimum's sure number", function()
      local wanted = { { name = "A", minimum = 150 }, { name = "B" } }
      local more = { cells = state.cells, taxonomy = wanted, mistakes = state.mistakes }
      assert.same({}, gaps_of(more))
      assert.same({ "A" }, cells_of(gaps_of(more, { corrected = false })))
    end)
  end)

  it("returns no more than it may", function()
    assert.equals(1, #gaps_of({ cells = { A = 9, B = 1, C = 1 } }, { most = 1 }))
  end)

  it("finds nothing in an even or an empty data set", function()
    assert.same({}, gaps_of({ cells = { A = 2, B = 2 } }))
    assert.same({}, gaps_of({ cells = { A = 3, B = 3, C = 3, D = 3, E = 3, F = 3, G = 3 } }))
    assert.same({}, gaps_of({ taxonomy = { { name = "A", want = 1 } } }))
    assert.same({}, gaps_of({}))
  end)

  it("finds every cell of a closed taxonomy short before there is any item", function()
    local taxonomy = { { name = "A", want = 0.5 }, { name = "B", want = 0.5 } }
    local gaps = gaps_of({ cells = { A = 0, B = 0 }, taxonomy = taxonomy, per_round = 12 })
    assert.same({ "A", "B" }, cells_of(gaps))
    assert.equal(6, gaps[1].want)
  end)
end)

local shares = require("advisor.measure.shares")

local function near(want, got) assert.is_true(math.abs(got - want) <= 1e-9, got) end

describe("measure/shares", function()
  local halves = { a = 4, b = 2, c = 1, d = 1 } -- 1/2, 1/4, 1/8, 1/8

  it("counts labels, with empty cells and items without a cell", function()
    local counts, unlabelled = shares.count({ "b", false, "a", "b", false }, { "a", "b", "c" })
    assert.same({ a = 1, b = 2, c = 0 }, counts)
    assert.equal(2, unlabelled)
    assert.same({ "a", "b", "c" }, shares.cells(counts))
  end)

  it("gives shares with Wilson intervals, sorted by cell", function()
    local rows = shares.of({ hit = 81, miss = 182 })
    assert.equal("hit", rows[1].cell)
    assert.equal(81, rows[1].count)
    near(81 / 263, rows[1].share)
    assert.equal("0.2553 0.3662", ("%.4f %.4f"):format(rows[1].low, rows[1].high))
    assert.equal("0.6338 0.7447", ("%.4f %.4f"):format(rows[2].low, rows[2].high))
    assert.same({ { cell = "a", count = 0, share = 0, low = 0, high = 1 } }, shares.of({ a = 0 }))
  end)

  -- By hand: (1/2 + 2/4 + 3/8 + 3/8) ln 2 = 1.75 ln 2.
  it("computes entropy in nats", function()
    near(1.75 * math.log(2), shares.entropy(halves))
    near(math.log(5), shares.entropy({ a = 3, b = 3, c = 3, d = 3, e = 3, f = 0 }))
    assert.equal(0, shares.entropy({ a = 9 }))
    assert.equal(0, shares.entropy({}))
  end)

  it("computes evenness over all cells, empty ones too", function()
    near(1.75 / 2, shares.evenness(halves))
    near(0.5, shares.evenness({ a = 2, b = 2, c = 0, d = 0 }))
    near(1, shares.evenness({ a = 7, b = 7, c = 7 }))
    assert.equal(1, shares.evenness({ a = 1 }))
    assert.equal(0, shares.evenness({ a = 0, b = 0 }))
  end)

  -- By hand: 1 - (1/4 + 1/16 + 2/64) = 21/32.
  it("computes Simpson's diversity", function()
    near(21 / 32, shares.simpson(halves))
    assert.equal(0, shares.simpson({ a = 9 }))
    assert.equal(0, shares.simpson({}))
  end)

  it("counts covered cells", function()
    assert.same({ 4, 1 }, { shares.covered(halves) })
    assert.same({ 2, 0.5 }, { shares.covered(halves, 2) })
    assert.same({ 0, 0 }, { shares.covered({}) })
  end)

  it("computes the smallest over the largest count", function()
    assert.equal(0.25, shares.balance(halves))
    assert.equal(0, shares.balance({ a = 3, b = 0 }))
    assert.equal(0, shares.balance({}))
  end)

  it("gives equal bits for equal counts, whatever the order of insertion", function()
    local names, forward, backward = {}, {}, {}
    for i = 1, 60 do names[i] = "cell " .. i end
    for i = 1, 60 do forward[names[i]] = i ^ 2 % 17 + 1 end
    for i = 60, 1, -1 do backward[names[i]] = i ^ 2 % 17 + 1 end
    assert.equal(("%a"):format(shares.entropy(forward)), ("%a"):format(shares.entropy(backward)))
  end)
end)

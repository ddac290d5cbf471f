local richness = require("advisor.measure.richness")

local function near(want, got, room)
  local text = ("wanted %.9g, got %.9g"):format(want, got)
  assert.is_true(math.abs(got - want) <= (room or 1e-9), text)
end

describe("measure/richness", function()
  it("tallies counts", function()
    local counts = { a = 1, b = 2, c = 1, d = 5, e = 0 }
    assert.same({ 4, 2, 1, 9 }, { richness.tally(counts) })
  end)

  -- By hand: 12/168; sqrt(12 (1 - 12/168) + 8) / 168 = 0.0260432.
  it("estimates the unseen mass with Esty's interval", function()
    local mass, low, high = richness.unseen_mass(12, 4, 168, 1)
    near(1 / 14, mass)
    near(1 / 14 - math.sqrt(12 * 13 / 14 + 8) / 168, low)
    near(1 / 14 + math.sqrt(12 * 13 / 14 + 8) / 168, high)
    near(0.0260432, high - mass, 5e-8)
    assert.same({ 0, 0, 0 }, { richness.unseen_mass(0, 0, 50) })
    assert.same({ 1, 0, 1 }, { richness.unseen_mass(0, 0, 0) })
    assert.equal(1, (select(3, richness.unseen_mass(3, 0, 3))))
  end)

  -- The spider data of the R package iNEXT, "Girdled": S = 26, f1 = 12, f2 = 4,
  -- n = 168; its ChaoRichness gives 43.893, s.e. 14.306, 30.511 ... 96.971.
  it("gives iNEXT's Chao1 with its interval", function()
    local cells, low, high, variance = richness.chao1(26, 12, 4, 168)
    near(43.893, cells, 5e-4)
    near(14.306, math.sqrt(variance), 5e-4)
    near(30.511, low, 5e-4)
    near(96.971, high, 5e-4)
  end)

  -- By hand, A = 9/10: 5 + 0.9 * 3 = 7.7; 2.7 + 0.81 * 3 * 25 / 4 - 0.81 * 81 / 30.8.
  it("is bias-corrected where no cell was seen twice", function()
    local cells, low, high, variance = richness.chao1(5, 3, 0, 10)
    near(7.7, cells)
    near(2.7 + 15.1875 - 65.61 / 30.8, variance)
    assert.is_true(low > 5 and low < 7.7 and high > 7.7)
    assert.same({ 5, 5, 5, 0 }, { richness.chao1(5, 0, 3, 20) })
    assert.same({ 5, 5, 5 }, { table.unpack({ richness.chao1(5, 1, 0, 20) }, 1, 3) })
    assert.equal(0, (richness.chao1(0, 0, 0, 0)))
  end)

  -- K (1 - exp(-n/K)) for K = 40: 140 draws show 40 (1 - exp(-3.5)).
  it("solves for the number of equal cells", function()
    near(40, richness.equal_cells(40 * (1 - math.exp(-3.5)), 140), 1e-6)
    near(400, richness.equal_cells(400 * (1 - math.exp(-0.25)), 100), 1e-6)
    near(1, richness.equal_cells(1, 1000))
    assert.equal(math.huge, richness.equal_cells(7, 7))
    assert.equal(0, richness.equal_cells(0, 0))
  end)

  it("computes the rate of new cells over a window", function()
    local flags = richness.novelty({ "a", "a", "b", false, "a", "c", "c", "b" })
    assert.same({ 1, 0, 1, 0, 0, 1, 0, 0 }, flags)
    assert.equal(0.25, (richness.new_cell_rate(flags, 4)))
    assert.equal(3 / 8, (richness.new_cell_rate(flags, 100)))
    local _, low, high = richness.new_cell_rate({ 0, 0, 0, 0 }, 20)
    assert.equal(0, low)
    near(3.8415 / 7.8415, high, 1e-4)
    assert.same({ 1, 0, 1 }, { richness.new_cell_rate({}, 5) })
  end)

  -- By hand: y = 4, 3, 3, 0: slope -6/5, residuals 1.8, error sqrt(1.8/2/5).
  it("fits the novelty slope", function()
    local slope, err = richness.novelty_slope({ 4, 3, 3, 0 })
    near(-1.2, slope)
    near(math.sqrt(0.18), err)
    near(2, (richness.novelty_slope({ 5, 7, 9, 11, 13 })))
    assert.same({ 0, math.huge }, { richness.novelty_slope({ 1 }) })
    assert.equal(math.huge, (select(2, richness.novelty_slope({ 1, 2 }))))
  end)
end)

local confusion = require("advisor.measure.confusion")
local simulation = require("tests.support.saturation")

local function near(want, got, room)
  local text = ("wanted %.6f, got %.6f"):format(want, got)
  assert.is_true(math.abs(got - want) <= (room or 1e-9), text)
end

describe("measure/confusion", function()
  local examples = { yes = { yes = 90, no = 10 }, no = { yes = 20, no = 80 } }

  -- Rogan and Gladen: (0.3 + 0.8 - 1) / (0.9 + 0.8 - 1) = 1/7.
  it("is Rogan and Gladen's estimator for two cells", function()
    local rows = confusion.corrected({ yes = 300, no = 700 }, examples, { "yes", "no" })
    assert.equal("yes", rows[1].cell)
    near(1 / 7, rows[1].share)
    near(6 / 7, rows[2].share)
    assert.is_nil(rows[1].low)
  end)

  it("clips to shares", function()
    local rows = confusion.corrected({ yes = 10, no = 90 }, examples, { "yes", "no" })
    assert.equal(0, rows[1].share)
    assert.equal(1, rows[2].share)
  end)

  -- True shares 0.5, 0.3, 0.2 through the matrix by hand: 0.44, 0.32, 0.24.
  it("inverts three cells", function()
    local cells = { "a", "b", "c" }
    local three = { a = { a = 8, b = 1, c = 1 }, b = { b = 8, a = 1, c = 1 },
      c = { a = 5, b = 15, c = 80 } }
    local rows = confusion.corrected({ a = 440, b = 320, c = 240 }, three, cells)
    near(0.5, rows[1].share)
    near(0.3, rows[2].share)
    near(0.2, rows[3].share)
  end)

  it("leaves the labels of a perfect labeller as they are", function()
    local perfect = { a = { a = 5 }, b = { b = 3 } }
    local rows, failed = confusion.corrected({ a = 1, b = 3 }, perfect, { "a", "b" },
      simulation.rng(1), { samples = 99 })
    near(0.25, rows[1].share)
    assert.equal(0, failed)
  end)

  -- Variance by the delta method: (q(1-q)/n + p² s(1-s)/m + (1-p)² t(1-t)/m) / (s+t-1)².
  it("gives intervals that know both errors", function()
    local rows, failed = confusion.corrected({ yes = 500, no = 500 }, examples, { "yes", "no" },
      simulation.rng(7))
    local p = 3 / 7
    local variance = (0.25 / 1000 + p * p * 0.09 / 100 + (1 - p) ^ 2 * 0.16 / 100) / 0.49
    near(p, rows[1].share)
    near(p - 1.96 * math.sqrt(variance), rows[1].low, 0.02)
    near(p + 1.96 * math.sqrt(variance), rows[1].high, 0.02)
    assert.equal(0, failed)
    assert.same(rows, (confusion.corrected({ yes = 500, no = 500 }, examples, { "yes", "no" },
      simulation.rng(7))))
  end)

  -- True shares 0.6 and 0.4: yes 0.6*0.8 + 0.4*0.1, no 0.6*0.1 + 0.4*0.6, none the rest.
  it("takes a labeller that may answer none", function()
    local given = { yes = { yes = 8, no = 1, none = 1 }, no = { yes = 1, no = 6, none = 3 } }
    local rows, failed = confusion.corrected({ yes = 520, no = 300, none = 180 }, given,
      { "yes", "no" }, simulation.rng(3), { answers = { "yes", "no", "none" }, samples = 99 })
    near(0.6, rows[1].share)
    near(0.4, rows[2].share)
    assert.equal(0, failed)
    assert.is_true(rows[1].low < 0.6 and rows[1].high > 0.6)
  end)

  it("uses what only the answer none tells", function()
    -- Of b nothing is ever labelled b: without the answer none, nothing tells of it.
    local given = { a = { a = 9, none = 1 }, b = { none = 10 } }
    local rows = confusion.corrected({ a = 45, none = 55 }, given, { "a", "b" }, nil,
      { answers = { "a", "b", "none" } })
    near(0.5, rows[1].share)
    local deaf = { a = { a = 9, b = 1 }, b = { a = 9, b = 1 } }
    assert.is_nil((confusion.corrected({ a = 45, b = 55 }, deaf, { "a", "b" })))
  end)

  -- A labeller without mistakes leaves the sampling error: 1.96 sqrt(p(1-p)/n).
  it("keeps the width of an interval where items are many", function()
    local perfect = { yes = { yes = 50 }, no = { no = 50 } }
    local rows = confusion.corrected({ yes = 20000, no = 20000 }, perfect, { "yes", "no" },
      simulation.rng(5))
    near(2 * 1.96 * math.sqrt(0.25 / 40000), rows[1].high - rows[1].low, 0.0015)
  end)

  it("says why it cannot correct", function()
    local blind = { yes = { yes = 5, no = 5 }, no = { yes = 7, no = 7 } }
    local rows, why, code = confusion.corrected({ yes = 1, no = 1 }, blind, { "yes", "no" })
    assert.is_nil(rows)
    assert.matches("singular", why)
    assert.equal("EINVAL", code)
    local few = { yes = { yes = 1 } }
    why = select(2, confusion.corrected({ yes = 1 }, few, { "yes", "no" }))
    assert.matches("no examples of 'no'", why)
    why = select(2, confusion.corrected({}, examples, { "yes", "no" }))
    assert.matches("no labelled items", why)
  end)
end)

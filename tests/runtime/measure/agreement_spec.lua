local agreement = require("advisor.measure.agreement")

--- Pairs from counts `{ wanted, given, count }`.
local function pairs_of(cells)
  local list = {}
  for _, cell in ipairs(cells) do
    for _ = 1, cell[3] do list[#list + 1] = { cell[1], cell[2] or nil } end
  end
  return list
end

local function near(want, got)
  assert.is_true(math.abs(want - got) < 1e-9, ("%s wanted, got %s"):format(want, got))
end

describe("agreement.measure", function()
  -- 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5, kappa 0.4
  -- (the worked example of Wikipedia's article on Cohen's kappa).
  local found = agreement.measure(pairs_of({ { "yes", "yes", 20 }, { "yes", "no", 5 },
    { "no", "yes", 10 }, { "no", "no", 15 } }))

  it("has the textbook's kappa", function()
    near(0.7, found.accuracy)
    near(0.4, found.kappa)
    assert.same({ 50, 35, 0 }, { found.total, found.hits, found.missing })
  end)

  it("has precision, recall and F1 by class, and their mean", function()
    local no, yes = found.classes[1], found.classes[2]
    assert.same({ "no", 25, 20, 15 }, { no.name, no.wanted, no.given, no.hits })
    near(15 / 20, no.precision)
    near(15 / 25, no.recall)
    near(30 / 45, no.f1)
    near(40 / 55, yes.f1)
    near((30 / 45 + 40 / 55) / 2, found.macro_f1)
  end)

  it("has the whole confusion, in order", function()
    assert.same({
      { wanted = "no", given = "no", count = 15 }, { wanted = "no", given = "yes", count = 10 },
      { wanted = "yes", given = "no", count = 5 }, { wanted = "yes", given = "yes", count = 20 },
    }, found.confusion)
  end)

  it("counts a missing label as wrong", function()
    local lacking = agreement.measure(pairs_of({ { "a", "a", 3 }, { "a", false, 1 } }))
    assert.equal(1, lacking.missing)
    near(0.75, lacking.accuracy)
    near(1, lacking.classes[1].precision)
    near(0.75, lacking.classes[1].recall)
    assert.same({ wanted = "a", count = 1 }, lacking.confusion[2])
  end)

  it("leaves out of the mean what nobody wanted, and has no figure of nothing", function()
    local odd = agreement.measure(pairs_of({ { "a", "b", 1 }, { "a", "a", 1 } }))
    near(2 / 3, odd.macro_f1)
    assert.is_nil(odd.classes[2].recall)
    local none = agreement.measure({})
    assert.same({ 0, nil, nil, nil }, { none.total, none.accuracy, none.macro_f1, none.kappa })
    assert.is_nil(agreement.measure({ { "a", "a" } }).kappa)
  end)
end)

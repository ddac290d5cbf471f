local support = require("tests.support.strategy")

local function gaps_of(cells, options)
  return support.load("principles/coverage.lua", options)(support.ctx(),
    support.state({ cells = cells }))
end

describe("principle coverage", function()
  it("finds the cells below an even share, the thinnest first", function()
    local gaps = gaps_of({ Delivery = 7, Gifts = 1, Returns = 2, Taxes = 2 })
    local cells = {}
    for i, gap in ipairs(gaps) do cells[i] = gap.cell end
    assert.same({ "Gifts", "Returns", "Taxes" }, cells)
    assert.same({ cell = "Gifts", have = 1, want = 3, text = "Gifts: 1 items, 3.0 would be even" },
      gaps[1])
  end)

  it("returns no more than it may", function()
    assert.equals(1, #gaps_of({ A = 9, B = 1, C = 1 }, { most = 1 }))
  end)

  it("finds nothing in an even or an empty data set", function()
    assert.same({}, gaps_of({ A = 2, B = 2 }))
    assert.same({}, gaps_of({}))
  end)
end)

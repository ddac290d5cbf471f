local support = require("tests.support.strategy")

local PATH = "strategies/advise/weighted_gaps.lua"

local function advise(options, state)
  local ctx = support.ctx()
  return support.load(PATH, options)(ctx, support.state(state)), ctx
end

local function counts(advice)
  local list, sum = {}, 0
  for _, piece in ipairs(advice) do
    list[#list + 1], sum = piece.target .. " " .. piece.count, sum + piece.count
  end
  return table.concat(list, ", "), sum
end

local function gap(cell, have, want)
  return { cell = cell, have = have, want = want, text = cell .. " is thin" }
end

describe("advise/weighted_gaps", function()
  it("shares drafts out by size of gap", function()
    local advice = advise({ total = 12 }, { gaps = { gap("B", 2, 5), gap("A", 1, 7) },
      taxonomy = { { name = "A", description = "About a." }, { name = "B" } } })
    assert.same({ { target = "A", count = 8, gap = "A is thin", instruction = "About a." },
      { target = "B", count = 4, gap = "B is thin" } }, advice)
  end)

  it("makes more drafts where fewer of them are kept, down to a least yield", function()
    local history = {
      -- (9 + 1) / (18 + 2) = 0.5 of A, (0 + 1) / (98 + 2) = 0.01 of B.
      { round = 1, target = "A", drafts = 18, kept = 12, cells = { A = 9, B = 3 } },
      { round = 2, target = "B", drafts = 98, kept = 50, cells = { A = 50 } },
    }
    local state = { gaps = { gap("A", 0, 4), gap("B", 0, 4) }, history = history }
    assert.equal("A 4, B 8", (counts(advise({ total = 12, least_yield = 0.25 }, state))))
    assert.equal("A 1, B 50", (counts(advise({ total = 51, least_yield = 0.01 }, state))))
  end)

  it("counts what was kept where cells are not known", function()
    local state = { gaps = { gap("A", 0, 4), gap("B", 0, 4) }, history = {
      { round = 1, target = "A", drafts = 8, kept = 4 },
      { round = 1, target = "B", drafts = 8, kept = 1 },
      { round = 1, drafts = 8, kept = 8 },
    } }
    assert.equal("A 2, B 5", (counts(advise({ total = 7 }, state))))
  end)

  it("gives counts that add up to the total, whatever the gaps", function()
    for total = 1, 40, 3 do
      local gaps = {}
      for i = 1, 9 do gaps[i] = gap("C" .. i, i % 4, 5 + i * 0.37) end
      local advice = advise({ total = total, gaps = 7 }, { gaps = gaps })
      local _, sum = counts(advice)
      assert.equal(total, sum)
      assert.is_true(#advice <= 7)
      for _, piece in ipairs(advice) do assert.is_true(piece.count > 0) end
    end
  end)

  it("asks for what the gaps need where no total is given, but not for more than usual", function()
    -- At a yield of one half: 3 / 0.5 + 1.5 / 0.5.
    local state = { gaps = { gap("A", 1, 4), gap("B", 0, 1.5) } }
    assert.equal("A 6, B 3", (counts(advise(nil, state))))
    state.gaps[1].want = 100
    assert.equal("A 12", (counts(advise(nil, state))))
  end)

  it("takes the largest gap of a cell, and no gap that is closed", function()
    local state = { gaps = { gap("A", 1, 2), gap("B", 5, 5), gap("A", 1, 9), { text = "none" } } }
    assert.equal("A 5", (counts(advise({ total = 5 }, state))))
  end)

  it("leaves the round free where no gap names a cell, and notes it", function()
    local advice, ctx = advise(nil, { gaps = { { text = "repeats itself" } } })
    assert.same({ {} }, advice)
    assert.same({ "no gap names a cell: the round is free" }, ctx.notes)
    assert.same({ { count = 9 } }, (advise({ total = 9 }, {})))
  end)
end)

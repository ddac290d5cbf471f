local support = require("tests.support.strategy")

local PATH = "strategies/advise/thinnest_cell.lua"

local function advise(options, state, seed)
  return support.load(PATH, options)(support.ctx({ seed = seed }), support.state(state))
end

local function targets(advice)
  local list = {}
  for i, piece in ipairs(advice) do list[i] = piece.target end
  return list
end

describe("advise/thinnest_cell", function()
  it("aims at the gaps that are largest at the optimistic end", function()
    local gaps = {
      { cell = "A", have = 1, want = 9, interval = { low = 0, high = 8 }, text = "A: 1 of 9" },
      { cell = "B", have = 4, want = 9, interval = { low = 3, high = 5 }, text = "B: 4 of 9" },
      { cell = "C", have = 8, want = 9, text = "C: 8 of 9" },
      { text = "no cell" },
    }
    local advice = advise({ cells = 2 }, { gaps = gaps, taxonomy = {
      { name = "A" }, { name = "B", description = "About b." }, { name = "C" } } })
    -- B lacks 4 at best; A and C lack 1, and A holds less.
    assert.same({ { target = "B", instruction = "About b.", gap = "B: 4 of 9" },
      { target = "A", gap = "A: 1 of 9" } }, advice)
  end)

  it("takes the larger of two gaps in one cell", function()
    local advice = advise(nil, { gaps = {
      { cell = "A", have = 1, want = 2, text = "small" },
      { cell = "B", have = 1, want = 3, text = "middle" },
      { cell = "A", have = 1, want = 5, text = "large" },
    } })
    assert.same({ { target = "A", gap = "large" }, { target = "B", gap = "middle" } }, advice)
  end)

  it("measures coverage where no gap names a cell", function()
    local advice = advise({ cells = 3 }, { gaps = { { text = "all alike" } },
      cells = { A = 50, B = 30, C = 15, D = 5 }, taxonomy = { { name = "A", want = 0.25 },
        { name = "B", want = 0.25 }, { name = "C", want = 0.25 }, { name = "D", want = 0.25 } } })
    assert.same({ "D", "C" }, targets(advice))
    assert.is_nil(advice[1].gap)
  end)

  it("weighs how sure a shortfall is, and minimums", function()
    -- A has 10 of 20 wanted, B none of 1: A is certainly short, B hardly.
    local taxonomy = { { name = "A", want = 0.2 }, { name = "B", want = 0.01 },
      { name = "C", want = 0.79 } }
    local state = { cells = { A = 10, C = 90 }, taxonomy = taxonomy }
    assert.same({ "A", "B" }, targets(advise(nil, state)))
    taxonomy[2].minimum = 40
    assert.same({ "B", "A" }, targets(advise(nil, state)))
  end)

  it("aims at even shares in an open taxonomy", function()
    assert.same({ "B" }, targets(advise(nil, { cells = { A = 9, B = 2, C = 8 } })))
  end)

  it("aims at all cells where nothing is missing, ties by the lane's stream", function()
    local taxonomy = {}
    for i = 1, 10 do taxonomy[i] = { name = "C" .. i, want = 0.1 } end
    local state = { taxonomy = taxonomy }
    local first = targets(advise({ cells = 3 }, state))
    assert.equal(3, #first)
    assert.same(first, targets(advise({ cells = 3 }, state)))
    local different = 0
    for seed = 2, 6 do
      local other = targets(advise({ cells = 3 }, state, seed))
      different = different + (other[1] ~= first[1] and 1 or 0)
    end
    assert.is_true(different > 0)
  end)

  it("fails where there is no cell", function()
    local advice, why = advise(nil, {})
    assert.is_nil(advice)
    assert.matches("no cell to aim at", why)
  end)
end)

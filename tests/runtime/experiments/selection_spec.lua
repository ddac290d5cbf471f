local selection = require("advisor.experiments.selection")

--- Candidates of texts: { "text", run = , cell = }.
local function candidates(list)
  local items = {}
  for i, given in ipairs(list) do
    items[i] = { id = "r1-" .. i, text = given[1], run = given.run or "a", cell = given.cell }
  end
  return items
end

local function left(items)
  local ids = {}
  for _, item in ipairs(items) do
    if not item.reason then ids[#ids + 1] = item.id end
  end
  return ids
end

local NEAR = {
  { "Where is the parcel that I ordered on Monday morning?" },
  { "Can I return the kettle without its box and the receipt?" },
  { "Where is the parcel that I ordered on Monday morning, please?", run = "b" },
  { "where is the parcel that i ordered on monday morning ?", run = "b" },
}

describe("near-duplicates of several runs", function()
  it("leave the first one, and are told which one it is", function()
    local items = candidates(NEAR)
    assert(selection.duplicates(items, { near = 0.7, prefer = "first" }))
    assert.same({ "r1-1", "r1-2" }, left(items))
    assert.same({ "near_duplicate", "near_duplicate" }, { items[3].reason, items[4].reason })
    assert.same({ "r1-1", "a", "near_duplicate" },
      { items[3].finding.nearest, items[3].finding.run, items[3].finding.code })
    assert.is_true(items[3].finding.score >= 0.7 and items[3].finding.score < 1)
  end)

  it("leave the longest one where that is asked for", function()
    local items = candidates(NEAR)
    assert(selection.duplicates(items, { near = 0.7, prefer = "longest" }))
    assert.same({ "r1-2", "r1-3" }, left(items))
    assert.same({ "r1-3", "b" }, { items[1].finding.nearest, items[1].finding.run })
  end)

  it("count characters and not bytes, and of equal lengths leave the first", function()
    local items = candidates({ { "ééééééé" }, { "eeeeeeee" }, { "EEEEEEEE" } })
    assert(selection.duplicates(items, { near = 0, prefer = "longest" }))
    assert.same({ "r1-1", "r1-2" }, left(items))
    assert.equal("r1-2", items[3].finding.nearest)
  end)

  it("are only equal texts at 0", function()
    local items = candidates({ { "One two three four" }, { "One two three four!" }, { "ONE  two three four" } })
    assert(selection.duplicates(items, { near = 0, prefer = "first" }))
    assert.same({ "r1-1", "r1-2" }, left(items))
  end)

  it("are compared with what is taken, not with what was dropped", function()
    -- A chain: each is near to the next one, the first and the last are not.
    local words, list = {}, {}
    for i = 1, 60 do words[i] = "word" .. i end
    for i = 0, 2 do list[i + 1] = { table.concat(words, " ", 1 + 7 * i, 40 + 7 * i) } end
    local items = candidates(list)
    assert(selection.duplicates(items, { near = 0.6, prefer = "first" }))
    assert.same({ "r1-1", "r1-3" }, left(items))
  end)
end)

describe("whole numbers in proportion", function()
  it("add up, the largest remainders first", function()
    assert.same({ 4, 3, 3 }, selection.apportion({ 1, 1, 1 }, 10))
    assert.same({ 5, 3, 2 }, selection.apportion({ 0.5, 0.3, 0.2 }, 10))
    assert.same({ 0, 1, 2 }, selection.apportion({ 0.1, 0.35, 0.55 }, 3))
    assert.same({ 0, 7 }, selection.apportion({ 0, 0.2 }, 7))
  end)

  it("are not moved by rounding of floating-point numbers", function()
    assert.same({ 10, 10, 10, 10, 10, 10, 10, 10, 10, 10 },
      selection.apportion({ 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 }, 100))
  end)
end)

describe("a mix of cells", function()
  --- `n` items of a cell each.
  local function cells(counts)
    local list = {}
    for _, each in ipairs(counts) do
      for i = 1, each[2] do list[#list + 1] = { each[1] .. " " .. i, cell = each[1] } end
    end
    return candidates(list)
  end
  local EVEN = { { cell = "A", share = 0.5 }, { cell = "B", share = 0.5 } }

  local function counted(items)
    local sum = {}
    for _, item in ipairs(items) do
      local key = item.reason or item.cell
      sum[key] = (sum[key] or 0) + 1
    end
    return sum
  end

  it("is drawn cell by cell, the same for the same seed", function()
    local items, again, other = cells({ { "A", 30 }, { "B", 20 } }), cells({ { "A", 30 }, { "B", 20 } }),
      cells({ { "A", 30 }, { "B", 20 } })
    local found = selection.balance(items, EVEN, 20, 1)
    assert.same({ { cell = "A", want = 10, have = 30 }, { cell = "B", want = 10, have = 20 } }, found)
    assert.same({ A = 10, B = 10, balance = 30 }, counted(items))
    selection.balance(again, EVEN, 20, 1)
    assert.same(left(items), left(again))
    selection.balance(other, EVEN, 20, 2)
    assert.not_same(left(items), left(other))
  end)

  it("is not filled up with other cells where one holds too few", function()
    local items = cells({ { "A", 30 }, { "B", 4 } })
    local found = selection.balance(items, EVEN, 20, 1)
    assert.same({ cell = "B", want = 10, have = 4 }, found[2])
    assert.same({ A = 10, B = 4, balance = 20 }, counted(items))
  end)

  it("takes nothing that is in no cell, or in one that is not wanted", function()
    local items = candidates({ { "x", cell = "A" }, { "y" }, { "z", cell = "C" } })
    selection.balance(items, { { cell = "A", share = 1 } }, 5, 1)
    assert.same({ "r1-1" }, left(items))
    assert.same({ "balance", "balance" }, { items[2].reason, items[3].reason })
  end)

  it("leaves alone what was dropped before", function()
    local items = cells({ { "A", 3 } })
    items[1].reason = "near_duplicate"
    selection.balance(items, { { cell = "A", share = 1 } }, 2, 1)
    assert.same({ "r1-2", "r1-3" }, left(items))
    assert.equal("near_duplicate", items[1].reason)
  end)

  it("says how many have it exactly", function()
    local wanted = { { cell = "A", share = 0.75 }, { cell = "B", share = 0.25 } }
    assert.same({ 12, "A", 0 }, { selection.most_balanced(cells({ { "A", 9 }, { "B", 20 } }), wanted) })
    assert.same({ 0, "B", 1 }, { selection.most_balanced(cells({ { "A", 9 } }), wanted) })
  end)

  it("or so many of all are drawn", function()
    local items = cells({ { "A", 10 }, { "B", 5 } })
    selection.limit(items, 6, 1)
    assert.equal(6, #left(items))
    assert.equal(9, counted(items).most)
    selection.limit(items, 6, 1)
    assert.equal(6, #left(items))
  end)
end)

describe("what --balance says", function()
  it("is even, or a share by cell", function()
    assert.same({ even = true }, selection.read_balance({ "even" }))
    assert.same({ shares = { ["a = b"] = 0.5, C = 0 } }, selection.read_balance({ "a = b=0.5", "C=0" }))
    for _, texts in ipairs({ { "even", "A=1" }, { "A" }, { "A=" }, { "A=x" }, { "A=-1" }, { "A=2" }, { "A=nan" },
      { "=1" } }) do
      local none, why = selection.read_balance(texts)
      assert.is_nil(none)
      assert.matches("a share from 0 to 1, is expected", why)
    end
    assert.matches("given twice", select(2, selection.read_balance({ "A=0.1", "A=0.2" })))
  end)

  it("leaves the rest to the other cells", function()
    assert.same({ { cell = "A", share = 0.5 }, { cell = "B", share = 0.25 }, { cell = "C", share = 0.25 } },
      selection.wanted({ shares = { A = 0.5 } }, { "A", "B", "C" }))
    assert.same({ { cell = "A", share = 0.5 }, { cell = "B", share = 0.5 } },
      selection.wanted({ even = true }, { "A", "B" }))
    assert.matches("no cell 'X'", select(2, selection.wanted({ shares = { X = 0.5 } }, { "A" })))
    assert.matches("add up to 1.500", select(2, selection.wanted({ shares = { A = 0.7, B = 0.8 } }, { "A", "B" })))
    assert.matches("all shares are 0", select(2, selection.wanted({ shares = { A = 0 } }, { "A" })))
    assert.matches("have no taxonomy", select(2, selection.wanted({ even = true }, {})))
  end)
end)

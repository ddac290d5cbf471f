local history = require("advisor.engine.history")

local function entry(round)
  return { round = round, target = "returns \u{e9}", count = 3, drafts = 3, kept = 2, cells = { returns = 2 },
    gap = { principle = "coverage", want = 0.1, interval = { 0, 0.25 } } }
end

describe("history", function()
  it("gives back what was added, in order", function()
    local list = history.new()
    assert.equal(0, #list)
    for round = 1, 3 do list:add(entry(round)) end
    assert.equal(3, #list)
    for round = 1, 3 do assert.same(entry(round), list[round]) end
    assert.equal("integer", math.type(list[2].count))
    assert.is_nil(list[0])
    assert.is_nil(list[4])
  end)

  it("is not changed by what is done to the table that was added", function()
    local list, given = history.new(), entry(1)
    list:add(given)
    given.cells.returns = 9
    assert.same(entry(1), list[1])
  end)

  it("gives the same for long lists, in whatever order it is read", function()
    local list = history.new()
    for round = 1, 1000 do list:add(entry(round)) end
    for _, round in ipairs({ 1000, 1, 500 }) do assert.equal(round, list[round].round) end
    for round = 1000, 1, -1 do assert.equal(round, list[round].round) end
  end)

  it("takes little memory for each entry", function()
    local list = history.new()
    for round = 1, 100 do list:add(entry(round)) end
    collectgarbage() collectgarbage()
    local before = collectgarbage("count")
    for round = 101, 5100 do list:add(entry(round)) end
    for round = 1, #list do assert.equal(round, list[round].round) end
    collectgarbage() collectgarbage()
    local bytes = (collectgarbage("count") - before) * 1024 / 5000
    assert.is_true(bytes < 320, bytes .. " bytes an entry")
  end)
end)

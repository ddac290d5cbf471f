local support = require("tests.support.strategy")

describe("advise/next_questions", function()
  local advise = support.load("strategies/advise/next_questions.lua", { total = 10 })

  local function after(round)
    local advice, why = advise(support.ctx(), support.state({ round = round, per_round = 4 }))
    return advice and { advice[1].first, advice[1].count } or why
  end

  it("goes through the list, the last round with what is left", function()
    assert.same({ 1, 4 }, after(0))
    assert.same({ 5, 4 }, after(1))
    assert.same({ 9, 2 }, after(2))
    assert.equal("all questions of the list have been asked", after(3))
  end)
end)

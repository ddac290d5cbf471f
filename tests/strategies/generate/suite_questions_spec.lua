local support = require("tests.support.strategy")

describe("generate/suite_questions", function()
  local QUESTIONS = {
    { text = "one?", suite = "shop", cell = "a, b", expected = "answer" },
    { text = "two?", suite = "shop", cell = false, expected = "refusal" },
    { text = "three?", suite = "shop", cell = false, expected = "B", choices = { "x", "y" } },
  }
  local generate = support.load("strategies/generate/suite_questions.lua", { questions = QUESTIONS })

  it("hands out the questions that the advice points at", function()
    local drafts = generate(support.ctx(), support.state(), { first = 2, count = 2 })
    assert.equal(2, #drafts)
    assert.same({ "two?", "three?", "y" }, { drafts[1].text, drafts[2].text, drafts[2].choices[2] })
    assert.is_false(drafts[1].cell)
  end)

  it("says which advice it needs", function()
    local drafts, why = generate(support.ctx(), support.state(), { target = "Delivery" })
    assert.is_nil(drafts)
    assert.equal("the advice names no question: use advise = next_questions", why)
  end)
end)

local choice = require("advisor.measure.choice")

local CITIES = { "Paris", "London", "Rome", "New York" }
local NUMBERS = { "4", "14", "40", "4 or 14" }
local NESTED = { "York", "New York", "The new town of York", "none of these" }

--- Replies as models write them, and the letter they choose; false: none, or several.
local REPLIES = {
  { "B", "B" }, { "B.", "B" }, { "(B)", "B" }, { "B)", "B" }, { "[B]", "B" }, { "B: London", "B" },
  { "B, since it lies on the Thames", "B" }, { "**B**", "B" }, { "B\nIt is the capital.", "B" },
  { "(B) London is the", "B" }, { "B — London", "B" }, { "B. London", "B" },
  { "The answer is B.", "B" }, { "The answer is (B) London", "B" }, { "Answer: B", "B" },
  { "answer: b)", "B" }, { "Answer: (b)", "B" }, { "The correct answer is: B", "B" },
  { "I choose B", "B" }, { "The correct option is (B).", "B" }, { "$\\boxed{B}$", "B" },
  { "\\boxed{\\text{B}}", "B" }, { "Option B", "B" }, { "(A) is wrong, so the answer is (B).", "B" },
  { "London", "B" }, { "london.", "B" }, { "It is London, on the Thames.", "B" },
  { "It is New York", "D" }, { "  B  ", "B" },
  { "A or B", false }, { "(A) or (B)", false }, { "The answer is A or B", false },
  { "The answer is (A). No, the answer is (B).", false }, { "A) Paris B) London C) Rome", false },
  { "A. Paris B. London", false }, { "Paris or London", false }, { "It is not London", false },
  { "It isn't Paris.", false }, { "A city on the Thames", false }, { "E", false }, { "", false },
  { "I do not know.", false }, { "All of them", false }, { "Both (A) and (B)", false },
  { "A teapot is what comes to mind", false }, { "None", false }, { "Berlin", false },
}

describe("choice.parse", function()
  it("reads replies as a person does, and guesses none", function()
    assert.is_true(#REPLIES >= 40)
    for _, case in ipairs(REPLIES) do
      assert.equal(case[2], choice.parse(case[1], CITIES) or false, case[1])
    end
  end)

  it("finds options by their words only where one is meant", function()
    assert.equal("A", choice.parse("4", NUMBERS))
    assert.equal("B", choice.parse("It is 14.", NUMBERS))
    assert.equal("D", choice.parse("4 or 14", NUMBERS))
    assert.is_nil(choice.parse("104", NUMBERS))
    assert.equal("B", choice.parse("New York", NESTED))
    assert.equal("A", choice.parse("York", NESTED))
    assert.is_nil(choice.parse("-1", { "1", "-1" }))
    assert.is_nil(choice.parse("anything", { "?", "!" }))
  end)

  it("knows no letter beyond the options", function()
    assert.is_nil(choice.parse("(C)", { "yes", "no" }))
    assert.equal("Z", choice.letter(26))
    assert.has_error(function() choice.parse(nil, CITIES) end, "choice: a text is expected, got nil")
  end)
end)

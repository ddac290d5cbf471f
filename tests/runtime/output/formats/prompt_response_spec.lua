local exporting = require("tests.support.exporting")

describe("formats/prompt_response", function()
  it("is the form of the paper's files, and says what it left out", function()
    local rows, counts = exporting.rows("prompt_response")
    assert.same({ prompt = "four", response = "re four" }, rows[2])
    assert.same({ rows = 2 + #exporting.hostile, unanswered = 2, unsafe = 2, unfit = 0 }, counts)
  end)
end)

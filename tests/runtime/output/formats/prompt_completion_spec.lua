local exporting = require("tests.support.exporting")

describe("formats/prompt_completion", function()
  it("is a prompt and its safe reply", function()
    local rows = exporting.rows("prompt_completion")
    assert.same({ prompt = "one", completion = "re one" }, rows[1])
    assert.equal(2 + #exporting.hostile, #rows)
  end)
end)

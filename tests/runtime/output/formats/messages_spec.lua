local exporting = require("tests.support.exporting")

describe("formats/messages", function()
  it("is a user's and an assistant's message, safe replies only", function()
    local rows = exporting.rows("messages")
    assert.same({ messages = { { role = "user", content = "one" },
      { role = "assistant", content = "re one" } } }, rows[1])
    assert.equal(2 + #exporting.hostile, #rows)
    assert.equal(exporting.hostile[1], rows[3].messages[1].content)
  end)
end)

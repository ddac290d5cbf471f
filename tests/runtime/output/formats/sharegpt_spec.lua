local exporting = require("tests.support.exporting")

describe("formats/sharegpt", function()
  it("is what a human and a model say", function()
    assert.same({ conversations = { { from = "human", value = "one" },
      { from = "gpt", value = "re one" } } }, exporting.rows("sharegpt")[1])
  end)
end)

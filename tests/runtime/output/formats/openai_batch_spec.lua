local exporting = require("tests.support.exporting")

describe("formats/openai_batch", function()
  it("asks a model each kept item, named by its id", function()
    local rows = exporting.rows("openai_batch", { model = "m" })
    assert.same({ custom_id = "r1-1", method = "POST", url = "/v1/chat/completions", body = {
      model = "m", temperature = 0, max_tokens = 256,
      messages = { { role = "user", content = "one" } } } }, rows[1])
    local seen = {}
    for _, row in ipairs(rows) do seen[row.custom_id] = true end
    assert.is_true(seen["r2-3"])
    assert.is_nil(seen["r1-3"])
  end)
end)

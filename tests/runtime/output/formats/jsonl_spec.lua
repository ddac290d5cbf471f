local exporting = require("tests.support.exporting")

describe("formats/jsonl", function()
  it("holds every kept item, whatever its reply, and no reply", function()
    local rows, counts = exporting.rows("jsonl")
    assert.same({ id = "r1-1", round = 1, index = 1, text = "one", target = "A", cell = "A",
      meta = { outcome = "ok" } }, rows[1])
    assert.equal(6 + #exporting.hostile, #rows)
    assert.equal(#rows, counts.rows)
    for i, text in ipairs(exporting.hostile) do assert.equal(text, rows[6 + i].text) end
  end)
end)

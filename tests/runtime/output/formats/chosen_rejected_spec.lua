local exporting = require("tests.support.exporting")

describe("formats/chosen_rejected", function()
  it("pairs replies only where both were made and the chosen one is safe", function()
    local rows, counts = exporting.rows("chosen_rejected")
    assert.same({ { prompt = "four", chosen = "re four", rejected = "bad four" } }, rows)
    assert.equal(1 + #exporting.hostile, counts.unfit)
  end)
end)

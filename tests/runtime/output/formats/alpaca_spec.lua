local exporting = require("tests.support.exporting")

describe("formats/alpaca", function()
  it("has an instruction, no input, an output", function()
    assert.same({ instruction = "one", input = "", output = "re one" }, exporting.rows("alpaca")[1])
  end)
end)

local label = require("tests.support.label")

describe("label by_advice", function()
  it("names the target of the advice, or none", function()
    local run = label("strategies/label/by_advice.lua", {})
    assert.same({ "Taxes", false },
      run(nil, { { text = "Who pays?", target = "Taxes" }, { text = "Hello" } }))
  end)
end)

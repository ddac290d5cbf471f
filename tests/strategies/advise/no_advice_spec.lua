local support = require("tests.support.strategy")

describe("advise/no_advice", function()
  it("gives one piece of advice that names nothing, and asks nobody", function()
    local ctx = support.ctx()
    assert.same({ {} }, support.load("strategies/advise/no_advice.lua")(ctx, support.state()))
    assert.same({}, ctx.sent)
  end)
end)

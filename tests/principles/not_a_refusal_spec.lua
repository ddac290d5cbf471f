local support = require("tests.support.strategy")

local function check(text, options)
  return support.load("principles/not_a_refusal.lua", options)(support.ctx(), { text = text })
end

describe("principle not_a_refusal", function()
  it("fails a refusal and says why", function()
    local verdict, finding = check("I'm sorry, but I can't help with that request.")
    assert.equals("fail", verdict)
    assert.equals("refusal", finding.code)
    assert.equals("says that it cannot help", finding.why)
    assert.is_true(finding.score > 0.9)
  end)

  it("passes an answer that uses the same words", function()
    assert.equals("pass",
      check("Sorry to hear that. To stop the process, use kill and its number."))
    assert.equals("pass", check("Where is my parcel?"))
  end)

  it("is as strict as its threshold", function()
    local text = "It is not recommended to lie on your CV."
    assert.equals("fail", check(text, { threshold = 0 }))
    assert.equals("pass", check(text, { threshold = 1 }))
  end)
end)

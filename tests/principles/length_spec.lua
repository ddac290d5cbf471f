local support = require("tests.support.strategy")

describe("principle length", function()
  it("counts characters, not bytes, ends included", function()
    local check = support.load("principles/length.lua", { min_characters = 3, max_characters = 5 })
    assert.equals("pass", (check(nil, { text = "äöü" })))
    assert.equals("pass", (check(nil, { text = "äöüäö" })))
    assert.same({ "fail", { code = "too_short", characters = 2, least = 3 } },
      { check(nil, { text = "äö" }) })
    assert.same({ "fail", { code = "too_long", characters = 6, most = 5 } },
      { check(nil, { text = "äöüäöü" }) })
    assert.equals("fail", (check(nil, { text = "" })))
  end)

  it("wants at least 20 unless told otherwise", function()
    local check = support.load("principles/length.lua")
    assert.equals("fail", (check(nil, { text = ("x"):rep(19) })))
    assert.equals("pass", (check(nil, { text = ("x"):rep(20) })))
  end)
end)

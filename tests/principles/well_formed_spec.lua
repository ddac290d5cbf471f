local support = require("tests.support.strategy")

local function check(options, text, outcome)
  return support.load("principles/well_formed.lua", options)(support.ctx(),
    { text = text, meta = { outcome = outcome } })
end

describe("principle well_formed", function()
  it("passes a whole sentence", function()
    assert.equals("pass", (check(nil, "Where is my parcel?", "ok")))
  end)

  it("fails fragments and essays, with the figures", function()
    assert.same({ "fail", { code = "too_short", words = 3, least = 4 } },
      { check(nil, "Where is it?") })
    assert.same({ "fail", { code = "too_long", words = 5, most = 4 } },
      { check({ max_words = 4 }, "a b c d e") })
    assert.same({ "fail", { code = "too_short", words = 0, least = 4 } }, { check(nil, "") })
  end)

  it("fails what holds a line break or was cut off", function()
    assert.equals("control", select(2, check(nil, "Where is my\nparcel?")).code)
    assert.equals("control", select(2, check(nil, "Where is my\0 parcel?")).code)
    assert.equals("cut_off", select(2, check(nil, "Where is my par", "truncated")).code)
  end)

  it("wants one of the endings, whole characters", function()
    assert.equals("pass", (check({ ending = "?？" }, "Where is my parcel？")))
    assert.equals("pass", (check({ ending = "?." }, "This is my parcel.")))
    assert.same({ "fail", { code = "ending", last = "!", wanted = "?" } },
      { check({ ending = "?" }, "This is my parcel!") })
    -- "ß" ends in the same byte as the full-width question mark.
    assert.same({ "fail", { code = "ending", last = "ß", wanted = "?？" } },
      { check({ ending = "?？" }, "This is no Spaß") })
  end)
end)

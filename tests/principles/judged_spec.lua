local support = require("tests.support.strategy")

local function check(world, options)
  local ctx = support.ctx(world)
  local verdict, finding = support.load("principles/judged.lua", options)(ctx,
    { text = "Where is {my} parcel?", target = "Delivery" })
  return verdict, finding, ctx
end

describe("principle judged", function()
  it("puts rubric, scale and text to the judge, greedily", function()
    local verdict, _, ctx = check({ replies = { "5" } }, { rubric = "It is polite." })
    assert.equals("pass", verdict)
    assert.equals("judge", ctx.sent[1].role)
    assert.same({ temperature = 0, max_tokens = 6 }, ctx.sent[1].options)
    assert.is_truthy(ctx.sent[1].text:find("Criterion: It is polite.", 1, true))
    assert.is_truthy(ctx.sent[1].text:find("Where is {my} parcel?", 1, true))
    assert.is_truthy(ctx.sent[1].text:find("from 1 (not at all) to 5", 1, true))
  end)

  it("reads the usual forms of a rating", function()
    for _, reply in ipairs({ "4", " 4.", "**4**", "Rating: 4", "4/5", "4 out of 5",
      "4\nBecause" }) do
      assert.equals("pass", (check({ replies = { reply } })), reply)
    end
  end)

  it("fails a rating below the threshold", function()
    assert.same({ "fail", { code = "too_low", score = 3, least = 4 } }, { table.unpack(
      { check({ replies = { "3" } }) }, 1, 2) })
    assert.equals("pass", (check({ replies = { "3" } }, { threshold = 3 })))
    assert.equals("pass", (check({ replies = { "10" } }, { highest = 10, threshold = 9 })))
  end)

  it("does not know where the judge is off the form, or away", function()
    for _, reply in ipairs({ "", "good", "6", "0", "-4", "4.5", "between 3 and 4", "44",
      "four" }) do
      local verdict, finding = check({ replies = { reply } })
      assert.equals("unknown", verdict, reply)
      assert.equals("no_verdict", finding.code)
    end
    assert.same({ code = "no_verdict", why = "away" }, select(2, check({ fail = { "away" } })))
  end)

  it("takes a prompt of one's own", function()
    local options = { prompt = "{target}: {text}? 0-1", lowest = 0, highest = 1, threshold = 1 }
    local verdict, _, ctx = check({ replies = { "1" } }, options)
    assert.equals("pass", verdict)
    assert.equals("Delivery: Where is {my} parcel?? 0-1", ctx.sent[1].text)
  end)
end)

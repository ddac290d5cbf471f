local support = require("tests.support.strategy")

local function check(world, target, options)
  local ctx = support.ctx(world)
  local verdict, finding = support.load("principles/on_target.lua", options)(ctx,
    { text = "Who pays the tax?", target = target })
  return verdict, finding, ctx
end

describe("principle on_target", function()
  it("asks the judge, greedily", function()
    local verdict, _, ctx = check({ replies = { " Yes." } }, "Taxes")
    assert.equals("pass", verdict)
    assert.equals("judge", ctx.sent[1].role)
    assert.is_truthy(ctx.sent[1].text:find("Topic: Taxes\nText: Who pays the tax?\n", 1, true))
    assert.same({ temperature = 0, max_tokens = 4 }, ctx.sent[1].options)
    assert.equals("other", select(3, check({ replies = { "yes" } }, "Taxes",
      { role = "other" })).sent[1].role)
  end)

  it("fails what the judge denies", function()
    local verdict, finding = check({ replies = { "**NO**" } }, "Taxes")
    assert.same({ "fail", { code = "off_target", target = "Taxes" } }, { verdict, finding })
  end)

  it("does not know where the judge says neither, or nothing", function()
    for _, reply in ipairs({ "", "maybe", "nothing", "yesterday", "42" }) do
      local verdict, finding = check({ replies = { reply } }, "Taxes")
      assert.equals("unknown", verdict, reply)
      assert.equals("no_verdict", finding.code)
    end
    local verdict, finding = check({ fail = { "away" } }, "Taxes")
    assert.same({ "unknown", { code = "no_verdict", why = "away" } }, { verdict, finding })
  end)

  it("asks nothing where there is no target", function()
    local verdict, _, ctx = check({}, nil)
    assert.equals("pass", verdict)
    assert.same({}, ctx.sent)
  end)
end)

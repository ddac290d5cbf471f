local label = require("tests.support.label")
local support = require("tests.support.strategy")

local CELLS = { { name = "Returns", description = "sending things back" }, { name = "Delivery" } }

local function ask(world, items, options)
  local ctx = support.ctx(world)
  local cells, why = label("strategies/label/judged.lua", { cells = CELLS }, options)(ctx,
    items or { "Where is {it}?" })
  return cells, ctx, why
end

describe("label judged", function()
  it("lists the cells to the judge, greedily", function()
    local cells, ctx = ask({ replies = { "2", "1" } }, { "Where is {it}?", "Take it back!" })
    assert.same({ "Delivery", "Returns" }, cells)
    assert.equals("judge", ctx.sent[1].role)
    assert.same({ temperature = 0, max_tokens = 12 }, ctx.sent[1].options)
    local list = "1. Returns: sending things back\n2. Delivery\n0. none"
    assert.is_truthy(ctx.sent[1].text:find(list, 1, true))
    assert.is_truthy(ctx.sent[1].text:find("Where is {it}?", 1, true))
  end)

  it("reads a number, a name, or both", function()
    for _, reply in ipairs({ "2", "2.", " **2** ", "2. Delivery", "delivery", "\"Delivery\".",
      "2) Delivery" }) do
      assert.same({ "Delivery" }, (ask({ replies = { reply } })), reply)
    end
  end)

  it("gives no cell for anything else", function()
    for _, reply in ipairs({ "", "0", "3", "1. Delivery", "Returns or Delivery", "none",
      "It is 2" }) do
      assert.same({ false }, (ask({ replies = { reply } })), reply)
    end
  end)

  it("gives no cell, and notes it, where the judge is away", function()
    local cells, ctx = ask({ replies = { false, "1" }, fail = { "away" } }, { "a", "b" })
    assert.same({ false, "Returns" }, cells)
    assert.same({ "item 1 has no label: away" }, ctx.notes)
  end)

  it("says so where there are no cells", function()
    local none, why = label("strategies/label/judged.lua", {})(support.ctx(), { "a" })
    assert.is_nil(none)
    assert.matches("no cells to choose from", why)
  end)
end)

local support = require("tests.support.strategy")

local PATH = "strategies/summarize/running_summary.lua"
local BATCH = {
  round = 1, advice = { { target = "Gifts" }, { target = "Taxes" } },
  items = { { text = "Can you wrap it?", target = "Gifts" },
    { text = "Who pays the tax?", target = "Taxes" } },
}

local function summarize(options, world, batch, summary)
  local ctx = support.ctx(world)
  local made, why, code = support.load(PATH, options)(ctx,
    support.state({ summary = summary or "Delivery\nReturns" }),
    batch or BATCH)
  return made and made.text, ctx, why, code
end

describe("summarize/running_summary", function()
  it("shows the advisor the old list and the new items, greedily", function()
    local text, ctx = summarize(nil, { replies = { "Delivery\nReturns\nGifts\n---\nmore" } })
    assert.equals("Delivery\nReturns\nGifts", text)
    local question = ctx.sent[1]
    assert.equals("advisor", question.role)
    local shown = "Delivery\nReturns\n---\nCan you wrap it?\nWho pays the tax?\n---"
    assert.is_truthy(question.text:find(shown, 1, true))
    assert.is_nil(question.text:find("Gifts", 1, true))
    assert.same({ temperature = 0, top_p = 0.95, max_tokens = 1024 }, question.options)
  end)

  it("shows names only where that is asked for", function()
    local _, ctx = summarize({ source = "advice" }, { replies = { "x" } })
    assert.is_truthy(ctx.sent[1].text:find("---\nGifts\nTaxes\n---", 1, true))
    assert.is_nil(ctx.sent[1].text:find("wrap", 1, true))
  end)

  it("puts back lines that were lost, in their places", function()
    assert.equals("Delivery\nReturns\nGifts\nTaxes",
      (summarize(nil, { replies = { "- Gifts\n2. taxes\nTaxes\n---" } }))
      :gsub("taxes", "Taxes"))
    assert.equals("Delivery\nReturns", (summarize({ keep_lines = true }, { replies = { "" } })))
  end)

  it("leaves old lines as they are, even those that look like a label", function()
    local old = "Returns: shoes\n2. Delivery"
    assert.equals(old .. "\nGifts", (summarize(nil,
      { replies = { "Returns: shoes\nDelivery\nGifts" } }, nil, old)))
  end)

  it("takes the repeated heading for no line", function()
    assert.equals("Delivery\nReturns\nGifts",
      (summarize(nil, { replies = { "Topics covered:\nReturns\nGifts" } })))
  end)

  it("asks nobody when nothing is new", function()
    local text, ctx = summarize(nil, {}, { round = 1, advice = {}, items = {} })
    assert.equals("Delivery\nReturns", text)
    assert.same({}, ctx.sent)
  end)

  it("fails when nobody answers", function()
    local text, _, why, code = summarize(nil, { fail = { { "away", "EOVERLOADED" } } })
    assert.is_nil(text)
    assert.same({ "no summary: away", "EOVERLOADED" }, { why, code })
  end)

  it("takes the reply as it is, as the released program does", function()
    local options = { source = "advice", keep_lines = false, max_tokens = 4096,
      template = "{list}\n---\n{shown}\n---\n" }
    local text, ctx = summarize(options, { replies = { "\n Gifts \n\nodd\n --- \nmore" } },
      { advice = { { target = " odd" } }, items = BATCH.items })
    assert.equals("Gifts \n\nodd", text)
    assert.equals("Delivery\nReturns\n---\n odd\n---\n", ctx.sent[1].prompt)
    assert.equals("", (summarize(options, { replies = { "--- nothing" } })))
    local _, empty = summarize(options, { replies = { "x" } },
      { advice = { { target = "" } }, items = {} })
    assert.equals(1, #empty.sent)
  end)
end)

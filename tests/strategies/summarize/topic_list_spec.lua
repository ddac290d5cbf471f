local support = require("tests.support.strategy")

local run = support.load("strategies/summarize/topic_list.lua")

local function summarize(summary, ...)
  local items = {}
  for i, target in ipairs({ ... }) do items[i] = { text = "x", target = target or nil } end
  return run(support.ctx(), support.state({ summary = summary }),
    { items = items, advice = {} }).text
end

describe("summarize/topic_list", function()
  it("adds each new target once, and loses no line", function()
    assert.equals("Delivery\nReturns\nGifts",
      summarize("Delivery\nReturns", "Gifts", "gifts", "RETURNS", false))
  end)

  it("adds no blank line for a target without a word", function()
    assert.equals("Delivery", summarize("Delivery", "", "  "))
  end)

  it("begins a list", function()
    assert.equals("Gifts", summarize("", "Gifts"))
    assert.equals("", summarize(""))
  end)
end)

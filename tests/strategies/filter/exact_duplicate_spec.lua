local support = require("tests.support.strategy")

local run = support.load("strategies/filter/exact_duplicate.lua")

local function drafts_of(...)
  local list = {}
  for i, text in ipairs({ ... }) do list[i] = { text = text, index = i + 4 } end
  return list
end

describe("filter/exact_duplicate", function()
  it("drops what equals a kept item or an earlier draft, and says which", function()
    local ctx = support.ctx({ kept = { { id = "r3-2", text = "Where is my parcel?" } } })
    local verdicts = run(ctx, support.state(),
      drafts_of("where is  MY parcel?", "How do I pay?", "How do I pay? ", "How do I pay"))
    assert.same({
      { verdict = "fail", nearest = "r3-2", nearest_text = "Where is my parcel?", score = 1 },
      "pass",
      { verdict = "fail", nearest = "draft 6", nearest_text = "How do I pay?", score = 1 },
      "pass",
    }, verdicts)
  end)

  it("gives no verdicts on no drafts", function()
    assert.same({}, run(support.ctx(), support.state(), {}))
  end)
end)

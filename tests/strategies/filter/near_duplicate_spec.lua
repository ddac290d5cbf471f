local support = require("tests.support.strategy")

local PATH = "strategies/filter/near_duplicate.lua"

--- Near where the first words are the same.
local function similar(a, b)
  return a:match("^%S+") == b:match("^%S+") and 0.9 or 0
end

local function filter(options, kept, ...)
  local ctx, drafts = support.ctx({ kept = kept, similar = similar }), {}
  for i, text in ipairs({ ... }) do drafts[i] = { text = text, index = i + 4 } end
  return support.load(PATH, options)(ctx, support.state(), drafts), ctx
end

describe("filter/near_duplicate", function()
  it("drops what is near a kept item or an earlier draft, and says which", function()
    local verdicts = filter(nil, { "Where is it?" }, "Where are they?", "How so?", "How now?",
      "Why?")
    assert.same({
      { verdict = "fail", nearest = "r1-1", nearest_text = "Where is it?", score = 0.9 },
      "pass",
      { verdict = "fail", nearest = "draft 6", nearest_text = "How so?", score = 0.9 },
      "pass",
    }, verdicts)
  end)

  it("compares with drafts that passed only", function()
    local verdicts = filter(nil, { "Where is it?" }, "Where are they?", "Where now?")
    assert.equals("r1-1", verdicts[2].nearest)
  end)

  it("asks the engine for its threshold and n-grams", function()
    local _, ctx = filter(nil, {})
    assert.same({ { engine = "minhash", options = { threshold = 0.7, n = 5, words = false } } },
      ctx.compared)
    local verdicts
    verdicts, ctx = filter({ threshold = 0.95, unit = "word" }, { "Where is it?" }, "Where so?")
    assert.same({ threshold = 0.95, n = 3, words = true }, ctx.compared[1].options)
    assert.same({ "pass" }, verdicts)
  end)
end)

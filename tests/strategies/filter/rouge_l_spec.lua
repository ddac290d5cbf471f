local support = require("tests.support.strategy")

local PATH = "strategies/filter/rouge_l.lua"

--- Near where the first words are the same.
local function similar(a, b)
  return a:match("^%S+") == b:match("^%S+") and 0.9 or 0
end

local function filter(options, kept, ...)
  local ctx, drafts = support.ctx({ kept = kept, similar = similar }), {}
  for i, text in ipairs({ ... }) do drafts[i] = { text = text, index = i + 4 } end
  return support.load(PATH, options)(ctx, support.state(), drafts), ctx
end

describe("filter/rouge_l", function()
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

  it("asks the engine for its threshold", function()
    local verdicts, ctx = filter(nil, { "Where is it?" }, "Where so?")
    assert.same({ { engine = "rouge", options = { threshold = 0.7 } } }, ctx.compared)
    assert.equals("fail", verdicts[1].verdict)
    verdicts, ctx = filter({ threshold = 0.95 }, { "Where is it?" }, "Where so?")
    assert.same({ threshold = 0.95 }, ctx.compared[1].options)
    assert.same({ "pass" }, verdicts)
  end)
end)

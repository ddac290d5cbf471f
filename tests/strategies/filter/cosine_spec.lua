local support = require("tests.support.strategy")

local PATH = "strategies/filter/cosine.lua"

local function similar(a, b)
  return a:match("^%S+") == b:match("^%S+") and 0.93 or 0
end

local function filter(options, kept, ...)
  local ctx, drafts = support.ctx({ kept = kept, similar = similar }), {}
  for i, text in ipairs({ ... }) do drafts[i] = { text = text, index = i } end
  return support.load(PATH, options)(ctx, support.state(), drafts), ctx
end

describe("filter/cosine", function()
  it("drops what is near a kept item or an earlier draft", function()
    local verdicts = filter(nil, { "Where is it?" }, "Where are they?", "How so?", "How now?")
    assert.same({ "r1-1", "draft 2" }, { verdicts[1].nearest, verdicts[3].nearest })
    assert.equals("pass", verdicts[2])
  end)

  it("asks the engine for its threshold and role", function()
    local verdicts, ctx = filter({ threshold = 0.95, role = "small" }, { "Where is it?" }, "Where so?")
    assert.same({ { engine = "cosine", options = { threshold = 0.95, role = "small" } } }, ctx.compared)
    assert.same({ "pass" }, verdicts)
  end)

  it("declares the role whose vectors it asks for", function()
    local _, script = support.load(PATH)
    assert.equals("role", script.embeds)
  end)
end)

local support = require("tests.support.strategy")

local PATH = "strategies/generate/self_instruct.lua"
local POOL = { "A?", "B?", "C?", "D?", "E?", "F?" }

local function generate(options, world, advice)
  local ctx = support.ctx(world)
  local drafts, why = support.load(PATH, options)(ctx, support.state({ pool = POOL }), advice)
  return drafts, ctx, why
end

describe("generate/self_instruct", function()
  it("continues a series of five exemplars", function()
    local drafts, ctx = generate({ unit = "request" },
      { replies = { " 6. How now?\nrequest: more" } }, { count = 1 })
    assert.same({ { text = "How now?", outcome = "ok" } }, drafts)
    local _, shown = ctx.sent[1].prompt:gsub("\nrequest: %u%?", "")
    assert.equals(5, shown)
    assert.is_truthy(ctx.sent[1].prompt:find("\nrequest:$"))
    assert.equals("generator", ctx.sent[1].role)
    assert.equals(256, ctx.sent[1].options.max_tokens)
  end)

  it("pays no heed to advice", function()
    local world = { replies = { "How now?" } }
    local _, plain = generate(nil, world, { count = 1 })
    local _, advised = generate(nil, world, { count = 1, target = "Gifts" })
    assert.equals(plain.sent[1].prompt, advised.sent[1].prompt)
  end)

  it("draws anew for each text", function()
    local _, ctx = generate({ exemplars = 3 }, { replies = function() return "x" end },
      { count = 6 })
    local prompts, different = {}, 0
    for _, question in ipairs(ctx.sent) do
      if not prompts[question.prompt] then different = different + 1 end
      prompts[question.prompt] = true
    end
    assert.is_true(different >= 4)
  end)

  it("goes on without lost drafts, and fails when all are", function()
    local drafts, ctx = generate(nil, { replies = { nil, "B?" }, fail = { "lost" } }, { count = 2 })
    assert.same({ { text = "B?", outcome = "ok" } }, drafts)
    assert.same({ "draft 1 was lost: lost" }, ctx.notes)
    local none, _, why = generate(nil, { fail = { "lost" } }, { count = 1 })
    assert.is_nil(none)
    assert.equals("no draft was made: lost", why)
  end)

  it("repairs printed lists as the released baseline does", function()
    local post = { "before_newline", "strip", "strip_quotes", "first_of_list" }
    local function text_of(reply)
      local drafts = generate({ post = post, template = "{exemplars}\n\nNew question:\n",
        stop = {} },
        { replies = { reply } }, { count = 1 })
      return drafts[1].text
    end
    assert.equals("How do I pay?", text_of('["How do I pay?", "Where is it?"]\nmore'))
    assert.equals("How do I pay?', 'Where is it?", text_of("['How do I pay?', 'Where is it?']"))
    assert.equals("How do I [pay]?", text_of("How do I [pay]?"))
    assert.equals("", text_of("\nHow do I pay?"))
  end)
end)

local support = require("tests.support.strategy")

local PATH = "strategies/generate/few_shot.lua"
local POOL = {}
for i = 1, 8 do POOL[i] = { id = "seed-" .. i, text = ("Question %d?"):format(i),
  target = "Topic " .. i } end

local function generate(options, world, advice, pool)
  local ctx = support.ctx(world)
  local drafts, why = support.load(PATH, options)(ctx, support.state({ pool = pool or POOL }),
    advice)
  return drafts, ctx, why
end

local function echo(_, n)
  return ("New question %d?"):format(n)
end

describe("generate/few_shot", function()
  it("asks once for each text, and keeps their order and outcome", function()
    local drafts, ctx = generate(nil, { replies = { "  A?\nB?",
      { text = '"C?"', outcome = "truncated" } } },
      { count = 2, target = "Delivery" })
    assert.same({ { text = "A?", outcome = "ok" }, { text = "C?", outcome = "truncated" } }, drafts)
    assert.equals(2, #ctx.sent)
    assert.equals("generator", ctx.sent[1].role)
    assert.same({ temperature = 0.9, top_p = 0.95, max_tokens = 80, stop = { "\n" } }, {
      temperature = ctx.sent[1].options.temperature, top_p = ctx.sent[1].options.top_p,
      max_tokens = ctx.sent[1].options.max_tokens, stop = { ctx.sent[1].options.stop[1] } })
  end)

  it("shows each prompt exemplars of its own as earlier turns, then names the target", function()
    local _, ctx = generate({ exemplars = 3 }, { replies = echo },
      { count = 12, target = "Delivery" })
    local sets, same = {}, 0
    for _, question in ipairs(ctx.sent) do
      local messages = question.prompt.messages
      assert.equals(1 + 2 * 3 + 1, #messages)
      local asked = messages[#messages].content
      assert.is_truthy(asked:find("Delivery", 1, true))
      local seen = {}
      for i = 3, 7, 2 do
        local shown = messages[i].content
        assert.is_nil(seen[shown])
        seen[shown] = true
        assert.equals((asked:gsub("Delivery", "Topic " .. shown:match("%d"))),
          messages[i - 1].content)
      end
      local key = question.prompt.prompt
      if sets[key] then same = same + 1 end
      sets[key] = true
    end
    assert.is_true(same < 3)
  end)

  it("gives raw completions the same in one text", function()
    local _, ctx = generate({ exemplars = 2, unit = "query" }, { replies = echo },
      { count = 1, target = "Gifts" })
    local prompt = ctx.sent[1].prompt.prompt
    local shown = {}
    for topic, number in prompt:gmatch("Topic (%d).-Question (%d)%?") do
      assert.equals(topic, number)
      shown[#shown + 1] = number
    end
    assert.equals(2, #shown)
    local last = prompt:sub(prompt:find("Question %d%?[^?]*$"))
    assert.is_truthy(last:find("Gifts", 1, true))
    assert.is_truthy(last:lower():find("query.*:$"))
  end)

  it("names no target where there is none, or none is wanted", function()
    local _, ctx = generate(nil, { replies = echo }, { count = 1 })
    local messages = ctx.sent[1].prompt.messages
    assert.is_nil(messages[#messages].content:find("Topic", 1, true))
    _, ctx = generate({ aimed = false }, { replies = echo }, { count = 1, target = "Gifts" })
    assert.is_nil(ctx.sent[1].text:find("Gifts", 1, true))
    assert.is_nil(ctx.sent[1].prompt.prompt:find("Topic", 1, true))
  end)

  it("shows what there is of a small pool", function()
    local _, ctx = generate({ exemplars = 3 }, { replies = echo }, { count = 1 }, { "Only one?" })
    assert.equals(4, #ctx.sent[1].prompt.messages)
    _, ctx = generate({ exemplars = 3 }, { replies = echo }, { count = 1 }, {})
    assert.equals(2, #ctx.sent[1].prompt.messages)
  end)

  it("goes on without a lost draft, and notes it", function()
    local drafts, ctx = generate(nil, { replies = echo, fail = { [2] = "timed out" } },
      { count = 3 })
    assert.equals(2, #drafts)
    assert.equals("New question 3?", drafts[2].text)
    assert.same({ "draft 2 was lost: timed out" }, ctx.notes)
  end)

  it("fails only when all are lost", function()
    local drafts, _, why = generate(nil, { fail = { "timed out", "timed out" } }, { count = 2 })
    assert.is_nil(drafts)
    assert.equals("no draft was made: timed out", why)
    assert.same({}, (generate(nil, {}, { count = 0 })))
  end)

  it("fills a template as the released program does: nothing sent to stop, odd replies kept",
    function()
    local drafts, ctx = generate({
      template = "{exemplars}\n\nAbout {target}.\nUser:\n", stop = {}, max_tokens = 512,
      post = { "before_newline", "strip", "strip_quotes" },
    }, { replies = { "\nA?", ' "B" is it? "\nmore', "", '""C""' } },
      { count = 4, target = " odd " })
    local texts = {}
    for i, draft in ipairs(drafts) do texts[i] = draft.text end
    assert.same({ "", 'B" is it? ', "", "C" }, texts)
    assert.same({ temperature = 0.9, top_p = 0.95, max_tokens = 512 }, ctx.sent[1].options)
    assert.is_truthy(ctx.sent[1].prompt:find(
      "^Question %d%?\nQuestion %d%?\nQuestion %d%?\n\nAbout  odd %.\nUser:\n$"))
  end)
end)

local support = require("tests.support.strategy")

local PATH = "strategies/generate/adaptive_few_shot.lua"
local TWO = { { name = "a", instruction = "Be {speaker} on {target}." },
  { name = "b", instruction = "Be b." } }

local function generate(options, world, advice, state)
  local ctx = support.ctx(world)
  local drafts, why = support.load(PATH, options)(ctx,
    support.state(state or { pool = { "A?", "B?", "C?", "D?" } }), advice)
  return drafts, ctx, why
end

local function echo(_, n)
  return { text = ("Question %d?"):format(n),
    usage = { prompt_tokens = 30, completion_tokens = 5 } }
end

local function by_variant(drafts)
  local count = {}
  for _, draft in ipairs(drafts) do count[draft.variant] = (count[draft.variant] or 0) + 1 end
  return count
end

describe("generate/adaptive_few_shot", function()
  it("marks each draft with its variant and its tokens", function()
    local drafts, ctx = generate({ variants = { TWO[2] } }, { replies = { echo(nil, 1), "B?" } },
      { count = 2, target = "Gifts" })
    assert.same({
      { text = "Question 1?", outcome = "ok", variant = "b", tokens = 35 },
      { text = "B?", outcome = "ok", variant = "b", tokens = 0 },
    }, drafts)
    assert.equals("generator", ctx.sent[1].role)
    assert.equals(80, ctx.sent[1].options.max_tokens)
  end)

  it("says the instruction, shows exemplars, and names target and description", function()
    local _, ctx = generate({ variants = { TWO[1] }, exemplars = 2, unit = "query" },
      { replies = echo }, { count = 1, target = "Gifts", instruction = "Things {given}." })
    local prompt = ctx.sent[1].prompt
    local system = prompt.messages[1].content
    local said = "Be a user of a chatbot on Gifts.\nGifts: Things {given}."
    assert.is_truthy(system:find(said, 1, true))
    assert.equals(2, select(2, system:gsub("\n%- %u%?", "")))
    assert.equals("Write one new query about Gifts.", prompt.messages[2].content)
    assert.equals(system .. "\n\nWrite one new query about Gifts.\nQuery:", prompt.prompt)
    _, ctx = generate(nil, { replies = echo }, { count = 1 }, {})
    assert.equals("Write one new question.", ctx.sent[1].prompt.messages[2].content)
    assert.is_nil(ctx.sent[1].text:find("Examples", 1, true))
  end)

  it("tries all variants at first", function()
    local count = by_variant((generate(nil, { replies = echo }, { count = 60 })))
    for _, name in ipairs({ "plain", "concrete", "person" }) do
      assert.is_true(count[name] > 8, name)
    end
  end)

  it("comes to prefer what was kept, draft by draft", function()
    local state = { pool = {}, variants = {
      a = { variant = "a", drafts = 60, kept = 45, tokens = 0, reasons = {} },
      b = { variant = "b", drafts = 60, kept = 15, tokens = 0, reasons = { on_target = 45 } },
      gone = { variant = "gone", drafts = 9, kept = 9, tokens = 0, reasons = {} },
    } }
    assert.same({ a = 40 }, by_variant((generate({ variants = TWO }, { replies = echo },
      { count = 40 }, state))))
    state.variants.b = nil
    local count = by_variant((generate({ variants = TWO }, { replies = echo }, { count = 80 },
      state)))
    assert.is_true(count.a > count.b and count.b > 5)
  end)

  it("refuses variants without a name or an instruction", function()
    for _, variants in ipairs({ {}, { "x" }, { { name = "x" } }, { { instruction = "x" } } }) do
      assert.has_error(function() generate({ variants = variants }, {}, { count = 1 }) end)
    end
  end)

  it("goes on without lost drafts, and fails when all are", function()
    local drafts, ctx = generate(nil, { replies = echo, fail = { "lost" } }, { count = 2 })
    assert.equals(1, #drafts)
    assert.same({ "draft 1 was lost: lost" }, ctx.notes)
    local none, _, why = generate(nil, { fail = { "lost" } }, { count = 1 })
    assert.is_nil(none)
    assert.equals("no draft was made: lost", why)
  end)
end)

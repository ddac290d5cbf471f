local support = require("tests.support.strategy")

local PATH = "strategies/generate/persona.lua"

local function generate(options, advice, seed, world)
  world = world or { replies = function(_, n) return ("Question %d?"):format(n) end }
  world.seed = seed
  local ctx = support.ctx(world)
  local drafts, why = support.load(PATH, options)(ctx,
    support.state({ pool = { "A?", "B?", "C?" } }), advice)
  return drafts, ctx, why
end

local function personas_of(drafts)
  local list = {}
  for i, draft in ipairs(drafts) do list[i] = draft.persona end
  return list
end

describe("generate/persona", function()
  it("lets each persona write about the target, once before one comes again", function()
    local drafts, ctx = generate({ personas = { "x", "y", "z" } }, { count = 6, target = "Gifts" })
    local order = personas_of(drafts)
    assert.same({ order[1], order[2], order[3] }, { order[4], order[5], order[6] })
    table.sort(order)
    assert.same({ "x", "x", "y", "y", "z", "z" }, order)
    for i, question in ipairs(ctx.sent) do
      local messages = question.prompt.messages
      assert.is_truthy(messages[1].content:find(
        ("You are %s, and now a user of a chatbot."):format(drafts[i].persona), 1, true))
      assert.equals("Write one new question about Gifts.", messages[2].content)
    end
  end)

  it("has another order for other advice", function()
    local first = personas_of((generate(nil, { count = 10 }, 1)))
    assert.same(first, personas_of((generate(nil, { count = 10 }, 1))))
    assert.are_not.same(first, personas_of((generate(nil, { count = 10 }, 2))))
  end)

  it("shows exemplars and the target's description", function()
    local _, ctx = generate({ unit = "query", exemplars = 3 },
      { count = 1, target = "Gifts", instruction = "Presents." })
    local prompt = ctx.sent[1].prompt
    local system = prompt.messages[1].content
    assert.equals(3, select(2, system:gsub("\n%- %u%?", "")))
    assert.is_truthy(system:find("\nGifts: Presents.", 1, true))
    assert.is_truthy(prompt.prompt:find("Write one new query about Gifts.\nQuery:$"))
    _, ctx = generate({ exemplars = 0 }, { count = 1 })
    assert.is_nil(ctx.sent[1].text:find("other people", 1, true))
    assert.equals("Write one new question.", ctx.sent[1].prompt.messages[2].content)
  end)

  it("fails without personas, or when all drafts are lost", function()
    assert.has_error(function() generate({ personas = {} }, { count = 1 }) end)
    local drafts, _, why = generate(nil, { count = 1 }, 1, { fail = { "lost" } })
    assert.is_nil(drafts)
    assert.equals("no draft was made: lost", why)
  end)
end)

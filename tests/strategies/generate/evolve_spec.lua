local support = require("tests.support.strategy")

local PATH = "strategies/generate/evolve.lua"
local KEPT = {}
for i = 1, 6 do
  KEPT[i] = { id = "r1-" .. i, text = ("Kept %d?"):format(i),
    target = i == 4 and "Gifts" or "Other", meta = {} }
end
KEPT[5].cell = "Returns"

local function generate(options, world, advice, state)
  local ctx = support.ctx(world or { replies = function() return "New?" end })
  local drafts, why = support.load(PATH, options)(ctx, support.state(state or { kept = KEPT }),
    advice)
  return drafts, ctx, why
end

describe("generate/evolve", function()
  it("rewrites a kept item of the target, and says which and how", function()
    local reply = { text = "Which gift?", usage = { prompt_tokens = 40, completion_tokens = 4 } }
    local drafts, ctx = generate({ directions = { "breadth" } }, { replies = { reply } },
      { count = 1, target = "Gifts", instruction = "Presents." })
    assert.same({ { text = "Which gift?", outcome = "ok", evolved_from = "r1-4",
      variant = "breadth", tokens = 44 } }, drafts)
    local prompt = ctx.sent[1].prompt
    assert.equals("The question:\nKept 4?\n\nWrite the new question about Gifts.",
      prompt.messages[2].content)
    assert.is_truthy(prompt.messages[1].content:find("\nGifts: Presents.", 1, true))
    assert.is_truthy(prompt.prompt:find("about Gifts%.\nNew question:$"))
    assert.equals("r1-5", generate(nil, nil, { count = 1, target = "Returns" })[1].evolved_from)
  end)

  it("rewrites in both directions, in several ways", function()
    local drafts = generate(nil, nil, { count = 60 })
    local ways, sources, breadth = {}, {}, 0
    for _, draft in ipairs(drafts) do
      ways[draft.variant], sources[draft.evolved_from] = true, true
      if draft.variant == "breadth" then breadth = breadth + 1 end
    end
    assert.is_true(breadth > 15 and breadth < 45)
    assert.is_true(ways.condition and ways.concrete and ways.deeper and ways.steps)
    for i = 1, 6 do assert.is_true(sources["r1-" .. i]) end
    drafts = generate({ directions = { "depth" } }, nil, { count = 20 })
    for _, draft in ipairs(drafts) do assert.are_not.equal("breadth", draft.variant) end
  end)

  it("takes a seed where nothing of the target is kept", function()
    local function source(target, state)
      return generate(nil, nil, { count = 1, target = target }, state)[1].evolved_from
    end
    assert.equals("seed-1", source("Taxes", { kept = KEPT, pool = { "Seed?" } }))
    assert.equals("seed-1", source(nil, { pool = { "Seed?" } }))
    assert.matches("^r1%-%d$", source("Taxes", { kept = KEPT }))
  end)

  it("fails where there is nothing to rewrite, or nobody answers", function()
    local drafts, _, why = generate(nil, nil, { count = 2 }, {})
    assert.is_nil(drafts)
    assert.matches("neither a kept item nor a seed", why)
    drafts, _, why = generate(nil, { fail = { "lost" } }, { count = 1 })
    assert.is_nil(drafts)
    assert.equals("no draft was made: lost", why)
  end)
end)

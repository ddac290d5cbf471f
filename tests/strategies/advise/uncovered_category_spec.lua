local support = require("tests.support.strategy")

local PATH = "strategies/advise/uncovered_category.lua"
local LIST = "Delivery\nReturns\nPayment"

--- Advises once; gives the advice, the world, and what came besides.
local function advise(options, world, state)
  local ctx = support.ctx(world)
  local advice, why, code = support.load(PATH, options)(ctx,
    support.state(state or { summary = LIST }))
  return advice, ctx, why, code
end

describe("advise/uncovered_category", function()
  it("asks the advisor for one name, and shows it the list", function()
    local advice, ctx = advise(nil, { replies = { "- Guarantees.\n- Sizes" } })
    assert.same({ { target = "Guarantees" } }, advice)
    assert.equals(1, #ctx.sent)
    local question = ctx.sent[1]
    assert.equals("advisor", question.role)
    local last = question.prompt.messages[#question.prompt.messages]
    assert.same({ role = "user", content = "- Delivery\n- Returns\n- Payment" }, last)
    assert.is_truthy(question.prompt.prompt:find("%- Delivery\n%- Returns\n%- Payment\n%-$"))
    assert.equals(0.95, question.options.top_p)
  end)

  it("asks again, hotter, for a name that is listed, empty or too long", function()
    local advice, ctx = advise({ temperature = 0.5, hotter = 0.25, max_words = 3 },
      { replies = { "RETURNS", "", "a b c d", "Sizes" } })
    assert.same({ { target = "Sizes" } }, advice)
    local temperatures = {}
    for i, question in ipairs(ctx.sent) do temperatures[i] = question.options.temperature end
    assert.same({ 0.5, 0.75, 1.0, 1.25 }, temperatures)
    assert.same({}, ctx.notes)
  end)

  it("takes the last name that is not empty when no try is new, and notes it", function()
    local advice, ctx = advise({ tries = 3 }, { replies = { "Delivery", "Returns", "" } })
    assert.same({ { target = "Returns" } }, advice)
    assert.equals(1, #ctx.notes)
    assert.is_truthy(ctx.notes[1]:find("Returns", 1, true))
  end)

  it("fails when nothing was named, or nobody answers", function()
    local advice, _, why = advise({ tries = 2 }, { replies = { "", " " } })
    assert.is_nil(advice)
    assert.is_truthy(why:find("2 tries", 1, true))
    local code
    advice, _, why, code = advise(nil, { fail = { { "the server is away", "EOVERLOADED" } } })
    assert.is_nil(advice)
    assert.equals("no advice: the server is away", why)
    assert.equals("EOVERLOADED", code)
  end)

  it("names several categories a round, each new to the others", function()
    local advice, ctx = advise({ categories = 3 },
      { replies = { "Sizes", "sizes", "Gifts", "Taxes" } })
    assert.same({ { target = "Sizes" }, { target = "Gifts" }, { target = "Taxes" } }, advice)
    assert.is_truthy(ctx.sent[4].text:find("%- Payment\n%- Sizes\n%- Gifts$"))
  end)

  it("shows a random choice of a list that is too long", function()
    local names = {}
    for i = 1, 50 do names[i] = "Name " .. i end
    local state = { summary = table.concat(names, "\n") }
    local _, ctx = advise({ shown = 5 }, { replies = { "Sizes" } }, state)
    local _, count = ctx.sent[1].prompt.prompt:gsub("\n%- ", "")
    assert.equals(5, count)
    local _, again = advise({ shown = 5 }, { replies = { "Sizes" } }, state)
    assert.equals(ctx.sent[1].text, again.sent[1].text)
    local _, other = advise({ shown = 5 }, { replies = { "Sizes" }, seed = 2 }, state)
    assert.is_true(ctx.sent[1].text ~= other.sent[1].text)
  end)

  it("works from an empty list", function()
    assert.same({ { target = "Sizes" } }, (advise(nil, { replies = { "Sizes" } }, {})))
  end)

  it("puts the list into a template as it stands, as the released program does", function()
    local options = { template = "<{list}>\n", verify = false, stop = {},
      post = { "before_newline" },
      shown = 100000, temperature = 0.9, max_tokens = 32 }
    local state = { summary = " First  \n\nSecond" }
    local advice, ctx = advise(options, { replies = { " Odd issue \nmore" } }, state)
    assert.same({ { target = " Odd issue " } }, advice)
    assert.equals("< First  \n\nSecond>\n", ctx.sent[1].prompt)
    assert.same({ temperature = 0.9, top_p = 0.95, max_tokens = 32 }, ctx.sent[1].options)
    assert.same({ { target = "" } }, (advise(options, { replies = { "\nName" } }, state)))
  end)
end)

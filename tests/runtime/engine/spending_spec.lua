local run = require("advisor.engine.run")

local MODELS = {
  default = { price = { prompt = 0.1, completion = 0.3 } },
    judge = { price = { prompt = 0.7, completion = 0.9 } },
  free = {},
}

local function spend(order)
  local self = setmetatable({ spending = {}, resolved = { models = MODELS } }, run)
  for _, name in ipairs(order) do
    for tokens = 1, 40 do run.spend(self, 1, name,
      { prompt_tokens = tokens, completion_tokens = 7 }) end
  end
  return run.spent_in(self, 1)
end

describe("what a round spent", function()
  it("is the same to the last digit, whichever reply came first", function()
    local one, other = spend({ "advisor", "judge", "generator" }),
      spend({ "judge", "generator", "advisor" })
    assert.same(one, other)
    assert.is_true(one.money == other.money)
    assert.same({ 3 * 820, 3 * 280 }, { one.prompt, one.completion })
    assert.is_true(math.abs(one.money - (1640 * 0.1 + 560 * 0.3 + 820 * 0.7 + 280 * 0.9) / 1e6) < 1e-12)
  end)

  it("is not known in money where a role has no price", function()
    local spent = spend({ "advisor", "free" })
    assert.same({ prompt = 1640, completion = 560 }, spent)
  end)

  it("is nothing in a round without calls", function()
    assert.same({ prompt = 0, completion = 0, money = 0 }, spend({}))
  end)
end)

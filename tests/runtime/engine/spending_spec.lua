local run = require("advisor.engine.run")

local MODELS = {
  default = { price = { prompt = 0.1, completion = 0.3 } },
    judge = { price = { prompt = 0.7, completion = 0.9 } },
  free = {},
}

--- What is spent after all replies, which come in this order or in the reverse.
local function spend(names, reverse)
  local self = setmetatable({ spending = {}, resolved = { models = MODELS } }, run)
  local replies = {}
  for _, name in ipairs(names) do
    for tokens = 1, 40 do replies[#replies + 1] = { name, tokens } end
  end
  for i = reverse and #replies or 1, reverse and 1 or #replies, reverse and -1 or 1 do
    local usage = { prompt_tokens = replies[i][2], completion_tokens = 7 }
    run.spend(self, 1, replies[i][1], usage)
  end
  return run.spent_in(self, 1)
end

describe("what a round spent", function()
  it("is the same to the last digit, whichever reply came first", function()
    local names = { "advisor", "judge", "generator" }
    local one, other = spend(names), spend(names, true)
    assert.is_true(one.money == other.money)
    assert.same({ 3 * 820, 3 * 280 }, { one.prompt, one.completion })
    local money = (1640 * 0.1 + 560 * 0.3 + 820 * 0.7 + 280 * 0.9) / 1e6
    assert.is_true(math.abs(one.money - money) < 1e-12)
  end)

  it("is not known in money where a role has no price", function()
    local spent = spend({ "advisor", "free" })
    assert.same({ prompt = 1640, completion = 560 }, spent)
  end)

  it("is nothing in a round without calls", function()
    assert.same({ prompt = 0, completion = 0, money = 0 }, spend({}))
  end)
end)

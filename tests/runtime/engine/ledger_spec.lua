local ledger = require("advisor.engine.ledger")

local MODELS = {
  default = { price = { prompt = 0.1, completion = 0.3 } },
    judge = { price = { prompt = 0.7, completion = 0.9 } },
  free = {},
}

--- What is spent after all replies, which come in this order or in the reverse.
local function spend(names, reverse)
  local self = ledger.new(MODELS)
  local replies = {}
  for _, name in ipairs(names) do
    for tokens = 1, 40 do replies[#replies + 1] = { name, tokens } end
  end
  for i = reverse and #replies or 1, reverse and 1 or #replies, reverse and -1 or 1 do
    local usage = { prompt_tokens = replies[i][2], completion_tokens = 7 }
    self:spend({ round = 1, stage = "generate", path = "2/1.3" }, replies[i][1], usage)
  end
  return self:spent_in(1), self
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
    assert.same({ prompt = 1640, completion = 560, calls = 80 }, spent)
  end)

  it("is not known in money where a server counts no tokens", function()
    local self = ledger.new(MODELS)
    self:spend({ round = 1, stage = "advise", path = "1" }, "judge",
      { prompt_tokens = 5, completion_tokens = 1 })
    self:spend({ round = 1, stage = "advise", path = "1" }, "advisor", {})
    assert.same({ prompt = 5, completion = 1, calls = 2 }, self:spent_in(1))
  end)

  it("is nothing in a round without calls", function()
    assert.same({ prompt = 0, completion = 0, money = 0, calls = 0 }, (spend({})))
  end)

  it("is told apart by the advice that it was for", function()
    local _, self = spend({ "advisor" })
    self:spend({ round = 1, stage = "check", path = "1.1" }, "judge", { prompt_tokens = 5 })
    assert.same({ 0, 820 + 280 }, { self:tokens_of(1, 1), self:tokens_of(1, 2) })
    self:forget(1)
    assert.equals(0, self:tokens_of(1, 2))
    assert.equals(0, self:spent_in(1).calls)
  end)
end)

describe("remarks", function()
  it("are in an order that does not depend on when replies came", function()
    local function notes(...)
      local self = ledger.new(MODELS)
      for _, path in ipairs({ ... }) do
        self:note({ round = 1, stage = "generate", path = path, script = "s" }, path .. " one")
        self:note({ round = 1, stage = "generate", path = path, script = "s" }, path .. " two")
      end
      self:note({ round = 1, stage = "advise", path = "1", script = "s" }, "first")
      return self:notes_of(1)
    end
    local list = notes("1/1.2", "1/1.1")
    assert.same(list, notes("1/1.1", "1/1.2"))
    assert.same({ "first", "1/1.1 one", "1/1.1 two", "1/1.2 one" },
      { list[1].text, list[2].text, list[3].text, list[4].text })
    assert.same({ stage = "advise", lane = "1", script = "s", text = "first" }, list[1])
  end)
end)

local words = require("advisor.output.replay")

local function result(given)
  local all = { run = "runs/one", rounds = 2, state = "done", digest = "aa", recorded_digest = "aa", equal = true,
    missing = {}, before = { calls = 7, drafts = 5, kept = 4, dropped = { length = 1 } },
    now = { kept = 3, dropped = { length = 1, rouge_l = 1 } },
    changes = { { round = 1, before = 2, now = 2, added = {}, lost = {} },
      { round = 2, before = 2, now = 1, added = { "r2-3" }, lost = { "r2-1", "r2-2" } } } }
  for key, value in pairs(given or {}) do all[key] = value end
  return all
end

describe("a replay in words", function()
  it("proves the digest", function()
    assert.equal("runs/one: 2 rounds made again from 7 recorded calls, 3 items kept\ndigest aa, as recorded\n",
      words(result(), false))
  end)

  it("says where it differs first", function()
    local text = words(result({ equal = false, recorded_digest = "bb",
      difference = { round = 2, what = "the items" } }), false)
    assert.matches("\nround 2 differs first: the items\ndigest aa, but bb is recorded\n", text, 1, true)
  end)

  it("says what other checks would have kept, by round", function()
    local text = words(result(), true)
    assert.matches("of 5 recorded drafts 3 would have been kept, 4 were\n", text, 1, true)
    assert.matches("dropped then: length 1\ndropped now:  length 1, rouge_l 1\n", text, 1, true)
    local lines = {}
    for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
    assert.same({ " round  kept then  now  added  lost", "     1          2    2      0     0",
      "     2          2    1      1     2" }, { lines[4], lines[5], lines[6] })
    assert.matches("no decision would have changed a later request", text)
    assert.matches("calls that the record cannot answer: none\n", text)
  end)

  it("names the round from which on it is conditional, and what is missing", function()
    local text = words(result({ conditional_from = 2, missing = { check = 3, label = 1 } }), true)
    assert.matches("from round 2 on this is conditional", text)
    assert.matches("calls that the record cannot answer: check 3, label 1\n", text)
  end)

  it("shows no control character", function()
    local text = words(result({ run = "a\27[2J", state = "paused", message = "b\27[0m" }), false)
    assert.is_nil(text:find("\27", 1, true))
    assert.matches("the replay ended early: b", text)
  end)
end)

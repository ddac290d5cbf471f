local account = require("advisor.output.account")
local json = require("advisor.output.json")

--- What engine/account.lua gives, with changes.
local function found(changes)
  local made = {
    state = "done", why = "all rounds are made", rounds = 4, rounds_asked = 5, failed_rounds = 1,
    drafts = 9, drafts_asked = 12, drafts_lost = 3, kept = 6, surplus = 1,
    dropped = { b = 1, a = 1 }, calls = 10, attempts = 12, in_flight = 0, reused = 0, unknown_attempts = 0,
    unknown_verdicts = {}, tokens = { prompt = 8, completion = 2 }, uncounted_replies = 0,
    cost = 0.25, responses = {}, variants = {}, coverage = json.null, gaps = json.null,
    digest = "d1",
  }
  for key, value in pairs(changes or {}) do made[key] = value end
  return made
end

local function has(words, text)
  assert.is_truthy(text:find(words, 1, true), text)
end

describe("the account of a run", function()
  it("closes with the whole truth", function()
    assert.equals([[
kept 6: all rounds are made
rounds: 4 of 5 made, 1 failed
drafts: 12 asked, 9 made, 3 lost; 6 kept, 2 dropped, 1 surplus
dropped: a 1, b 1
unknown: attempts 0; verdicts of checks 0
calls: 10 in 12 attempts; tokens: 8 prompt, 2 completion; cost 0.2500]],
      account.closing(found()))
  end)

  it("says how many are short, and why", function()
    has("kept 6 of 50 asked: the budget of 9 drafts is used up\n",
      account.closing(found({ accept = 50, why = "the budget of 9 drafts is used up" })))
    has("kept 6: the process ended before the run did\n",
      account.closing(setmetatable({ state = "stopped" },
        { __index = function(_, key) return key ~= "why" and found()[key] or nil end })))
  end)

  it("names what is unknown, each kind apart, and takes no unknown for 0", function()
    local text = account.closing(found({ unknown_attempts = 2, cost = json.null,
      unknown_verdicts = { on_target = 4, judged = 1 }, uncounted_replies = 3, in_flight = 1 }))
    has("unknown: attempts 2 (possibly paid); verdicts of checks 5 (judged 1, on_target 4)\n", text)
    has("12 attempts, 1 in flight; tokens: 8 prompt, 2 completion (the server counted none for 3 "
      .. "replies); cost unknown", text)
    has("\nresponses: safe 2, unsafe 1", account.closing(found({
      responses = { safe = 2, unsafe = 1 } })))
  end)

  it("shows no control character of a script's reason", function()
    has("dropped: a\\x1b 1\n", account.closing(found({ dropped = { ["a\27"] = 1 } })))
  end)

  it("shows the thinnest cells, or all", function()
    local coverage = { covered = 6, total = 21, unlabelled = 2, cells = {} }
    for i = 1, 7 do
      coverage.cells[i] = { cell = "cell " .. i, count = 7 - i, share = (7 - i) / 21, low = 0.1,
        high = 0.4 }
    end
    coverage.cells[4].want = 0.9
    local text = account.status("runs/x", found({ coverage = coverage }))
    has("runs/x: done\nkept 6", text)
    has("coverage: 6 of 7 cells hold items; items: 21 in cells, 2 unlabelled\n"
      .. "  thinnest cells  items  share   95 % interval\n"
      .. "  cell 7              0  0.000  0.100 to 0.400\n"
      .. "  cell 4              3  0.143  0.100 to 0.400\n"
      .. "  cell 6              1  0.048  0.100 to 0.400\n", text)
    assert.is_nil(text:find("cell 1", 1, true))
    text = account.status("runs/x", found({ coverage = coverage }), true)
    has("  cell    items  share   95 % interval\n  cell 1      6  0.286", text)
    has("\n  cell 7      0", text)
  end)

  it("shows prompt variants and gaps", function()
    local text = account.status("runs/x", found({
      gaps = { round = 4, count = 3, by_principle = { coverage = 2, balance = 1 } },
      variants = { { variant = "plain", drafts = 12, kept = 6, share = 0.5, low = 0.25,
        high = 0.75, tokens = 99, reasons = { length = 6 } } },
    }))
    has("gaps that round 4 saw: 3 (balance 1, coverage 2)\n", text)
    has("  prompt variant  drafts  kept  share   95 % interval  tokens  dropped\n"
      .. "  plain               12     6  0.500  0.250 to 0.750      99  length 6\n", text)
    has("\ndigest d1\n", text)
  end)
end)

local progress = require("advisor.output.progress")

--- A run as far as progress looks at it.
local function run_at(committed, spent)
  return {
    committed = committed, calls = { in_flight = function() return 3 end },
    states = { [committed] = { spent = spent or { prompt = 100, completion = 20, money = 0 },
      kept_size = 4 } },
  }
end

local function round(kept, ...)
  local drafts = {}
  for i = 1, kept do drafts[i] = { verdict = "kept" } end
  for _, reason in ipairs({ ... }) do drafts[#drafts + 1] = { verdict = "dropped",
    reason = reason } end
  return { drafts = drafts, kept = { table.unpack(drafts, 1, kept) } }
end

describe("progress", function()
  it("says how far the run is, with what was kept before", function()
    local line = progress.new({ rounds = 10 }, false)
    line:start(run_at(2))
    line:round(run_at(3), round(2, "length", "exact_duplicate", "length"))
    local words = line:text(run_at(3))
    assert.is_truthy(words:find("^round 3/10: 6 kept, 3 dropped %(exact_duplicate 1, length 2%), "
      .. "120 tokens, 3 in flight, %d+s left$"), words)
  end)

  it("shows the goal where items are counted, and money where it is known", function()
    local line = progress.new({ accept = 50 }, false)
    line:start(run_at(0))
    line:round(run_at(1), round(1))
    assert.equals("round 1: 5/50 kept, 0 dropped, 7 tokens, 0.5000 spent, 3 in flight",
      line:text(run_at(1, { prompt = 5, completion = 2, money = 0.5 })))
    assert.equals("round 1: 5/50 kept, 0 dropped, 7 tokens, 3 in flight",
      line:text(run_at(1, { prompt = 5, completion = 2 })))
  end)

  it("closes with the whole truth", function()
    local summary = {
      rounds = 4, drafts = 9, kept = 6, surplus = 1, dropped = { b = 1, a = 1 }, calls = 10,
        attempts = 12,
      unknown_attempts = 0, tokens = { prompt = 8, completion = 2 }, cost = 0.25,
    }
    assert.equals("4 rounds, 9 drafts: 6 kept, 2 dropped (a 1, b 1), 1 surplus; "
      .. "10 calls, 12 attempts; 10 tokens, cost 0.2500", progress.closing(summary))
    summary.unknown_attempts, summary.cost = 2, require("advisor.output.json").null
    assert.is_truthy(progress.closing(summary):find(
      "12 attempts, 2 of them with an unknown outcome (possibly paid); 10 tokens, cost unknown", 1,
        true))
  end)
end)

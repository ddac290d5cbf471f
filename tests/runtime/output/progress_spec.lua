local progress = require("advisor.output.progress")

--- A run as far as progress looks at it.
local function run_at(committed, spent, cells)
  return {
    timeline = { coverage = { covered = function() return table.unpack(cells or { 3, 9 }) end } },
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
    assert.is_truthy(words:find("^round 3/10: 6 kept, 3/9 cells, 3 dropped %(exact_duplicate 1, "
      .. "length 2%), 120 tokens, cost 0%.0000, 3 in flight, %d+s left$"), words)
  end)

  it("shows the goal where items are counted, and that a cost is unknown, never 0", function()
    local line = progress.new({ accept = 50 }, false)
    line:start(run_at(0))
    line:round(run_at(1), round(1))
    assert.equals("round 1: 5/50 kept, 3/9 cells, 0 dropped, 7 tokens, cost 0.5000, 3 in flight",
      line:text(run_at(1, { prompt = 5, completion = 2, money = 0.5 })))
    assert.equals("round 1: 5/50 kept, 0 dropped, 7 tokens, cost unknown, 3 in flight",
      line:text(run_at(1, { prompt = 5, completion = 2 }, { 0, 0 })))
  end)
end)

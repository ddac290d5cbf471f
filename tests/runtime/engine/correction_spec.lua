local core = require("advisor_core")
local correction = require("advisor.engine.correction")
local counting = require("advisor.engine.coverage")

--- Coverage as `coverage:at` makes it, from counts by cell, in order.
local function coverage_of(counts, unlabelled)
  local made, total = { cells = {}, total = 0, unlabelled = unlabelled or 0 }, 0
  for _, pair in ipairs(counts) do total = total + pair[2] end
  for i, pair in ipairs(counts) do
    made.cells[i] = { cell = pair[1], count = pair[2], share = pair[2] / total }
  end
  made.total = total
  return made
end

local function row(label) return { label = label } end

describe("correction.count", function()
  it("counts answers by the true cell; no answer is one of its own", function()
    local rows = { row("A"), row("A"), row("B"), row("") }
    assert.same({ A = { A = 1, [""] = 1 }, B = { A = 1 }, [""] = { B = 1 } },
      correction.count(rows, { "A", false, "A", "B" }))
  end)
end)

describe("correction.apply", function()
  local MISTAKES = { A = { A = 80, B = 20 }, B = { B = 100 } }

  local function applied(coverage, examples)
    correction.apply(coverage, examples or MISTAKES, "spec")
    return coverage
  end

  -- A is labelled A in 4 of 5 cases: 160 of 400 labels come from 200 items.
  it("gives true shares with intervals", function()
    local found = applied(coverage_of({ { "A", 160 }, { "B", 240 } }))
    local a, b = found.cells[1].corrected, found.cells[2].corrected
    assert.equal(0.5, a.share)
    assert.equal(0.5, b.share)
    assert.is_true(a.low < 0.5 and 0.5 < a.high and a.high - a.low < 0.25)
    assert.same({ items = 400, inside = 400 }, found.corrected)
    assert.is_nil(found.uncorrected)
  end)

  it("leaves a count as it is where the interval holds it", function()
    local found = applied(coverage_of({ { "A", 8 }, { "B", 12 } }))
    assert.same({ 8, 12 }, { found.cells[1].corrected.likely, found.cells[2].corrected.likely })
  end)

  it("moves a count that the interval rules out to the nearer end", function()
    local found = applied(coverage_of({ { "A", 1600 }, { "B", 2400 } }),
      { A = { A = 400, B = 600 }, B = { B = 1000 } })
    local b = found.cells[2].corrected
    assert.is_true(b.high < 0.6)
    assert.is_true(math.abs(b.likely - b.high * 4000) < 0.01)
  end)

  it("counts unlabelled items in, and what belongs to no cell out", function()
    local with_none = { A = { A = 9, [""] = 1 }, B = { B = 9, [""] = 1 }, [""] = { [""] = 10 } }
    local found = applied(coverage_of({ { "A", 45 }, { "B", 45 } }, 60), with_none)
    assert.equal(150, found.corrected.items)
    assert.is_true(math.abs(found.corrected.inside - 100) < 1e-6)
    assert.is_true(math.abs(found.cells[1].corrected.share - 1 / 3) < 1e-8)
    assert.is_true(math.abs(found.cells[1].corrected.likely - 50) < 1e-6)
  end)

  it("is the same for the same stream, in nine significant digits", function()
    local one = applied(coverage_of({ { "A", 7 }, { "B", 6 } }))
    assert.same(one, applied(coverage_of({ { "A", 7 }, { "B", 6 } })))
    local low = one.cells[1].corrected.low
    assert.equal(low, tonumber(("%.9g"):format(low)))
  end)

  it("says why it cannot be had", function()
    for words, examples in pairs({
      ["there are no examples of 'B'"] = { A = { A = 3 } },
      ["the labeller does not tell its cells apart: the confusion matrix is singular"] =
        { A = { A = 5, B = 5 }, B = { A = 5, B = 5 } },
      ["'C' has examples and is no cell yet"] = { A = { A = 3 }, B = { B = 3 }, C = { C = 3 },
        D = { D = 3 } },
    }) do
      local found = applied(coverage_of({ { "A", 4 }, { "B", 4 } }), examples)
      assert.equal(words, found.uncorrected)
      assert.is_nil(found.corrected)
      assert.is_nil(found.cells[1].corrected)
    end
  end)
end)

describe("coverage", function()
  local function counted()
    local made = counting.new({ cells = { { name = "A" }, { name = "B" } }, open = false })
    made:correct_by({ A = { A = 8, B = 2 }, B = { B = 10 } }, 3)
    made:add_round(1, {}, { { cell = "A" }, { cell = "B" }, {} })
    made:add_round(2, {}, { { cell = "B" } })
    return made
  end

  it("is corrected as each state saw it, the same whenever it is read", function()
    local made = counted()
    assert.equal(3, made:at(1).corrected.items)
    assert.equal(4, made:at(2).corrected.items)
    assert.same(counted():at(2), made:at(2))
    assert.is_nil(made:at(0).corrected)
    assert.is_nil(made:at(0).uncorrected)
  end)
end)

--- A labeller that is right with probability `right`; else it mostly takes a cell for
--- the next one.
local function labeller(k, right, stream)
  return function(cell)
    local u = stream:unit()
    if u < right then return cell end
    return u < right + (1 - right) * 0.8 and cell % k + 1 or stream:integer(1, k)
  end
end

--- One data set, labelled: the sums over cells of how far from the truth counts,
--- corrected shares and likely items are, and how many intervals hold the truth.
local function trial(k, examples, items, right, seed)
  local stream = core.rng.new(("correction/%d/%d/%s"):format(seed, k, right))
  local label, weights, total = labeller(k, right, stream), {}, 0
  local rows, labels, counts, made = {}, {}, {}, {}
  for cell = 1, k do
    weights[cell], counts[cell] = 1 / cell, 0
    total = total + weights[cell]
    for _ = 1, examples do
      rows[#rows + 1], labels[#labels + 1] = row("c" .. cell), "c" .. label(cell)
    end
  end
  for _ = 1, items do
    local u, cell = stream:unit() * total, 1
    while u > weights[cell] and cell < k do u, cell = u - weights[cell], cell + 1 end
    cell = label(cell)
    counts[cell] = counts[cell] + 1
  end
  for cell = 1, k do made[cell] = { "c" .. cell, counts[cell] } end
  local coverage = coverage_of(made)
  correction.apply(coverage, correction.count(rows, labels), "trial/" .. seed)
  local found = { counted = 0, corrected = 0, likely = 0, held = 0 }
  for cell, each in ipairs(coverage.cells) do
    local truth, fixed = weights[cell] / total, each.corrected
    found.counted = found.counted + math.abs(each.share - truth)
    found.corrected = found.corrected + math.abs(fixed.share - truth)
    found.likely = found.likely + math.abs(fixed.likely / items - truth)
    found.held = found.held + (fixed.low <= truth and truth <= fixed.high and 1 or 0)
  end
  return found
end

local function trials(n, k, examples, items, right)
  local sum = { counted = 0, corrected = 0, likely = 0, held = 0 }
  for seed = 1, n do
    for key, value in pairs(trial(k, examples, items, right, seed)) do sum[key] = sum[key] + value / n end
  end
  sum.held = sum.held / k
  return sum
end

describe("for a labeller with known mistakes", function()
  it("corrected shares are nearer to the truth, and intervals hold it", function()
    local found = trials(60, 4, 100, 2000, 0.7)
    print(("\n4 cells, 100 examples each: off by %.3f counted, %.3f corrected, %.3f likely; "
      .. "%.1f %% of 95 %% intervals hold"):format(found.counted / 2, found.corrected / 2,
      found.likely / 2, 100 * found.held))
    assert.is_true(found.corrected < 0.7 * found.counted)
    assert.is_true(found.likely < 0.9 * found.counted)
    assert.is_true(found.held > 0.92 and found.held < 0.98)
  end)

  it("few examples make corrected shares worse than counts, likely items never", function()
    local found = trials(30, 15, 10, 200, 0.7)
    print(("\n15 cells, 10 examples each: off by %.3f counted, %.3f corrected, %.3f likely; "
      .. "%.1f %% of 95 %% intervals hold"):format(found.counted / 2, found.corrected / 2,
      found.likely / 2, 100 * found.held))
    assert.is_true(found.corrected > found.counted)
    assert.is_true(found.likely < 1.02 * found.counted)
    assert.is_true(found.held > 0.9)
  end)
end)

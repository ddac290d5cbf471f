local richness = require("advisor.measure.richness")
local saturation = require("advisor.measure.saturation")
local simulation = require("tests.support.saturation")

--- Cells that come round and round.
local function circle(cells, times)
  local list = {}
  for i = 1, cells * times do list[i] = "cell " .. (i - 1) % cells end
  return list
end

describe("measure/saturation", function()
  -- The three bounds of the stop rule, over the seeds 1 ... 100.
  it("stops soon after 38 of 40 equal cells, seldom before", function()
    local s = simulation.summary(simulation.equal(40), 1000, 100)
    assert.is_true(s.ratio >= 1 and s.ratio <= 1.4, s.ratio)
    assert.is_true(s.stop <= 1.4 * s.goal, s.stop)
    assert.is_true(s.early <= 0.1, s.early)
  end)

  it("does not stop before 1,000 drafts with 400 equal cells", function()
    local s = simulation.summary(simulation.equal(400), 1000, 100)
    assert.is_true(s.before(1000) <= 0.05, s.before(1000))
  end)

  it("stops with few cells, and later with a smaller threshold", function()
    assert.is_true(saturation.of(circle(5, 8)).saturated)
    local loose = simulation.run(simulation.equal(40), 2000, 3, { threshold = 0.1 })
    local strict = simulation.run(simulation.equal(40), 2000, 3, { threshold = 0.02 })
    assert.is_true(loose < strict)
  end)

  it("says what it waits for", function()
    local few = saturation.of(circle(5, 5))
    assert.is_false(few.saturated)
    assert.equal("more drafts with a cell", few.waiting_for)
    local none = saturation.of({ false, false, false })
    assert.is_false(none.saturated)
    assert.equal(3, none.numbers.unlabelled)
    assert.equal("fewer cells likely to be missing", saturation.of(circle(40, 1)).waiting_for)
    assert.is_nil(saturation.of(circle(5, 8)).waiting_for)
  end)

  -- New ground after a long rest: three new cells, each seen several times.
  it("goes on when new cells come up again", function()
    local cells = circle(10, 40)
    assert.is_true(saturation.of(cells).saturated)
    for i = 1, 16 do cells[#cells + 1] = "late " .. (i - 1) % 8 end
    local verdict = saturation.of(cells)
    assert.is_false(verdict.saturated)
    assert.equal("a lower rate of new cells", verdict.waiting_for)
  end)

  -- Each round finds one new cell and fills it: by drafts no cell is rare.
  it("is not fooled by steered rounds where units are named", function()
    local cells, units = {}, {}
    for round = 1, 20 do
      for _ = 1, 25 do cells[#cells + 1], units[#units + 1] = "cell " .. round, round end
    end
    assert.is_true(saturation.of(cells).saturated)
    local verdict = saturation.of(cells, nil, units)
    assert.is_false(verdict.saturated)
    assert.equal(20, verdict.numbers.once)
  end)

  it("keeps its numbers in step with the plain measures", function()
    local rng, tracker, cells, labelled, counts = simulation.rng(11), saturation.new(), {}, {}, {}
    for i = 1, 400 do
      local cell = rng:integer(1, 50)
      cells[i] = i % 7 ~= 0 and "cell " .. cell or false
      tracker:add(cells[i])
      if cells[i] then
        labelled[#labelled + 1] = cells[i]
        counts[cells[i]] = (counts[cells[i]] or 0) + 1
      end
    end
    local numbers = tracker:verdict().numbers
    local seen, once, twice, items = richness.tally(counts)
    local flags, window, recent = richness.novelty(labelled), numbers.window, {}
    for i = #flags - window + 1, #flags do recent[#recent + 1] = flags[i] end
    local slope, err = richness.novelty_slope(recent)
    assert.same({ 400, 57, seen, once, twice },
      { numbers.drafts, numbers.unlabelled, numbers.cells, numbers.once, numbers.twice })
    assert.equal(math.max(30, seen), window)
    assert.equal((richness.unseen_mass(once, twice, items)), numbers.unseen_mass)
    assert.equal((richness.chao1(seen, once, twice, items)), numbers.chao1)
    assert.equal((richness.new_cell_rate(flags, window)), numbers.new_rate)
    assert.is_true(math.abs(slope - numbers.slope) < 1e-12)
    assert.is_true(math.abs(err - numbers.slope_error) < 1e-12)
    assert.same(numbers, saturation.of(cells).numbers)
  end)
end)

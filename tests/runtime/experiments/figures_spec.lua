local core = require("advisor_core")
local figures = require("advisor.experiments.figures")
local host = require("tests.support.host")
local runs = require("tests.support.runs")

describe("the figures of a run", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local GIVEN = {
    name = "shop", seed = 3, scripts = { { kind = "advise", name = "mine", hash = "abc", origin = "current",
      source = "return {}" } },
    { { text = "Where is my parcel?", cell = "A" }, { text = "gone", verdict = "dropped", reason = "length" } },
    { { text = "Where is my kettle?", cell = "B" }, { text = "Where is my sofa?", cell = "A" },
      { text = "Hello there", cell = "elsewhere" } },
  }

  it("are those of its end", function()
    runs.make(folder .. "/run", GIVEN)
    local found = assert(figures.of(folder .. "/run"))
    assert.same({ "shop", 3, "done", 5, 1 }, { found.name, found.seed, found.state, found.drafts, found.unlabelled })
    local measures = found.measures
    assert.same({ 4, 4 / 5, 2, 0 }, { measures.kept, measures.yield, measures.cells, measures.cells_5 })
    -- Shares 2/3 and 1/3 of two cells; wanted are halves.
    assert.near((2 / 3 * math.log(3 / 2) + 1 / 3 * math.log(3)) / math.log(2), measures.evenness, 1e-12)
    assert.near(1 / 6, measures.distance, 1e-12)
    -- Word pairs: three times "where is", "is my", then my parcel, kettle, sofa, hello there.
    assert.near(6 / 10, measures.distinct_2, 1e-12)
    assert.same({ length = 1 }, found.dropped)
    assert.same({ ["advise/mine"] = "abc" }, found.scripts)
    -- No call was made, so that none is claimed to be cheap.
    assert.is_nil(measures.tokens_per_kept)
    assert.is_nil(measures.cost)
  end)

  it("have a point for each round", function()
    runs.make(folder .. "/run", GIVEN)
    local curve = assert(figures.of(folder .. "/run")).curve
    assert.equal(2, #curve)
    assert.same({ 1, 2, 1, 1 }, { curve[1].round, curve[1].drafts, curve[1].kept, curve[1].cells })
    assert.same({ 2, 5, 4, 2 }, { curve[2].round, curve[2].drafts, curve[2].kept, curve[2].cells })
    assert.same({ 0.5, 0.8 }, { curve[1].yield, curve[2].yield })
    -- What a curve ends in is the measure of the whole.
    assert.equal(assert(figures.of(folder .. "/run")).measures.distinct_2, curve[2].distinct_2)
  end)

  it("do not have the seed and the name among the settings", function()
    runs.make(folder .. "/a", { name = "a", seed = 1, {} })
    runs.make(folder .. "/b", { name = "b", seed = 2, {} })
    local a, b = figures.of(folder .. "/a"), figures.of(folder .. "/b")
    assert.equal(a.settings, b.settings)
  end)

  it("are no measures where nothing was kept", function()
    runs.make(folder .. "/run", { name = "a", { { verdict = "dropped", reason = "x" } } })
    local measures = figures.of(folder .. "/run").measures
    assert.same({ 0, 0, 1 }, { measures.kept, measures.yield, measures.distance })
    assert.is_nil(measures.distinct_2)
  end)

  it("are not had of a run that never began", function()
    core.loop.run(function() assert(core.store.open(folder .. "/run", "create")):close() end)
    local none, why = figures.of(folder .. "/run")
    assert.is_nil(none)
    assert.matches("ended before it began", why)
    assert.matches("there is no run in", select(2, figures.of(folder .. "/none")))
  end)
end)

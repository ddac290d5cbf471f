local experiment = require("advisor.engine.experiment")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local registry = require("advisor.host.registry")
local variation = require("advisor.engine.variation")

local SOURCE = [[
return {
  rounds = 3, seed = 4,
  models = { default = { url = "http://127.0.0.1:1/v1", temperature = 0.5 }, judge = "default" },
  pipeline = { advise = "uncovered_category", generate = "few_shot", summarize = "topic_list",
    filter = { "exact_duplicate", { "word_overlap", threshold = 0.5 } } },
  principles = { { "well_formed", min_words = 2 }, "coverage" },
  coverage = { taxonomy = { "A", "B" }, label = "keywords" },
  stop = { saturation = { threshold = 0.1, ["then"] = "switch", strategy = "no_advice" } },
  seeds = { "one", "two" },
}
]]

describe("an experiment of a run", function()
  local folder, found
  before_each(function()
    folder = host.folder()
    host.write(folder .. "/mine.lua", SOURCE)
    found = registry.new({ root = "." })
  end)
  after_each(function() host.remove(folder) end)

  --- As a run has it: read, stored as JSON, read back.
  local function stored()
    local resolved, problems = experiment.read(folder .. "/mine.lua", {}, found, ".")
    if not resolved then error(table.concat(problems, "\n"), 2) end
    return json.decode(json.encode(resolved))
  end

  local function apply(allowed, ...)
    return variation.apply(stored(), { ... }, allowed, found, ".")
  end

  local function problem(allowed, ...)
    local none, problems = apply(allowed, ...)
    assert.is_nil(none)
    return problems[1]
  end

  describe("that is decided anew", function()
    it("has other filters, principles, labels and targets", function()
      local got = assert(apply(variation.WHAT_IF, "pipeline.filter.2.threshold=0.9", "principles.1.min_words=7",
        "coverage.label=by_advice", 'coverage.targets={"A":0.75}', "policy.unknown=keep"))
      assert.equal(0.9, got.pipeline.filter[2].options.threshold)
      assert.equal(7, got.principles[1].options.min_words)
      assert.equal("item", got.principles[1].level)
      assert.equal("by_advice", got.coverage.label.name)
      assert.same({ 0.75, 0.25 }, { got.coverage.taxonomy.cells[1].want, got.coverage.taxonomy.cells[2].want })
      assert.equal("keep", got.policy.unknown)
    end)

    it("stays as it was in all else", function()
      local before, got = stored(), assert(apply(variation.WHAT_IF, "principles.1.min_words=7"))
      before.principles[1].options.min_words = 7
      assert.equal(json.encode(before), json.encode(got))
    end)

    it("is the same when each section is resolved again", function()
      local got = assert(apply(variation.FORK, "principles.1.min_words=2", "pipeline.filter.2.threshold=0.5",
        "models.default.temperature=0.5", "stop.saturation.threshold=0.1", "policy.unknown=drop"))
      assert.equal(json.encode(stored()), json.encode(json.decode(json.encode(got))))
    end)

    it("cannot have what leads to other requests", function()
      for _, setting in ipairs({ "pipeline.advise=no_advice", "models.default.temperature=1", "rounds=9", "seed=2",
        "pool=none", "pipeline.generate.exemplars=1" }) do
        assert.matches("fork the run instead", problem(variation.WHAT_IF, setting))
      end
    end)

    it("is told every problem", function()
      assert.matches("no filter script is called 'none'", problem(variation.WHAT_IF, 'pipeline.filter=["none"]'))
      assert.matches("min_words", problem(variation.WHAT_IF, "principles.1.min_words=many"))
      assert.matches("no cell 'Z'", problem(variation.WHAT_IF, 'coverage.targets={"Z":1}'))
      assert.matches("a table is expected, got string", problem(variation.WHAT_IF, "principles=coverage"))
    end)
  end)

  describe("that is forked", function()
    it("has other strategies, models and seeds", function()
      local got = assert(apply(variation.FORK, "pipeline.advise=thinnest_cell", "models.default.api=simulated",
        "seed=9", "rounds=5", "name=other"))
      assert.same({ "thinnest_cell", "simulated", 9, 5, "other" },
        { got.pipeline.advise.name, got.models.default.api, got.seed, got.rounds, got.name })
    end)

    it("keeps what its first rounds rest on", function()
      for _, setting in ipairs({ 'seeds=["a"]', "coverage.check=[]", "ahead=2" }) do
        assert.matches("the first rounds rest on it", problem(variation.FORK, setting))
      end
    end)
  end)

  describe("that goes on", function()
    local function change(...)
      local resolved = stored()
      local why = variation.change(resolved, { ... })
      return not why and resolved or nil, why
    end

    it("may go further, and reach its models otherwise", function()
      local got = assert(change("rounds=8", "stop.budget.calls=100", "models.default.url=http://other/v1",
        "models.default.concurrency=3", "policy.retry_busy=1"))
      assert.same({ 8, 100, 3, 1 }, { got.rounds, got.stop.budget.calls, got.models.default.concurrency,
        got.policy.retry_busy })
      assert.same({ "http://other/v1" }, got.models.default.urls)
    end)

    it("keeps what decides over the data", function()
      for _, setting in ipairs({ "seed=2", "per_round=3", "pipeline.advise=no_advice", "principles=[]",
        "models.default.model=x", "models.default.temperature=1" }) do
        assert.matches("this decides over the data", select(2, change(setting)))
      end
      assert.matches("integer expected", select(2, change("rounds=many")))
      assert.matches("the run has no such calibration", select(2, change("calibration.1.min_kappa=0.5")))
    end)
  end)
end)

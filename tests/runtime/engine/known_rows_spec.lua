local host = require("tests.support.host")
local known_rows = require("advisor.engine.known_rows")

describe("known rows", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  describe("for a labeller", function()
    local coverage = {
      examples = { { text = "Where is my parcel?", cell = "Delivery" } },
      taxonomy = { cells = { { name = "Delivery", examples = { "Is it  late?" } },
        { name = "Returns" } } },
    }

    local function check(given, open)
      coverage.taxonomy.open = open
      return known_rows.check(given, { folder }, coverage)
    end

    it("are given as examples are, with a target where it is asked for", function()
      host.write(folder .. "/rows.csv", "q,c,t\nTwo kettles?,Returns,Delivery\nHello,,Returns\n")
      assert.same({ { text = "Two kettles?", cell = "Returns", target = "Delivery" },
        { text = "Hello", cell = "", target = "Returns" } },
        check({ file = "rows.csv", text = "q", cell = "c", target = "t" }))
      assert.same({}, (check(nil)))
    end)

    it("are kept aside from what it learns from", function()
      local _, problem = check({ { text = "Another?", cell = "Returns" },
        { text = "where is my  PARCEL?", cell = "Delivery" } })
      assert.matches("^row 2 is also coverage.examples 1: a check must be kept aside", problem)
      _, problem = check({ { text = "Is it late?", cell = "Delivery" } })
      assert.matches("^row 1 is also the examples of the cell 'Delivery'", problem)
      host.write(folder .. "/rows.jsonl",
        '{"text":"New?","cell":"Returns"}\n\n{"text":"Where is my parcel?","cell":"Returns"}\n')
      _, problem = check({ file = "rows.jsonl" })
      assert.matches("^row 2 %(line 3%) is also coverage.examples 1", problem)
    end)

    it("have targets that are text", function()
      local _, problem = check({ { text = "New?", cell = "Returns", target = 7 } })
      assert.equal("row 1: target must be text", problem)
    end)

    it("name cells that there are, unless the taxonomy is open", function()
      local _, problem = check({ { text = "New?", cell = "Taxes" } })
      assert.equal("row 1: the taxonomy has no cell 'Taxes'; \"\" stands for none", problem)
      assert.is_table(check({ { text = "New?", cell = "Taxes" } }, true))
    end)
  end)

  describe("for a principle", function()
    local PRINCIPLES = {
      { name = "judged", level = "item" }, { name = "coverage", level = "dataset" },
      { name = "length", level = "item" }, { name = "length", level = "item" },
    }
    before_each(function()
      host.write(folder .. "/rows.jsonl", '{"text":"Fine?","label":"ok","topic":"T"}\n'
        .. '{"text":"Bad","label":"bad","topic":"U"}\n')
    end)

    local function resolve(given)
      given.file = given.file or "rows.jsonl"
      given.positive = given.positive or { "bad" }
      return known_rows.calibration(given, PRINCIPLES, { folder })
    end

    it("are read and stored, so that no file is needed later", function()
      local found, problems = resolve({ principle = "judged", target = "topic", min_kappa = 0.5 })
      assert.same({}, problems)
      assert.same({ principle = "judged", position = 1, file = "rows.jsonl", positive = { "bad" },
        min_kappa = 0.5, rows = { { line = 1, text = "Fine?", label = "ok", target = "T" },
          { line = 2, text = "Bad", label = "bad", target = "U" } } }, found)
      assert.equal(4, resolve({ principle = "length", which = 2 }).position)
    end)

    it("tell what is wrong with them", function()
      for words, given in pairs({
        ["^principle: 'novelty' is not among the principles"] = { principle = "novelty" },
        ["^principle: 'coverage' looks at the whole data set"] = { principle = "coverage" },
        ["^which: 'length' stands 2 times among the principles; say which one, 1 to 2"] =
          { principle = "length" },
        ["^which: 'length' stands 2 times among the principles$"] =
          { principle = "length", which = 3 },
        ["^file: the file 'none.csv' was not found"] = { principle = "judged", file = "none.csv" },
        ["^label: .*rows.jsonl:1: no field 'x'; there are: label, text, topic"] =
          { principle = "judged", label = "x" },
        ["^positive: no row of .* has the label 'yes'; there are: bad, ok"] =
          { principle = "judged", positive = { "yes" } },
        ["^min_kappa: must be at most 1"] = { principle = "judged", min_kappa = 2 },
        ["^agreement: unknown option"] = { principle = "judged", agreement = 0.8 },
        ["^principle: is missing"] = {},
      }) do
        local found, problems = resolve(given)
        assert.is_nil(found)
        assert.matches(words, problems[1])
      end
      assert.matches("must be a table", known_rows.calibration("judged", {}, {}) == nil
        and select(2, known_rows.calibration("judged", {}, {}))[1])
    end)
  end)
end)

local core = require("advisor_core")
local evaluated = require("advisor.experiments.evaluated")
local intervals = require("advisor.measure.intervals")
local support = require("tests.support.host")

local function run(folder, measures)
  return { folder = folder, measures = measures, settings = "{}", scripts = {} }
end

local function evaluation(folder, name, value)
  return { folder = folder, measures = { [name] = value }, evaluated = { { name = name, more = 1, doc = "x" } } }
end

describe("evaluations among compared runs", function()
  it("give their measures to the run that they belong to, once", function()
    local data = run("data", { kept = 4 })
    assert.is_true(evaluated.join(data, evaluation("data/evaluations/a", "shop accuracy", 0.5)))
    assert.is_true(evaluated.join(data, evaluation("data/evaluations/a", "shop accuracy", 0.5)))
    assert.is_true(evaluated.join(data, evaluation("elsewhere", "kitchen accuracy", 0.25)))
    assert.same({ kept = 4, ["shop accuracy"] = 0.5, ["kitchen accuracy"] = 0.25 }, data.measures)
    assert.same({ "data/evaluations/a", "elsewhere" }, data.evaluations)
    local ok, why = evaluated.join(data, evaluation("again", "shop accuracy", 0.75))
    assert.is_nil(ok)
    assert.equal("data: two of its evaluations give 'shop accuracy' (data/evaluations/a, elsewhere, again): "
      .. "move one of them away", why)
    assert.equal(0.5, data.measures["shop accuracy"])
  end)

  it("of two single runs are compared question by question", function()
    local function with_hits(value, hits)
      local found = run("x", { ["shop accuracy"] = value })
      found.evaluated = { { name = "shop accuracy", more = 1, low = 0.1, high = 0.9, hits = hits } }
      return found
    end
    local a = with_hits(0.75, { p = true, q = true, r = true, s = false })
    local b = with_hits(0.5, { q = true, r = false, s = false, t = true })
    assert.same({ n = 1, mean = 0.75, deviation = 0, low = 0.1, high = 0.9, of_questions = true },
      evaluated.mean(a, "shop accuracy"))
    local found = evaluated.difference(a, b, "shop accuracy")
    local low, high = intervals.matched(1, 0, 3)
    assert.same({ 1 / 3, 3, low, high }, { found.mean, found.questions, found.low, found.high })
    assert.is_nil(evaluated.mean(a, "kept"))
    assert.is_nil(evaluated.difference(a, run("y", { ["shop accuracy"] = 1 }), "shop accuracy"))
    assert.is_nil(evaluated.difference(a, with_hits(1, { z = true }), "shop accuracy"))
  end)

  it("come after the measures that every run has", function()
    local data, other = run("data", { kept = 4 }), run("other", { kept = 3 })
    evaluated.join(data, evaluation("a", "shop accuracy", 0.5))
    evaluated.join(other, evaluation("b", "shop accuracy", 0.5))
    local names = {}
    for i, measure in ipairs(evaluated.measures({ { name = "kept", more = 1 } }, { { runs = { data } },
      { runs = { other } }, { runs = {} } })) do
      names[i] = measure.name
    end
    assert.same({ "kept", "shop accuracy" }, names)
  end)

  it("are found in the folder of their run", function()
    local folder = support.folder()
    assert.same({}, evaluated.beside(folder))
    for _, name in ipairs({ "b", "a", "empty" }) do
      assert(core.system.make_folder(folder .. "/evaluations/" .. name))
      if name ~= "empty" then support.write(folder .. "/evaluations/" .. name .. "/run.db", "") end
    end
    assert.same({ folder .. "/evaluations/a", folder .. "/evaluations/b" }, evaluated.beside(folder))
    support.remove(folder)
  end)
end)

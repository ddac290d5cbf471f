local core = require("advisor_core")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local runs = require("tests.support.runs")
local sweep = require("advisor.experiments.sweep")

describe("the arms of a sweep", function()
  it("are each combination of the values, the first key turning slowest", function()
    local arms = assert(sweep.matrix({ "pipeline.advise=a,b", "ahead=0,2" }))
    assert.same({
      { name = "advise=a, ahead=0", set = { "pipeline.advise=a", "ahead=0" } },
      { name = "advise=a, ahead=2", set = { "pipeline.advise=a", "ahead=2" } },
      { name = "advise=b, ahead=0", set = { "pipeline.advise=b", "ahead=0" } },
      { name = "advise=b, ahead=2", set = { "pipeline.advise=b", "ahead=2" } },
    }, arms)
  end)

  it("may have values with commas, as JSON", function()
    local arms = assert(sweep.matrix({ 'pipeline.advise=["a", ["b", {"most": 2}], 7, "null"]' }))
    assert.same({ "advise=a", "advise=b", "advise=7", "advise=null" },
      { arms[1].name, arms[2].name, arms[3].name, arms[4].name })
    assert.same({ 'pipeline.advise=["b",{"most":2}]' }, arms[2].set)
  end)

  it("are refused where they say nothing, or the same twice", function()
    for text, words in pairs({ ["a"] = "expected key=value,value", ["a="] = "expected key=value,value",
      ["a=,"] = "no value is given", ["a=[]"] = "no value is given", ["a=[1"] = "the list is no JSON",
      ['a=["null", null]'] = 'write "null" for null',
      ["a=1,2,1"] = "'1' is given twice", ["seed=1,2"] = "--seeds" }) do
      local none, why = sweep.matrix({ text })
      assert.is_nil(none)
      assert.matches("--vary " .. text, why, 1, true)
      assert.matches(words, why, 1, true)
    end
  end)
end)

describe("seeds", function()
  it("are a number of them, or a list", function()
    assert.same({ 1, 2, 3, 4, 5 }, sweep.seeds(nil))
    assert.same({ 1, 2, 3 }, sweep.seeds("3"))
    assert.same({ 0, 7, 11 }, sweep.seeds("0,7,11"))
    assert.same({ 7 }, sweep.seeds("7,"))
    for _, text in ipairs({ "0", "x", "-1", "1.5", "", "3,3" }) do
      local none, why = sweep.seeds(text)
      assert.is_nil(none)
      assert.matches("--seeds " .. text, why, 1, true)
    end
  end)
end)

describe("a sweep's folder", function()
  local folder, experiment
  before_each(function()
    folder = host.folder()
    experiment = host.write(folder .. "/mine.lua", "return {}")
  end)
  after_each(function() host.remove(folder) end)

  local function plan(given)
    local all = { kind = "sweep", experiments = { experiment }, set = { "rounds=2" }, seeds = { 1, 4 },
      arms = assert(sweep.matrix({ "pipeline.advise=a/../b,c" })) }
    for key, value in pairs(given or {}) do all[key] = value end
    return sweep.plan(all)
  end

  it("says which task is which run, in names that are safe", function()
    local manifest = assert(plan())
    assert.same({ { arm = 1, seed = 1, run = "runs/01-advise=a-..-b/seed-1" },
      { arm = 1, seed = 4, run = "runs/01-advise=a-..-b/seed-4" },
      { arm = 2, seed = 1, run = "runs/02-advise=c/seed-1" },
      { arm = 2, seed = 4, run = "runs/02-advise=c/seed-4" } }, json.decode(json.encode(manifest.tasks)))
    assert.equal(core.system.realpath(experiment), manifest.experiments[1].path)
  end)

  it("is written once, found again, and not taken for another one", function()
    local manifest, target = assert(plan()), folder .. "/s"
    assert.is_false(sweep.is(target))
    assert(sweep.begin(target, manifest))
    assert.is_true(sweep.is(target))
    assert.equal(json.encode(manifest), json.encode(assert(sweep.read(target))))
    assert(sweep.begin(target, assert(plan())))
    local none, why = sweep.begin(target, assert(plan({ seeds = { 1 } })))
    assert.is_nil(none)
    assert.matches("holds another sweep; go on with it by: advisor sweep " .. target, why, 1, true)
    host.write(target .. "/sweep.json", "[]")
    assert.matches("is no sweep", select(2, sweep.read(target)))
  end)

  it("knows when its experiment is another one, or gone", function()
    local manifest = assert(plan())
    assert.is_nil(sweep.changed(manifest))
    host.write(experiment, "return { rounds = 9 }")
    assert.matches("has changed since the sweep began", sweep.changed(manifest))
    os.remove(experiment)
    assert.matches("No such file", sweep.changed(manifest))
  end)

  it("may hold several experiments, each with all arms", function()
    local other = host.write(folder .. "/other.lua", "return { rounds = 1 }")
    local arms = sweep.arms_of_all({ experiment, other }, assert(sweep.matrix({ "a=1,2" })))
    assert.same({ "mine, a=1", "mine, a=2", "other, a=1", "other, a=2" },
      { arms[1].name, arms[2].name, arms[3].name, arms[4].name })
    local manifest = assert(plan({ experiments = { experiment, other }, arms = arms }))
    assert.equal(core.system.realpath(other), sweep.arguments("s", manifest, 5).EXPERIMENT)
    assert.equal(core.system.realpath(experiment), sweep.arguments("s", manifest, 4).EXPERIMENT)
    assert.is_nil(sweep.changed(manifest))
    host.write(other, "return { rounds = 2 }")
    assert.matches("other.lua has changed", sweep.changed(manifest))
    assert.matches("is given twice", select(2, plan({ experiments = { other, other } })))
    assert.same({ "mine", "other" }, (function()
      local plain = sweep.arms_of_all({ experiment, other }, assert(sweep.matrix({})))
      return { plain[1].name, plain[2].name }
    end)())
    assert.equal("a/x.lua", sweep.arms_of_all({ "a/x.lua", "b/x.lua" }, assert(sweep.matrix({})))[1].name)
  end)

  it("has no place for a seed beside --seeds", function()
    local none, why = plan({ set = { "seed=3" } })
    assert.is_nil(none)
    assert.matches("--set seed=3: seeds are given with --seeds", why, 1, true)
  end)

  it("tells a run what it is", function()
    local manifest = assert(plan({ share = true }))
    assert.same({ EXPERIMENT = core.system.realpath(experiment), quiet = true,
      output = "s/runs/01-advise=a-..-b/seed-4", set = { "rounds=2", "pipeline.advise=a/../b", "seed=4" } },
      sweep.arguments("s", manifest, 2))
    -- The other arms take the replies of the first one's run of their seed.
    assert.same({ "s/runs/01-advise=a-..-b/seed-4" }, sweep.arguments("s", manifest, 4).reuse)
    assert.is_nil(sweep.arguments("s", assert(plan()), 4).reuse)
    assert.same({ { 1, 2 }, { 3, 4 } }, sweep.phases(manifest, { 1, 2, 3, 4 }))
    assert.same({ { 1, 2, 3, 4 }, {} }, sweep.phases(assert(plan()), { 1, 2, 3, 4 }))
  end)

  it("reads from the runs how far they came", function()
    local function state(given)
      local run = ("%s/%s"):format(folder, given.name)
      runs.make(run, given)
      return sweep.state(folder, { run = given.name })
    end
    assert.equal("absent", (sweep.state(folder, { run = "none" })))
    assert.equal("done", (state({ name = "one" })))
    assert.same({ "paused", "no money" }, { state({ name = "two", state = "paused",
      facts = { why = "no money" } }) })
    assert.same({ "stopped", "the process ended before the run did" }, { state({ name = "three",
      state = "running" }) })
    core.loop.run(function()
      assert(core.store.open(folder .. "/four", "create")):close()
    end)
    assert.same({ "absent", "its process ended before it began" }, { sweep.state(folder, { run = "four" }) })
    core.loop.run(function()
      local store = assert(core.store.open(folder .. "/five", "create"))
      assert.equal("running", (sweep.state(folder, { run = "five" })))
      store:close()
    end)
  end)
end)

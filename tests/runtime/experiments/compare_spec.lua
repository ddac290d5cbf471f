local compare = require("advisor.experiments.compare")
local core = require("advisor_core")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local runs = require("tests.support.runs")

describe("a comparison", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  --- A run of two rounds of four drafts, of which so many are kept.
  local function make(name, seed, kept, given)
    local all = { name = given and given.called or "shop", seed = seed }
    for number = 1, 2 do
      all[number] = {}
      for i = 1, 4 do
        local stays = i <= kept[number]
        all[number][i] = { text = ("item %d %d %s"):format(number, i, name), cell = i % 2 == 0 and "A" or "B",
          verdict = stays and "kept" or "dropped", reason = not stays and "length" or nil }
      end
    end
    for key, value in pairs(given or {}) do all[key] = value end
    return runs.make(folder .. "/" .. name, all)
  end

  local OTHER = runs.taxonomy("A", "B", "C")

  it("takes runs that differ in their seed only for one arm, and pairs arms by seed", function()
    local found = assert(compare.of({
      make("a1", 1, { 2, 2 }), make("a3", 3, { 4, 4 }), make("a2", 2, { 3, 3 }),
      make("b2", 2, { 4, 4 }, { taxonomy = OTHER }), make("b1", 1, { 2, 3 }, { taxonomy = OTHER }),
      make("b9", 9, { 1, 1 }, { taxonomy = OTHER }),
    }))
    assert.equal(2, #found.arms)
    local a, b = found.arms[1], found.arms[2]
    assert.same({ 1, 2, 3 }, { a.runs[1].seed, a.runs[2].seed, a.runs[3].seed })
    assert.near(6, a.means.kept.mean, 1e-12)
    assert.is_nil(a.versus)
    -- 5 - 4 and 8 - 6, of the seeds that both have.
    assert.same({ 2, 1.5 }, { b.versus.pairs, b.versus.measures.kept.mean })
    assert.same({ length = 6 }, a.dropped)
    -- Names are alike, so they go by their first run, in the order given.
    assert.same({ folder .. "/a1", folder .. "/b2" }, { a.name, b.name })
  end)

  it("is the same for any order of an arm's runs", function()
    local one, two, three = make("a1", 1, { 2, 2 }), make("a2", 2, { 3, 3 }), make("a3", 3, { 4, 1 })
    assert.same(compare.of({ one, two, three }).arms[1].means, compare.of({ three, one, two }).arms[1].means)
  end)

  it("refuses the same run twice, and what is no run", function()
    local one = make("a1", 1, { 2, 2 })
    local none, why = compare.of({ one, make("copy", 1, { 2, 2 }) })
    assert.is_nil(none)
    assert.matches("are the same experiment with the same seed: leave one out", why)
    assert.matches("there is no run in", select(2, compare.of({ folder })))
  end)

  it("takes a run with a changed script for another arm", function()
    local function script(hash)
      return { scripts = { { kind = "advise", name = "mine", hash = hash, origin = "current", source = "" } } }
    end
    assert.equal(2, #compare.of({ make("a1", 1, { 2, 2 }, script("x")), make("a2", 1, { 2, 2 }, script("y")) }).arms)
    assert.equal(1, #compare.of({ folder .. "/a1", make("a3", 2, { 2, 2 }, script("x")) }).arms)
  end)

  it("reads curves at equal numbers of drafts, as far as all runs reach", function()
    local found = assert(compare.of({ make("a1", 1, { 2, 3 }), make("b1", 1, { 4, 1 }, { taxonomy = OTHER }) }))
    local curve = found.arms[1].curve
    assert.same({ 1, 8 }, { curve[1].drafts, curve[#curve].drafts })
    assert.is_nil(curve[1].kept) -- before the first round is complete
    for i, point in ipairs(curve) do
      assert.equal(found.arms[2].curve[i].drafts, point.drafts)
      if point.drafts >= 4 and point.drafts < 8 then assert.equal(2, point.kept.mean) end
    end
    assert.equal(5, curve[#curve].kept.mean)
  end)

  it("knows the rounds that forks have in common", function()
    local stem = make("stem", 1, { 2, 2 })
    local real = core.system.realpath(stem)
    local function fork(name, round, cells)
      return make(name, 1, { 2, 4 }, { taxonomy = runs.taxonomy(table.unpack(cells)),
        facts = { forked_from = json.encode({ run = real, round = round }) } })
    end
    local a, b = fork("a", 1, { "A" }), fork("b", 2, { "B" })
    local arms = compare.of({ stem, a, b }).arms
    assert.same({ 1, 2 }, { arms[2].versus.common_rounds, arms[3].versus.common_rounds })
    assert.equal(1, compare.of({ a, b }).arms[2].versus.common_rounds)
    assert.is_nil(compare.of({ a, make("c", 1, { 1, 1 }, { taxonomy = OTHER }) }).arms[2].versus.common_rounds)
  end)

  it("leaves out what a sweep has not done, and says so", function()
    local sweep_folder = folder .. "/s"
    assert(core.system.make_folder(sweep_folder .. "/runs"))
    make("s/runs/one", 1, { 2, 2 })
    make("s/runs/two", 2, { 2, 2 }, { state = "paused" })
    host.write(sweep_folder .. "/sweep.json", json.encode({
      arms = { { name = "first", set = {} }, { name = "second", set = {} } },
      tasks = { { arm = 1, seed = 1, run = "runs/one" }, { arm = 1, seed = 2, run = "runs/two" },
        { arm = 2, seed = 1, run = "runs/three" } } }))
    local found = assert(compare.of({ sweep_folder }))
    assert.same({ 2, 1, 0 }, { found.missing, #found.arms[1].runs, #found.arms[2].runs })
    assert.same({ 0, nil }, { found.arms[2].versus.pairs, found.arms[2].curve })
    assert.is_nil(next(found.arms[2].means))
  end)

  it("tells where an arm's runs have different versions of a script", function()
    assert(core.system.make_folder(folder .. "/s/runs"))
    for seed = 1, 2 do
      make("s/runs/" .. seed, seed, { 2, 2 }, { scripts = {
        { kind = "advise", name = "mine", hash = "v" .. seed, origin = "current", source = "" },
        { kind = "filter", name = "other", hash = "v", origin = "current", source = "" } } })
    end
    host.write(folder .. "/s/sweep.json", json.encode({ arms = { { name = "only", set = {} } },
      tasks = { { arm = 1, seed = 1, run = "runs/1" }, { arm = 1, seed = 2, run = "runs/2" } } }))
    assert.same({ "advise/mine" }, compare.of({ folder .. "/s" }).arms[1].mixed)
  end)
end)

-- The report of a sweep: its data, its page, its figures, its commands.
local comparison = require("advisor.report.comparison")
local comparison_figures = require("advisor.report.comparison_figures")
local core = require("advisor_core")
local csv = require("advisor.output.csv")
local gnuplot = require("advisor.report.gnuplot")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local page = require("advisor.report.page")
local replanned = require("advisor.report.replanned")
local runs = require("tests.support.runs")
local sweep = require("advisor.experiments.sweep")

local HOSTILE = "x</script><script>alert(1)</script>{nonce}`touch broken`'\" \u{202e}\n=1"

describe("the report of a sweep", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  --- A run of two rounds of four drafts, of which so many are kept.
  local function make(run, seed, kept)
    local all = { name = "shop", seed = seed }
    for number = 1, 2 do
      all[number] = {}
      for i = 1, 4 do
        local stays = i <= kept[number]
        all[number][i] = { text = ("item %d %d %d"):format(number, i, seed), cell = i % 2 == 0 and "A" or "B",
          verdict = stays and "kept" or "dropped", reason = not stays and "length" or nil }
      end
    end
    runs.make(run, all)
  end

  --- A sweep of two arms and three seeds, the last run of which is not there.
  local function made(name)
    host.write(folder .. "/shop.lua", "return {}")
    local manifest = assert(sweep.plan({ kind = "sweep", experiments = { folder .. "/shop.lua" }, seeds = { 1, 2, 3 },
      arms = { { name = "plain", set = { "per_round=4" } }, { name = name or "other", set = { "per_round=5" } } } }))
    assert(sweep.begin(folder .. "/s", manifest))
    local kept = { { 1, 2 }, { 2, 2 }, { 2, 3 }, { 3, 4 }, { 3, 3 } }
    for i, task in ipairs(manifest.tasks) do
      assert(core.system.make_folder(folder .. "/s/" .. task.run))
      if kept[i] then make(folder .. "/s/" .. task.run, task.seed, kept[i]) end
    end
    return manifest
  end

  local function gathered(page_folder) return assert(comparison.of(folder .. "/s/", page_folder)) end

  it("says what was compared, what differs, and what is missing", function()
    made()
    local found = gathered()
    assert.same({ "plain", 3, 24, "other", 2, 16 }, { found.arms[1].name, found.arms[1].runs, found.arms[1].drafts,
      found.arms[2].name, found.arms[2].runs, found.arms[2].drafts })
    assert.same({ folder .. "/s", 1, 6 }, { found.folder, found.missing, #found.tasks })
    -- 7 - 3 and 6 - 4: Student's interval of two pairs is 3 -+ 12.7.
    local kept = found.arms[2].versus.measures.kept
    assert.same({ 2, 3, "" }, { found.arms[2].versus.pairs, kept.mean, kept.verdict })
    assert.near(12.7062047 * 1, kept.high - kept.mean, 1e-6)
    assert.same({ "done", 3, 8 }, { found.tasks[1].state, found.tasks[1].kept, found.tasks[1].drafts })
    assert.equal(32, #found.tasks[1].digest)
    assert.same({ state = "absent", command = "advisor sweep " .. folder .. "/s --task 6" },
      { state = found.tasks[6].state, command = found.tasks[6].command, kept = found.tasks[6].kept })
    assert.equal(core.text.hash("return {}"), found.experiments[1].hash)
    assert.same({ "advisor sweep " .. folder .. "/s", "advisor sweep " .. folder .. "/shop.lua --vary per_round=4,5"
      .. " --seeds 3 -o NEW" }, found.commands)
  end)

  it("leads to the reports of runs that are there, from wherever the page lies", function()
    local manifest = made("a b")
    local first = manifest.tasks[4].run
    host.write(folder .. "/s/" .. first .. "/report.html", "x")
    assert.equal("./runs/02-a-b/seed-1/report.html", gathered().tasks[4].link)
    assert(core.system.make_folder(folder .. "/else where/deep"))
    local task = gathered(folder .. "/else where/deep").tasks[4]
    assert.equal("./../../s/runs/02-a-b/seed-1/report.html", task.link)
    assert.is_nil(task.command)
    assert.equal("./else%20where/deep", comparison.link(folder, folder .. "/else where/deep"))
    assert.matches("^advisor report .*/s/runs/01%-plain/seed%-2$", gathered().tasks[2].command)
  end)

  it("is a page that holds hostile names as data, and is the same for the same record", function()
    made()
    local clean = page.of_sweep(gathered())
    host.remove(folder)
    folder = host.folder()
    made(HOSTILE)
    local html = page.of_sweep(gathered())
    assert.is_true(html == page.of_sweep(gathered()))
    local function tags(source)
      local _, count = source:gsub("<[%a/!]", "")
      return count
    end
    assert.equal(tags(clean), tags(html))
    local found = json.decode(html:match('<script type="application/json" id="report">(.-)</script>'))
    assert.equal(HOSTILE, found.arms[2].name)
    assert.matches("comparison of the arms of a sweep", html)
    assert.is_nil(html:match('<script nonce="%x+">(.*)</script>%s*</body>'):find("</script", 1, true))
  end)

  it("has figures with their numbers beside them, and no name in a script", function()
    made(HOSTILE)
    local list = comparison_figures.of(gathered())
    local named = {}
    for _, figure in ipairs(list) do
      named[figure.name] = figure
      assert.is_nil(figure.script:find("touch", 1, true))
    end
    assert.is_table(named.curve_cells)
    assert.is_table(named.curve_yield)
    assert.is_table(named.curve_distinct_2)
    assert.is_nil(named.curve_compression)
    assert.same({ 2, 3 }, { named.difference_kept.rows[1][2], named.difference_kept.rows[1][3] })
    local _, note = core.loop.run(gnuplot.write, folder, list)
    local rows = assert(csv.read(host.read(folder .. "/difference_kept.csv")))
    assert.same({ (HOSTILE:gsub("\n", " ")), "3.0" }, { rows[1].fields.arm, rows[1].fields.difference })
    rows = assert(csv.read(host.read(folder .. "/curve_kept.csv")))
    assert.same({ "8", "6.5" }, { rows[20].fields.drafts, rows[20].fields[(HOSTILE:gsub("\n", " "))] })
    assert.is_nil(core.system.kind(folder .. "/broken"))
    if note then
      assert.matches("gnuplot is not installed", note)
    else
      assert.matches("^%%PDF", host.read(folder .. "/curve_kept.pdf"))
      assert.matches("</svg>", host.read(folder .. "/difference_kept.svg"))
    end
  end)

  it("shows a sweep of which nothing is done", function()
    local manifest = made()
    for _, task in ipairs(manifest.tasks) do host.remove(folder .. "/s/" .. task.run) end
    local found = gathered()
    assert.same({ 6, 0 }, { found.missing, found.arms[1].runs })
    assert.same({}, comparison_figures.of(found))
    assert.matches("id=\"report\"", page.of_sweep(found))
  end)

  it("says why there is none", function()
    assert(core.system.make_folder(folder .. "/s"))
    host.write(folder .. "/s/sweep.json", "[]")
    local none, why = comparison.of(folder .. "/s")
    assert.is_nil(none)
    assert.matches("is no sweep", why)
  end)
end)

describe("the command that makes a sweep again", function()
  local function command(given)
    local manifest = { kind = "sweep", experiments = { { path = "/x/my shop.lua" } }, set = {}, seeds = { 1, 2 },
      arms = {}, share = false }
    for key, value in pairs(given) do manifest[key] = value end
    for _, arm in ipairs(manifest.arms) do arm.experiment = arm.experiment or 1 end
    return replanned.commands("s", manifest)[2]
  end

  it("gives the same arms, whatever their values", function()
    for _, vary in ipairs({ { "a=1,2", "b.c=x,y,z" }, { 'a=["x,y","[1,2]","it\'s"]', "b=1" },
      { 'pipeline.filter=[["a",{"k":1}],"b",[]]' }, {} }) do
      local arms = assert(sweep.matrix(vary))
      assert.same(arms, assert(sweep.matrix(assert(replanned.vary(arms)))))
    end
    assert.equal("advisor sweep '/x/my shop.lua' --vary a=1,2 --set b=3 --seeds 3,7 --share -o NEW",
      command({ arms = assert(sweep.matrix({ "a=1,2" })), set = { "b=3" }, seeds = { 3, 7 }, share = true }))
  end)

  it("gives the same seeds", function()
    for _, text in ipairs({ "1", "5", "7,", "3,7,11", "2,1" }) do
      local seeds = assert(sweep.seeds(text))
      assert.same(seeds, assert(sweep.seeds(replanned.seeds(seeds))))
    end
  end)

  it("knows an ablation, and a plan that no command made", function()
    local without = { { name = "all", set = {} }, { name = "without x", set = { 'principles=["y"]' } } }
    assert.equal("advisor ablate '/x/my shop.lua' --drop principles --seeds 2 -o NEW",
      command({ kind = "ablation", arms = without, share = true }))
    without[2].set = { "pipeline.advise=no_advice" }
    assert.matches("%-%-drop strategies", command({ kind = "ablation", arms = without, share = true }))
    assert.is_nil(command({ arms = { { name = "a", set = { "a=1", "b=1" } }, { name = "b", set = { "a=2" } } } }))
    assert.is_nil(command({ arms = { { name = "a", set = { "a=1", "b=1" } },
      { name = "b", set = { "a=2", "b=2" } } } }))
  end)
end)

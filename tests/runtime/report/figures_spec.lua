local core = require("advisor_core")
local csv = require("advisor.output.csv")
local figures = require("advisor.report.figures")
local gnuplot = require("advisor.report.gnuplot")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local report = require("tests.support.report")
local with_store = require("tests.support.store")

local function arm_of(change)
  local arm
  with_store(function(store)
    report.fill(store)
    arm = report.gather(store).arm
  end)
  if change then change(arm) end
  return arm
end

local function named(list, name)
  for _, figure in ipairs(list) do
    if figure.name == name then return figure end
  end
end

describe("figures", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function write(list)
    return core.loop.run(gnuplot.write, folder, list)
  end

  it("are those that the run has numbers for", function()
    local list = figures.of(arm_of())
    assert.is_table(named(list, "coverage"))
    assert.is_table(named(list, "distance"))
    assert.is_nil(named(list, "variants"))
    local open = figures.of(arm_of(function(arm)
      for _, point in ipairs(arm.points) do point.distance = nil end
    end))
    assert.is_nil(named(open, "distance"))
  end)

  it("of an evaluation are its scores, overall and by category, and what it took", function()
    local function found(share)
      return { share = share, interval = { 0.1, 0.9 }, judged = 4, unknown = 1, bounds = { 0, 1 } }
    end
    local list = figures.of(arm_of(function(arm)
      local score, category, none = found(0.5), found(0.25), found(json.null)
      score.name, score.categories = "=shop (rule)", { category, none }
      category.category, none.category = "lamps", "sofas"
      arm.scores = { score }
    end))
    assert.same({ { "'=shop (rule)", 0.5, 0.1, 0.9, 4, 1, 0, 1 },
      { "'=shop (rule): lamps", 0.25, 0.1, 0.9, 4, 1, 0, 1 } },
      named(list, "scores").rows)
    assert.is_nil(named(list, "coverage"))
    assert.is_table(named(list, "tokens"))
  end)

  it("have their numbers beside them", function()
    write(figures.of(arm_of()))
    local rows = assert(csv.read(host.read(folder .. "/coverage.csv")))
    assert.same({ "A", "3", "0.75", "0.5" }, { rows[1].fields.cell, rows[1].fields.count, rows[1].fields.share,
      rows[1].fields.want })
    rows = assert(csv.read(host.read(folder .. "/distance.csv")))
    assert.same({ "2", "0.25" }, { rows[2].fields.round, rows[2].fields.distance })
  end)

  it("keep texts of a run out of gnuplot's scripts", function()
    local hostile = "x'; system \"touch " .. folder .. "/broken\" #\n`touch " .. folder .. "/broken` \"q\" , \\"
    local list = figures.of(arm_of(function(arm)
      arm.coverage.cells[1].cell = hostile
      arm.dropped[1].reason = hostile
      arm.coverage.cells[2].cell = "=1+1"
    end))
    for _, figure in ipairs(list) do assert.is_nil(figure.script:find("broken", 1, true)) end
    local files, note = write(list)
    assert.is_nil(core.system.kind(folder .. "/broken"))
    local rows = assert(csv.read(host.read(folder .. "/coverage.csv")))
    assert.equal((hostile:gsub("\n", " ")), rows[1].fields.cell)
    assert.equal("'=1+1", rows[2].fields.cell)
    if not note then
      assert.matches("^%%PDF", host.read(folder .. "/coverage.pdf"))
      assert.matches("</svg>", host.read(folder .. "/drops.svg"))
      assert.equal(4 * #list, #files)
    else
      assert.matches("gnuplot is not installed", note)
    end
  end)

  it("draw many cells by rank, and what was corrected", function()
    local list = figures.of(arm_of(function(arm)
      arm.coverage.cells[1].corrected = { share = 0.6, low = 0.5, high = 0.7 }
    end))
    assert.matches("using %(100%*%$8%)", named(list, "coverage").script)
    list = figures.of(arm_of(function(arm)
      for i = 1, 100 do
        arm.coverage.cells[i] = { cell = "c" .. i, count = i, share = i / 5050, low = 0, high = 0.1, want = 0.01 }
      end
    end))
    assert.matches("Cells by rank", named(list, "coverage").script)
    assert.equal("c100", named(list, "coverage").rows[1][1])
    local _, note = write(list)
    assert.is_true(note == nil or note:find("not installed", 1, true) ~= nil, note)
  end)

  it("say what gnuplot said where it fails", function()
    local list = figures.of(arm_of())
    list[1].script = "plot nonsense(\n"
    local _, note = write(list)
    assert.matches(note:find("not installed", 1, true) and "gnuplot%-nox" or "^gnuplot failed %(exit %d+%): .+", note)
  end)
end)

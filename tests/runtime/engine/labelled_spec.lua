local labelled = require("advisor.engine.labelled")
local stages = require("advisor.engine.stages")
local support = require("tests.support.stages")

--- Rows as they are labelled.
local function rows_of(...)
  local rows = {}
  for i, text in ipairs({ ... }) do
    rows[i] = { line = i + 1, label = text:sub(1, 1), item = { text = text, meta = {}, index = i } }
  end
  return rows
end

local function fails(words, fn, ...)
  local ok, problem = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(stages.Failed, problem.failed)
  assert.matches(words, problem.message)
end

local PLACE = { round = 0, stage = "label", batch = 2 }

describe("labels of known rows", function()
  local function labels(body, rows)
    local run, used = support.run({}), support.used("label", body)
    return labelled.labels(run, used, rows, labelled.options(used, { { name = "A" } },
      { { text = "x", cell = "A" } }), PLACE), run
  end

  it("are given in batches, each in a lane of round 0; no label is false", function()
    local got, run = labels("ctx.ask('judge', a[1].text) local c = {} for i, item in ipairs(a) do "
      .. "c[i] = item.text == 'B1' and 'B' or nil if c[i] == nil then c[i] = false end end return c",
      rows_of("A1", "B1", "A2"))
    assert.same({ false, "B", false }, got)
    table.sort(run.asked, function(x, y) return x.path < y.path end)
    assert.same({ { stage = "label", path = "1", role = "judge", prompt = "A1" },
      { stage = "label", path = "2", role = "judge", prompt = "A2" } }, run.asked)
  end)

  it("see the cells and the examples", function()
    assert.same({ "A", "x" },
      (labels("return { opt.taxonomy.cells[1].name, opt.examples[1].text }", rows_of("1", "2"))))
  end)

  it("fail with the script's own words", function()
    fails("my_label failed: no idea", labels, "return nil, 'no idea'", rows_of("A"))
    fails("my_label failed on line 2: a label must be", labels, "return { 7 }", rows_of("A"))
    fails("my_label failed: .*boom", labels, "error('boom')", rows_of("A"))
  end)
end)

describe("verdicts on known rows", function()
  it("are given each in a lane, under the place's path", function()
    local run, used = support.run({}), support.principle("item",
      "ctx.ask('judge', a.text) if a.text == 'B' then return nil, 'none' end "
      .. "return a.text == 'A' and 'pass' or 'fail'")
    assert.same({ "pass", "unknown", "fail" }, labelled.verdicts(run, used, rows_of("A", "B", "C"),
      { round = 0, stage = "calibrate", path = "2" }))
    table.sort(run.asked, function(x, y) return x.path < y.path end)
    assert.same({ "2.1", "2.2", "2.3" }, { run.asked[1].path, run.asked[2].path, run.asked[3].path })
  end)

  it("fail with the line of the row", function()
    fails("my_principle failed on line 2: the verdict must be", labelled.verdicts, support.run({}),
      support.principle("item", "return 'maybe'"), rows_of("A"), PLACE)
  end)

  it("are compared with the labels; unknown ones are apart", function()
    local found = labelled.judged(rows_of("A", "A", "B", "B"), { "pass", "fail", "fail", "unknown" },
      { B = true })
    assert.same({ fail = 1, pass = 0 }, found.unknown)
    assert.same({ 3, 2 }, { found.measured.total, found.measured.hits })
    assert.same({ fail = 1, pass = 1, unknown = 0 }, found.by_label.A)
  end)
end)

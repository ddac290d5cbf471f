local words = require("advisor.output.comparison")

local MEASURES = { { name = "kept", more = 1 }, { name = "distance", more = -1 }, { name = "cost", more = -1 } }

local function run(seed, drafts, kept)
  return { seed = seed, drafts = drafts, measures = { kept = kept } }
end

local function arm(name, given)
  local all = { name = name, runs = { run(1, 12, 8), run(2, 12, 9) }, dropped = { length = 7 }, mixed = {},
    means = { kept = { n = 2, mean = 8.5, low = 2.14, high = 14.9 }, distance = { n = 2, mean = 0.25 } },
    curve = {} }
  for i = 1, 20 do
    all.curve[i] = { drafts = i, kept = i >= 6 and { mean = i } or nil, cells = i >= 6 and { mean = 2 } or nil }
  end
  for key, value in pairs(given or {}) do all[key] = value end
  return all
end

local function text_of(arms, missing)
  return words({ arms = arms, missing = missing or 0, measures = MEASURES })
end

local VERSUS = { pairs = 2, measures = {
  kept = { n = 2, mean = 1.5, low = 0.5, high = 2.5, effect = 1.2345, verdict = "better" },
  distance = { n = 2, mean = 0.1, low = 0.05, high = 0.15, verdict = "worse" },
} }

describe("a comparison in words", function()
  it("has what an arm has, and no row for what nobody has", function()
    local text = text_of({ arm("only") })
    assert.matches("^only: 2 runs of 12 drafts\n", text)
    assert.matches("\n  kept +8.5 %[2.14, 14.9%]\n", text)
    assert.matches("\n  distance +0.25\n", text)
    assert.is_nil(text:find("cost", 1, true))
    assert.is_nil(text:find("after so many drafts", 1, true))
    assert.matches("\n  dropped: length 7\n", text)
    assert.is_nil(text:find("without a cell", 1, true))
  end)

  it("says of each difference whether it is for the better", function()
    local text = text_of({ arm("all"), arm("other", { versus = VERSUS }) })
    assert.matches("\nother: 2 runs of 12 drafts, 2 of them paired by seed with all\n", text)
    assert.matches("\n  kept +8.5 %[2.14, 14.9%] +%+1.5 %[0.5, 2.5%] +1.23  better\n", text)
    assert.matches("\n  distance +0.25 +%+0.1 %[0.05, 0.15%] +worse\n", text)
  end)

  it("has nothing at the ends of lines, and columns one under the other", function()
    local text, widths = text_of({ arm("all"), arm("other", { versus = VERSUS }) }), {}
    assert.is_nil(text:find("[ \t]\n"))
    for line in text:gmatch("[^\n]+") do
      local at = line:find(" 8.5 [2.14, 14.9]", 1, true) or line:find("mean [95 %]", 1, true)
      if at then widths[#widths + 1] = line:find("]", at, true) end
    end
    assert.equal(widths[3], widths[4])
  end)

  it("says where an arm has no run, has none to be paired with, or has uneven ones", function()
    local none = { pairs = 0, measures = {} }
    local text = text_of({ arm("all"), { name = "broken", runs = {}, means = {}, dropped = {}, mixed = {},
      versus = none }, arm("other", { versus = none, runs = { run(7, 10, 3), run(9, 14, 4) } }) }, 1)
    assert.matches("\nbroken: no run is done\n", text)
    assert.matches("\nother: 2 runs of 10 to 14 drafts, 0 of them paired by seed with all\n", text)
    assert.is_nil(text:find("difference [95 %]", 1, true))
    assert.matches("\n1 task of the sweep is not done and left out\n", text)
    assert.matches("not all runs made as many drafts: the curves compare", text)
    assert.matches("\n  drafts  all  other\n", text)
  end)

  it("says where there is nothing to compare with", function()
    local text = text_of({ { name = "broken", runs = {}, means = {}, dropped = {}, mixed = {} },
      arm("other", { versus = { pairs = 0, measures = {} } }) }, 2)
    assert.matches("\nother: 2 runs of 12 drafts\n", text)
    assert.matches("the first arm has no run that is done, so there is nothing", text)
  end)

  it("has no row of a curve before a round was complete", function()
    local text = text_of({ arm("all"), arm("other", { versus = VERSUS }) })
    local table_of = text:match("kept after so many drafts[^\n]*\n(.-)\n\n")
    assert.same({ "  drafts  all  other", "  8         8      8", "  12       12     12", "  16       16     16",
      "  20       20     20" }, (function()
      local lines = {}
      for line in table_of:gmatch("[^\n]+") do lines[#lines + 1] = line end
      return lines
    end)())
  end)

  it("names forks' common rounds, items without a cell, and versions that differ", function()
    local versus = { pairs = 2, common_rounds = 3, measures = {} }
    local text = text_of({ arm("all", { unlabelled = 4 }), arm("other", { versus = versus,
      mixed = { "advise/mine" } }) })
    assert.matches("with all and alike in the first 3 rounds\n", text)
    assert.matches("\n  without a cell: 4 of 17 kept items\n", text)
    assert.matches("\n  NOT ALIKE: its runs have different versions of advise/mine\n", text)
  end)

  it("shows no control character", function()
    assert.is_nil(text_of({ arm("a\27[2J"), arm("b", { versus = VERSUS }) }):find("\27", 1, true))
  end)
end)

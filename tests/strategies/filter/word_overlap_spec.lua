local support = require("tests.support.strategy")

local PATH = "strategies/filter/word_overlap.lua"

local function filter(options, pool, ...)
  local drafts = {}
  for i, text in ipairs({ ... }) do drafts[i] = { text = text, index = i } end
  return support.load(PATH, options)(support.ctx(), support.state({ pool = pool }), drafts)
end

describe("filter/word_overlap", function()
  it("drops at the threshold, not below it", function()
    -- 3 words of 4 are shared.
    local verdicts = filter({ threshold = 0.75 }, { "Where is parcel one" }, "WHERE is parcel?",
      "Where is gift one")
    assert.equals("fail", verdicts[1].verdict)
    assert.equals(0.75, verdicts[1].score)
    assert.same({ "seed-1", "Where is parcel one" },
      { verdicts[1].nearest, verdicts[1].nearest_text })
    assert.equals("pass", verdicts[2])
    assert.equals("pass", filter({ threshold = 0.76 }, { "Where is parcel one" },
      "Where is parcel?")[1])
  end)

  it("compares with earlier drafts that passed", function()
    local verdicts = filter(nil, {}, "How do I pay now", "how do I pay NOW?!", "Where is it")
    assert.equals("pass", verdicts[1])
    assert.same({ "fail", "draft 1", 1 }, { verdicts[2].verdict, verdicts[2].nearest,
      verdicts[2].score })
    assert.equals("pass", verdicts[3])
  end)

  it("counts words as sets, and two texts without words as equal", function()
    assert.equals("fail", filter(nil, { "no no no yes" }, "yes no")[1].verdict)
    assert.equals("fail", filter(nil, {}, "?!", "...")[2].verdict)
    assert.equals("pass", filter(nil, {}, "")[1])
  end)
end)

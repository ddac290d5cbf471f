local kernel = require("advisor.measure.kernel")
local measure = require("advisor_core").measure

local function near(want, got, room) assert.is_true(math.abs(got - want) <= (room or 1e-6), got) end

describe("measure/kernel", function()
  it("packs as many float32 numbers as asked, of length 1", function()
    local vector = kernel.vector("Where is my parcel?")
    assert.equal(512 * 4, #vector)
    near(1, kernel.cosine(vector, vector))
    assert.equal(64 * 4, #kernel.vector("abc", { dimensions = 64 }))
    assert.equal(64 * 4, #kernel.vector("", { dimensions = 64 }))
    assert.equal(64 * 4, #kernel.vector("\xff\xfe", { dimensions = 64 }))
  end)

  it("folds case and blanks", function()
    assert.equal(kernel.vector("a  B\nc "), kernel.vector(" A b c"))
    assert.not_equal(kernel.vector("a b c"), kernel.vector("c b a"))
  end)

  -- By hand, 2-grams of " abc " and " abd ": two of four in common.
  it("gives the cosine of the counts", function()
    local options = { n = 2, dimensions = 4096 }
    near(0.5, kernel.cosine(kernel.vector("abc", options), kernel.vector("abd", options)))
    near(0, kernel.cosine(kernel.vector("abc", options), kernel.vector("xyz", options)))
    near(1 / math.sqrt(2), kernel.cosine(string.pack("<ff", 1, 0), string.pack("<ff", 3, 3)))
    assert.has_error(function() kernel.cosine("abcd", "abcdabcd") end)
  end)

  it("sees likeness of texts, also in other scripts", function()
    local a, b, c = table.unpack(kernel.vectors({ "How do I return a broken kettle?",
      "How do I return a broken lamp?", "Mein Paket ist nicht gekommen" }))
    assert.is_true(kernel.cosine(a, b) > 0.6)
    assert.is_true(kernel.cosine(a, c) < 0.2)
    local d, e = table.unpack(kernel.vectors({ "我想退货一个坏的水壶", "我想退货一个坏的台灯" }))
    assert.is_true(kernel.cosine(d, e) > 0.5)
  end)

  it("lets the Vendi score work offline", function()
    local two = kernel.vectors({ "Where is my parcel?", "where is my parcel?",
      "Zwölf Boxkämpfer jagen Viktor", "Zwölf Boxkämpfer  jagen Viktor" })
    local score = measure.vendi(two)
    assert.is_true(score > 1.9 and score < 2.1, score)
    near(0, measure.nearest_distance(two))
  end)
end)

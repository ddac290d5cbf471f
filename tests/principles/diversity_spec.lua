local support = require("tests.support.strategy")

local function gaps_of(texts, options)
  local kept = {}
  for i, text in ipairs(texts) do kept[i] = { id = "r1-" .. i, text = text } end
  return support.load("principles/diversity.lua", options)(support.ctx(),
    support.state({ kept = kept }))
end

--- Texts of eight words, each made of its number.
local function different(n)
  local texts = {}
  for i = 1, n do
    local words = {}
    for j = 1, 8 do words[j] = ("w%x"):format((i * 7919 + j * 104729) % 65536) end
    texts[i] = table.concat(words, " ")
  end
  return texts
end

describe("principle diversity", function()
  it("finds nothing in texts that differ", function()
    assert.same({}, gaps_of(different(100)))
  end)

  it("finds that texts repeat one another, and says it without a cell", function()
    local same = {}
    for i = 1, 100 do same[i] = "Where is my parcel, and when will it come?" end
    local gaps = gaps_of(same)
    assert.equal(2, #gaps)
    assert.equal("the newest 100 items repeat one another: distinct-2 0.01, "
      .. "at least 0.35 wanted", gaps[1].text)
    assert.matches("compressed share 0.0", gaps[2].text)
    assert.is_nil(gaps[1].cell)
    assert.equal(0.01, gaps[1].have)
    assert.equal(0.2, gaps[2].want)
  end)

  it("measures what it is asked to", function()
    local same = {}
    for i = 1, 10 do same[i] = "Where is my parcel, and when will it come?" end
    assert.same({}, gaps_of(same, { window = 10, distinct = 0, compressed = 0 }))
    assert.equal(1, #gaps_of(same, { window = 10, compressed = 0 }))
    assert.matches("distinct%-3", gaps_of(same, { window = 10, n = 3 })[1].text)
    assert.matches("compressed", gaps_of(same, { window = 10, distinct = 0 })[1].text)
  end)

  it("looks at the newest items only, and not at fewer", function()
    local texts = different(20)
    for i = 1, 10 do texts[i] = "the same" end
    assert.same({}, gaps_of(texts, { window = 10 }))
    assert.are_not.same({}, gaps_of(texts, { window = 20, distinct = 0.9 }))
    assert.same({}, gaps_of(texts, { window = 21, distinct = 1 }))
    assert.same({}, gaps_of({}))
    assert.same({}, gaps_of({ "", "" }, { window = 2, distinct = 0 }))
  end)
end)

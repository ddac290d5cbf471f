local json = require("advisor.output.json")
local lexical = require("advisor.measure.lexical")

local PATH = (os.getenv("ADVISOR_SHARED") or "../shared") .. "/data/catqa_english.jsonl"

describe("lexical.stems", function()
  it("leaves out words of form and endings", function()
    local stems, counts = lexical.stems("How can I return the returned parcels, the parcel's way?")
    assert.same({ "return", "parcel" }, stems)
    assert.same({ ["return"] = 2, parcel = 2 }, counts)
  end)
end)

describe("lexical.classifier", function()
  local examples = {
    { text = "green tea leaves", cell = "Tea" }, { text = "black tea", cell = "Tea" },
    { text = "roasted coffee beans", cell = "Coffee" },
  }

  it("names the cell and its lead", function()
    local cell, margin = lexical.classifier(examples).classify("a cup of tea")
    assert.equal("Tea", cell)
    assert.is_true(margin > 0)
  end)

  it("knows nothing of words that no example holds", function()
    assert.is_nil((lexical.classifier(examples).classify("milk and sugar")))
    assert.is_nil((lexical.classifier(examples).classify("")))
    assert.is_nil((lexical.classifier({}).classify("tea")))
  end)

  it("has one answer where there is one cell, with no lead", function()
    local one = lexical.classifier({ { text = "tea", cell = "Tea" } })
    assert.same({ "Tea", 0 }, { one.classify("tea") })
  end)

  it("gives the first cell where none is ahead", function()
    local even = lexical.classifier({ { text = "tea", cell = "A" }, { text = "tea", cell = "B" } })
    assert.same({ "A", 0 }, { even.classify("tea") })
  end)

  --- Share of the even rows of CatQA that are labelled as people did, with the odd
  --- ones as examples.
  local function accuracy(cell_of)
    local rows, shown, hits, total = {}, {}, 0, 0
    for line in io.lines(PATH) do rows[#rows + 1] = json.decode(line) end
    for i = 1, #rows, 2 do shown[#shown + 1] = { text = rows[i].prompt,
      cell = cell_of(rows[i]) } end
    local classifier = lexical.classifier(shown)
    for i = 2, #rows, 2 do
      total = total + 1
      if classifier.classify(rows[i].prompt) == cell_of(rows[i]) then hits = hits + 1 end
    end
    return hits / total, total
  end

  it("labels CatQA", function()
    local file = io.open(PATH, "rb")
    if not file then
      return pending(("SKIPPED: there is no %s; set ADVISOR_SHARED"):format(PATH))
    end
    file:close()
    local wide, total = accuracy(function(row) return row.Category end)
    local fine = accuracy(function(row) return row.Category .. "/" .. row.Subcategory end)
    print(("lexical labeller: accuracy %.3f over 11 categories, %.3f over 55 (%d rows)")
      :format(wide, fine, total))
    assert.is_true(wide >= 0.68, ("accuracy is %.3f, 0.68 wanted"):format(wide))
    assert.is_true(fine >= 0.55, ("accuracy is %.3f, 0.55 wanted"):format(fine))
  end)
end)

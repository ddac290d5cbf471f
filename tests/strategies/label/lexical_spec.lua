local label = require("tests.support.label")
local support = require("tests.support.strategy")

local EXAMPLES = {
  { text = "How can I send the kettle back?", cell = "Returns" },
  { text = "I want my money back for a broken kettle.", cell = "Returns" },
  { text = "Where is my parcel?", cell = "Delivery" },
  { text = "When does the courier bring the parcel?", cell = "Delivery" },
}

local MORE = { { text = "Do you sell gift cards?", cell = "Gifts" } }
for _, example in ipairs(EXAMPLES) do MORE[#MORE + 1] = example end

local function labels(items, options, coverage)
  return label("strategies/label/lexical.lua", coverage or { examples = EXAMPLES },
    options)(support.ctx(),
    items)
end

describe("label lexical", function()
  it("finds the cell whose examples are worded most alike", function()
    assert.same({ "Returns", "Delivery", false },
      labels({ "The kettle broke, money back!", "No courier, no parcel.", "Quite unrelated" }))
  end)

  it("leaves without a cell what is not clear enough", function()
    assert.same({ false, "Returns" },
      labels({ "A parcel or a kettle?", "Kettle, money, back, broken" }, { margin = 1 },
        { examples = MORE }))
  end)

  it("takes the examples of the taxonomy's cells as well", function()
    assert.same({ "Tea", "Coffee" }, labels({ "green leaves", "roasted beans" }, nil, { cells = {
      { name = "Tea", examples = { "leaves in hot water" } },
      { name = "Coffee", examples = { "beans, roasted and ground" } },
    } }))
  end)

  it("says what is missing where there are no examples", function()
    local none, why = labels({ "parcel" }, nil, { cells = { { name = "A" } } })
    assert.is_nil(none)
    assert.matches("there are no examples", why)
  end)
end)

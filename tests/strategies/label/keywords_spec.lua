local label = require("tests.support.label")
local support = require("tests.support.strategy")

local CELLS = {
  { name = "Returns", keywords = { "return", "send back", "refund" } },
  { name = "Delivery", keywords = { "parcel", "delivery", "late" } },
  { name = "Gift cards" },
}

local function labels(items, options, cells)
  return label("strategies/label/keywords.lua", { cells = cells or CELLS },
    options)(support.ctx(), items)
end

describe("label keywords", function()
  it("counts different keywords, whole words, whatever the case", function()
    assert.same({ "Returns", "Delivery", false }, labels({
      "Can I send BACK the kettle for a refund? The parcel is here.",
      "My parcel is late, is the delivery late too? I want a refund.",
      "Lately I returned nothing.",
    }))
  end)

  it("lets the longer keywords decide where as many are held", function()
    assert.same({ "Returns" }, labels({ "Send back the parcel." }))
  end)

  it("goes by the words of the name where there are no keywords", function()
    assert.same({ "Gift cards" }, labels({ "Do you sell gift vouchers?" }))
    assert.same({ false }, labels({ "Do you sell gift vouchers?" }, { names = false }))
  end)

  it("wants as many hits as it is told", function()
    assert.same({ false, "Delivery" }, labels({ "The parcel.", "A late parcel." },
      { min_hits = 2 }))
  end)

  it("labels nothing without cells", function()
    assert.same({ false }, labels({ "The parcel." }, nil, {}))
  end)
end)

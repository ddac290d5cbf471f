-- Every format keeps the contract of its folder.
local catalog = require("advisor.output.catalog")

local TYPES = { string = true, int64 = true, bool = true, json = true }

describe("every format", function()
  local names = catalog.names("formats")

  for _, name in ipairs(names) do
    it(name .. " keeps the contract", function()
      local format = assert(catalog.find("formats", name))
      assert.matches("%.?$", format.description)
      assert.is_true(format.needs == "items" or format.needs == "responses")
      local item = { id = "r1-1", round = 1, index = 1, text = "t", meta = {},
        response = { text = "r", verdict = "safe", meta = { rejected = "x" } } }
      local row = format.row(item, { model = "m" })
      if not format.columns then return end
      local known = {}
      for _, column in ipairs(format.columns) do
        known[column[1]] = true
        assert.is_true(type(column[2]) == "table" or TYPES[column[2]])
      end
      for key in pairs(row) do assert.is_true(known[key], key .. " is no column") end
    end)
  end

  it("is found by its file", function()
    assert.is_true(#names >= 10)
    local format, why = catalog.find("formats", "parquet")
    assert.is_nil(format)
    assert.matches("there is no 'parquet'; there are: alpaca, ", why)
  end)
end)

local csv = require("advisor.output.csv")
local exporting = require("tests.support.exporting")

describe("formats/csv", function()
  it("reads back, formulas made inert, with safe replies only", function()
    local bytes = exporting.bytes("csv")
    assert.matches("^id,round,target,cell,text,response\r\n", bytes)
    local rows = assert(csv.read(bytes))
    assert.same({ id = "r1-1", round = "1", target = "A", cell = "A", text = "one",
      response = "re one" }, rows[1].fields)
    assert.equal("", rows[2].fields.response)
    assert.equal("", rows[4].fields.response)
    for i, text in ipairs(exporting.hostile) do
      local cell = rows[6 + i].fields.text
      assert.is_nil(cell:find("^[=+%-@\t\r\n]"))
      assert.equal(text, (cell:gsub("^'", "")))
    end
  end)

  it("has the lineage as columns", function()
    local rows = assert(csv.read((exporting.bytes("csv", { lineage = true }))))
    assert.equal("A is thin", rows[1].fields.lineage_gap)
    assert.equal('["be","kind"]', rows[1].fields.lineage_instruction)
    assert.equal("", rows[5].fields.lineage_gap)
  end)
end)

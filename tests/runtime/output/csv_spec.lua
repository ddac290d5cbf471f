local csv = require("advisor.output.csv")

local function fields(source)
  local rows = assert(csv.read(source))
  local list = {}
  for i, row in ipairs(rows) do list[i] = row.fields end
  return list, rows
end

describe("csv.read", function()
  it("reads rows under their header", function()
    local rows, names = csv.read("a,b\n1,2\n3,4")
    assert.same({ "a", "b" }, names)
    assert.same({ { line = 2, fields = { a = "1", b = "2" } },
      { line = 3, fields = { a = "3", b = "4" } } }, rows)
  end)

  it("takes commas, quotes and line ends inside quotes", function()
    local list, rows = fields('a,b\n"x, ""y""","1\n2"\n,""\n')
    assert.same({ { a = 'x, "y"', b = "1\n2" }, { a = "", b = "" } }, list)
    assert.equal(4, rows[2].line)
  end)

  it("takes CRLF, a byte order mark and blank lines", function()
    assert.same({ { a = "1", b = "2" } }, (fields("\239\187\191a,b\r\n\r\n1,2\r\n")))
  end)

  it("says on which line it cannot read", function()
    for source, message in pairs({
      ["a,b\n1\n"] = "2: 1 fields, the header has 2",
      ["a\n\"x\n"] = "2: a quoted field is not closed",
      ["a\nx\"y\n"] = "2: a quote inside a field that does not begin with one",
      ["a\n\"x\"y\n"] = "2: a comma or a line end must follow a quoted field",
      [""] = "1: there is no header line",
    }) do
      assert.same({ nil, message, n = 2 }, table.pack(csv.read(source)))
    end
  end)
end)

describe("csv.line", function()
  it("quotes what needs it and reads back", function()
    local given = { "a", 'b"c', "d,e", "f\ng\r", "", "🚀", 3 }
    local line = csv.line(given)
    assert.equal('a,"b""c","d,e","f\ng\r",,🚀,3\r\n', line)
    local rows = csv.read("1,2,3,4,5,6,7\r\n" .. line)
    for i, value in ipairs(given) do assert.equal(tostring(value), rows[1].fields[tostring(i)]) end
  end)

  it("makes formulas inert, and says so for each first character", function()
    for first in ("=+-@\t\r\n'"):gmatch(".") do assert.equal("'" .. first .. "x", csv.inert(first .. "x")) end
    for _, text in ipairs({ " =1", "  \t@x", "\v-1" }) do assert.equal("'" .. text, csv.inert(text)) end
    for _, text in ipairs({ "x=1", "", "1+1", " 'x", " x" }) do assert.equal(text, csv.inert(text)) end
  end)
end)

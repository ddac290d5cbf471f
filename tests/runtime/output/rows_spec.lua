local rows = require("advisor.output.rows")
local support = require("tests.support.host")

describe("rows", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  local function read(name, content)
    return rows.read(support.write(folder .. "/" .. name, content))
  end

  it("reads CSV and JSON lines alike, with lines", function()
    local want = { { line = 2, fields = { text = "a" } }, { line = 4, fields = { text = "b" } } }
    assert.same(want, read("d.csv", "text\na\n\nb\n"))
    assert.same(want, read("d.jsonl", "\n{\"text\":\"a\"}\r\n\n{\"text\":\"b\"}"))
  end)

  it("repairs what is no UTF-8", function()
    assert.equal("a\239\191\189", read("d.csv", "text\na\255\n")[1].fields.text)
  end)

  it("names file and line of what it cannot read", function()
    local function why(...) return (select(2, read(...)):gsub("^" .. folder .. "/", "")) end
    assert.matches("^d.jsonl:2: ", why("d.jsonl", "{}\nnonsense\n"))
    assert.equal("d.jsonl:1: an object is expected", why("d.jsonl", "3\n"))
    assert.equal("d.csv:3: 1 fields, the header has 2", why("d.csv", "a,b\n1,2\n3\n"))
    assert.equal("d.csv: holds no rows", why("d.csv", "a,b\n"))
    assert.equal("d.txt: must be a .csv or .jsonl file", why("d.txt", ""))
    assert.matches("No such file", (select(2, rows.read(folder .. "/none.csv"))))
  end)

  it("gives every second row", function()
    assert.same({ 1, 3, 5 }, rows.half({ 1, 2, 3, 4, 5 }, "odd"))
    assert.same({ 2, 4 }, rows.half({ 1, 2, 3, 4, 5 }, "even"))
    assert.same({ 1, 2 }, rows.half({ 1, 2 }))
  end)

  it("gives a field as text, or says which there are", function()
    local row = { line = 7, fields = { text = "a", n = 3, yes = true, list = {} } }
    assert.equal("a", rows.text("f", row, "text"))
    assert.equal("3", rows.text("f", row, "n"))
    assert.equal("true", rows.text("f", row, "yes"))
    assert.same({ nil, "f:7: no field 'x'; there are: list, n, text, yes", n = 2 },
      table.pack(rows.text("f", row, "x")))
    assert.matches("^f:7: the field 'list' is no text", (select(2, rows.text("f", row, "list"))))
  end)
end)

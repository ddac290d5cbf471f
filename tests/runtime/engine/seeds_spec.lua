local seeds = require("advisor.engine.seeds")
local host = require("tests.support.host")

describe("seeds.load", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function evaluate(path)
    return dofile(path)
  end

  local function load(given)
    return seeds.load(given, { folder .. "/none", folder }, evaluate)
  end

  local function problem(given)
    local loaded, message = load(given)
    assert.is_nil(loaded)
    return message
  end

  it("takes nothing, a list, or a table", function()
    assert.same({ items = {}, summary = {} }, load(nil))
    assert.same({ items = { "a", "b" }, summary = {} }, load({ "a", "b" }))
    assert.same({ items = {}, summary = {} }, load({}))
    assert.same({ items = { "a" }, summary = { "A" }, unit = "question", theme = "t" },
      load({ items = { "a" }, summary = { "A" }, unit = "question", theme = "t" }))
  end)

  it("takes names and files", function()
    host.write(folder .. "/shop.lua", "return { items = { 'a' }, summary = { 'A' } }")
    host.write(folder .. "/lines.txt", "\u{feff}one\r\n\n  two  \n")
    host.write(folder .. "/rows.jsonl", '{"text":"one"}\n\n{"prompt":"two\\nlines"}\n')
    assert.same({ items = { "a" }, summary = { "A" } }, load("shop"))
    assert.same({ items = { "a" }, summary = { "A" } }, load(folder .. "/shop.lua"))
    assert.same({ items = { "one", "two" }, summary = {} }, load("lines.txt"))
    assert.same({ items = { "one", "two\nlines" }, summary = {} }, load("rows.jsonl"))
  end)

  it("says what is wrong", function()
    assert.matches("'none' was not found beside the experiment or in scripts/seeds",
      problem("none"))
    assert.equal("a list, a name or a file is expected", problem(5))
    assert.equal("items.2 must be a text", problem({ "a", 5 }))
    assert.equal("summary must be a list of texts", problem({ items = {}, summary = "x" }))
    assert.matches("'item' is unknown", problem({ item = { "a" } }))
    assert.matches("'1' is unknown", problem({ "a", summary = { "A" } }))
  end)

  it("names file and line of a bad row", function()
    host.write(folder .. "/rows.jsonl", '{"text":"one"}\n\n{"txt":"two"}\n')
    assert.equal(folder .. "/rows.jsonl:3: no field 'text' or 'prompt'", problem("rows.jsonl"))
    host.write(folder .. "/rows.jsonl", '{"text":\n')
    assert.matches("rows.jsonl:1: ", problem("rows.jsonl"))
  end)

  it("takes a folder for no file", function()
    require("advisor_core").system.make_folder(folder .. "/data.d")
    assert.matches("was not found", problem("data.d"))
  end)
end)

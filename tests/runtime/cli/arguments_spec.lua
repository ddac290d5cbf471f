local arguments = require("advisor.cli.arguments")

describe("arguments", function()
  local verb = { usage = "do FILE", summary = "Does.", positional = { "FILE" }, flags = {
    set = { value = "key=value", many = true, doc = "Sets." }, quiet = { short = "q", doc = "No words." },
    output = { short = "o", value = "PATH", doc = "Where to." }, inside = { value = "X", hidden = true, doc = "No." },
  } }

  it("gives back the words that parse to the same", function()
    local args = assert(arguments.parse(verb, { "x.lua", "-q", "--set=a=1", "--set", "b=--set", "-o", "out" }))
    local words = arguments.words(verb, args, {})
    assert.same(args, arguments.parse(verb, words))
    assert.same({ "x.lua", "--output", "out", "--quiet", "--set", "a=1", "--set", "b=--set" }, words)
    assert.same({ "x.lua", "--quiet" }, arguments.words(verb, args, { set = true, output = true }))
  end)

  it("takes a hidden flag, and does not show it", function()
    assert.equal("{}", arguments.parse(verb, { "x", "--inside", "{}" }).inside)
    local help = arguments.help(verb)
    assert.is_nil(help:find("inside", 1, true))
    assert.matches("%-%-output PATH", help)
  end)
end)

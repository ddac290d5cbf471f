local options = require("advisor.host.options")

local DECLARED = {
  temperature = { type = "number", default = 0.9, min = 0, max = 2, doc = "Sampling temperature." },
  max_words = { type = "integer", default = 8, min = 1, doc = "Longest name." },
  mode = { type = "string", default = "a", one_of = { "a", "b" }, doc = "How." },
  post = { type = "list", default = {}, one_of = { "strip", "lower" }, doc = "Steps." },
  extra = { type = "table", doc = "Anything." },
  shuffle = { type = "boolean", default = false, doc = "Whether." },
}

local function problems(given, declared)
  local _, found = options.fill(declared or DECLARED, given)
  return found
end

describe("options.fill", function()
  it("fills in defaults", function()
    local filled, found = options.fill(DECLARED, { temperature = 1 })
    assert.same({}, found)
    assert.same({ temperature = 1, max_words = 8, mode = "a", post = {}, shuffle = false }, filled)
    assert.same({}, (options.fill(nil, {})))
  end)

  it("keeps what is given, false included", function()
    local filled = options.fill({ x = { type = "boolean", default = true, doc = "X." } },
      { x = false })
    assert.is_false(filled.x)
  end)

  it("takes whole floats as integers", function()
    local filled, found = options.fill(DECLARED, { max_words = 5.0 })
    assert.same({}, found)
    assert.equal("integer", math.type(filled.max_words))
  end)

  it("tells every problem at once, in order of names", function()
    assert.same({
      "max_words: integer expected, got number 2.5",
      "mode: 'c' is not one of a, b",
      "post: 'upper' is not one of strip, lower",
      "shuffle: boolean expected, got string",
      "temperature: must be at most 2",
      "unknown_thing: unknown option",
    }, problems({ max_words = 2.5, mode = "c", post = { "strip", "upper" }, shuffle = "yes",
      temperature = 3,
      unknown_thing = 1 }))
    assert.same({ "max_words: must be at least 1" }, problems({ max_words = 0 }))
    assert.same({ "1: unknown option" }, problems({ "x" }))
  end)

  it("takes only lists as lists", function()
    assert.same({}, problems({ post = {} }))
    for _, value in ipairs({ { x = 1 }, { "strip", x = 1 }, { [2] = "strip" },
      { [0] = "strip" } }) do
      assert.same({ "post: list expected, got table" }, problems({ post = value }))
    end
    assert.same({ "post: list expected, got string" }, problems({ post = "strip" }))
    assert.same({}, problems({ extra = { x = 1, "y" } }))
  end)

  it("finds what a typo meant", function()
    for typo, meant in pairs({ temprature = "temperature", temperatur = "temperature",
      temperrature = "temperature",
      max_word = "max_words", maxwords = "max_words", tempreature = "temperature",
        mod = "mode" }) do
      assert.same({ ("%s: unknown option (did you mean '%s'?)"):format(typo, meant) },
        problems({ [typo] = 1 }))
    end
    assert.same({ "zzz: unknown option" }, problems({ zzz = 1 }))
    assert.same({ ": unknown option" }, problems({ [""] = 1 }))
  end)
end)

describe("options.declaration_problems", function()
  local function faults(declared)
    return options.declaration_problems(declared)
  end

  it("accepts what is right, and nothing at all", function()
    assert.same({}, faults(DECLARED))
    assert.same({}, faults(nil))
    assert.same({}, faults({}))
    assert.same({ "options must be a table" }, faults("x"))
  end)

  it("names every fault", function()
    assert.same({ "options.a has no valid type (string, number, integer, boolean, list, table)",
      "options.a has no doc" },
      faults({ a = {} }))
    assert.same({ "options.a has an unknown field 'defualt'" },
      faults({ a = { type = "string", doc = "A.", defualt = 1 } }))
    assert.same({ "options.1 must be a named table { type, default, doc }",
      "options.b must be a named table { type, default, doc }" },
        faults({ { type = "string" }, b = 5 }))
    assert.same({ "options.a has a default that does not fit: must be at least 1" },
      faults({ a = { type = "integer", doc = "A.", min = 1, default = 0 } }))
    assert.same({ "options.a has a default that does not fit: 'z' is not one of x, y" },
      faults({ a = { type = "string", doc = "A.", one_of = { "x", "y" }, default = "z" } }))
  end)

  it("survives bounds that do not suit the type", function()
    for _, option in ipairs({
      { type = "string", doc = "A.", min = 1, default = "x" },
        { type = "list", doc = "A.", max = 1, default = {} },
      { type = "integer", doc = "A.", min = "1", default = 1 },
        { type = "number", doc = "A.", max = {}, default = 1 },
      { type = "string", doc = "A.", one_of = "x", default = "x" },
        { type = "string", doc = "A.", one_of = {} },
      { type = "string", doc = "A.", one_of = 5, default = "x" },
      { type = "boolean", doc = "A.", one_of = { true }, default = false },
    }) do
      local found = faults({ a = option })
      assert.equal(1, #found)
      assert.matches("^options.a has a ", found[1])
    end
  end)

  it("puts what is declared in the place of a value of the wrong type", function()
    local declared = {
      n = { type = "integer", default = 3, doc = "A number." }, t = { type = "table", doc = "A table." },
    }
    local filled, found = options.fill(declared, { n = "x", t = 5 })
    assert.same({ n = 3, t = {} }, filled)
    assert.equal(2, #found)
  end)
end)

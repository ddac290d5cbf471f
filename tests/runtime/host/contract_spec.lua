local contract = require("advisor.host.contract")

local function script(more)
  local t = { api = 1, kind = "advise", description = "Does.", run = function() end }
  for key, value in pairs(more or {}) do
    if value == "none" then t[key] = nil else t[key] = value end
  end
  return t
end

local function messages(value, expected)
  local list = {}
  for i, problem in ipairs(contract.problems(value, expected)) do list[i] = problem.message end
  return list
end

describe("contract.problems", function()
  it("accepts a script of each kind", function()
    for _, kind in ipairs({ "advise", "generate", "filter", "summarize", "label", "respond" }) do
      assert.same({}, messages(script({ kind = kind })))
      assert.same({}, messages(script({ kind = kind }), kind))
    end
    assert.same({}, messages(script({ kind = "principle", run = "none", check = print,
      level = "item",
      statement = "S.", findings = {} })))
    assert.same({}, messages(script({ kind = "provider", run = "none", form = "both",
      request = print,
      parse = print })))
    assert.same({}, messages(script({ kind = "provider", run = "none", form = "prompt",
      answer = print })))
  end)

  it("wants a plain table", function()
    assert.same({ "must return a table, got nil" }, messages(nil))
    assert.same({ "must return a table, got function" }, messages(print))
    assert.same({ "must return a plain table, without a metatable" }, messages(setmetatable({}, {
      __index = function() error("not called") end })))
  end)

  it("compares the version before anything else", function()
    assert.same({ "api must be 1, the version this program speaks; got 2" },
      messages(script({ api = 2, kind = 5 })))
    assert.same({ "api must be 1, the version this program speaks; got nil" }, messages({}))
  end)

  it("tells every problem at once", function()
    assert.same({ "description must be a sentence that says what the script does",
      "run must be a function",
      "temperature is not a field of this kind", "options.x has no doc" },
      messages(script({ description = " ", run = 5, temperature = 1,
        options = { x = { type = "string" } } })))
    assert.same({ "check must be a function", "run is not a field of this kind",
      "statement must be the sentence that prompts may quote",
        "level must be 'item' or 'dataset'" },
      messages(script({ kind = "principle" })))
    assert.same({ "answer must have the functions request and parse, or the function answer",
      "run is not a field of this kind", "form must be 'messages', 'prompt', 'both', 'input' or 'any'" },
      messages(script({ kind = "provider" })))
  end)

  it("compares the kind with what its place asks for", function()
    assert.same({ "kind must be 'filter' here; got 'advise'" }, messages(script(), "filter"))
    assert.matches("^kind must be one of advise, filter, .*; got advice$",
      messages(script({ kind = "advice" }))[1])
  end)
end)

describe("contract.line_of", function()
  local SOURCE = "-- kind of a script\nlocal M = {\n  api = 1,\n  kind = 'x',\n  subkind = 1,\n}\n"
    .. "function M.run(ctx)\nend\nreturn M"

  it("finds where a field is given", function()
    assert.equal(3, contract.line_of(SOURCE, "api"))
    assert.equal(4, contract.line_of(SOURCE, "kind"))
    assert.equal(5, contract.line_of(SOURCE, "subkind"))
    assert.equal(7, contract.line_of(SOURCE, "run"))
    assert.equal(1, contract.line_of(SOURCE, "none"))
    assert.equal(1, contract.line_of(SOURCE, nil))
    assert.equal(1, contract.line_of(SOURCE, "%a["))
  end)
end)

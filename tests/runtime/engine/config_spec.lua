local config = require("advisor.engine.config")

describe("config.set", function()
  local function set(raw, setting)
    local problem = config.set(raw, setting)
    return problem or raw
  end

  it("takes JSON where it parses, else text", function()
    assert.same({ a = 2 }, set({}, "a=2"))
    assert.same({ a = "2x" }, set({}, "a=2x"))
    assert.same({ a = "" }, set({}, "a="))
    assert.same({ a = { b = { c = true } } }, set({}, "a.b.c=true"))
    assert.same({ a = { "x" } }, set({}, 'a=["x"]'))
    assert.same({ a = "b=c" }, set({}, "a=b=c"))
  end)

  it("takes a key out at null", function()
    assert.same({ b = 1 }, set({ a = 7, b = 1 }, "a=null"))
    assert.same({ pipeline = {} }, set({ pipeline = { summarize = "topic_list" } }, "pipeline.summarize=null"))
  end)

  it("makes a table of a script's name, to set its options", function()
    assert.same({ pipeline = { advise = { "mine", most = 2 } } },
      set({ pipeline = { advise = "mine" } }, "pipeline.advise.most=2"))
    assert.same({ pipeline = { filter = { "a", { "b", n = 1 } } } },
      set({ pipeline = { filter = { "a", "b" } } }, "pipeline.filter.2.n=1"))
    assert.same({ principles = { { "p", n = 1 } } }, set({ principles = { "p" } }, "principles.1.n=1"))
    -- Another key's text is no script.
    assert.equal("--set name.x=1: 'name' is no table", set({ name = "a" }, "name.x=1"))
  end)

  it("reads a script with options as JSON can write it", function()
    assert.same({ "mine", most = 2 }, config.as_reference({ "mine", { most = 2 } }))
    assert.same({ "mine" }, config.as_reference("mine"))
    assert.same({ "mine", most = 2 }, config.as_reference({ "mine", most = 2 }))
    assert.equal(7, config.as_reference(7))
  end)

  it("refuses what is no key and value", function()
    for _, setting in ipairs({ "", "a", "=1", "a b=1" }) do
      assert.matches("expected key=value", set({}, setting))
    end
  end)
end)

describe("a config file", function()
  local host = require("tests.support.host")
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function evaluate(source)
    return config.evaluate(host.write(folder .. "/x.lua", source), 1)
  end

  it("is evaluated with env() and include() and nothing else", function()
    host.write(folder .. "/part.lua", "return { 1, env('NO_SUCH_VARIABLE', 'two') }")
    assert.same({ a = { 1, "two" } }, (evaluate("return { a = include('part.lua') }")))
    for _, name in ipairs({ "os", "io", "require", "dofile" }) do
      local value, why = evaluate("return " .. name .. ".x")
      assert.is_nil(value)
      assert.matches("x.lua:1: " .. name, why)
    end
  end)

  it("says which variables were asked for", function()
    config.begin()
    evaluate("return { env('HOME'), env('NONE') }")
    assert.same({ HOME = true, NONE = true }, config.asked())
    config.begin()
    assert.same({}, config.asked())
  end)

  it("ends a file that never ends", function()
    local value, why = evaluate("while true do end")
    assert.is_nil(value)
    assert.matches("x.lua", why)
  end)
end)

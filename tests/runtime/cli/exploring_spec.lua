local exploring = require("advisor.cli.exploring")
local json = require("advisor.output.json")

describe("what a process inside tells", function()
  local function told(change)
    local value = { name = "shop", models = { default = { urls = { "https://a.example" }, key_env = "KEY" } },
      problems = json.array({}), code = json.array({}), read = json.array({ "x.lua" }), missing = json.array({}),
      asked = json.array({}) }
    change(value)
    return exploring.understand(json.encode(value))
  end

  it("is taken where it is of the form", function()
    assert.equal("shop", told(function() end).name)
    assert.is_nil(told(function(v) v.name = nil end).name)
  end)

  it("is not, whatever else it is", function()
    for i, change in ipairs({
      function(v) v.name = "../../etc" end, function(v) v.name = "-o" .. ("x"):rep(100) end,
      function(v) v.name = 7 end, function(v) v.models = "x" end, function(v) v.models.default = 7 end,
      function(v) v.models.default.urls = nil end, function(v) v.models.default.urls = { 7 } end,
      function(v) v.models.default.key_env = {} end, function(v) v.models.default.ca_file = "a\0b" end,
      function(v) v.read = nil end, function(v) v.code = nil end,
      function(v) v.missing = { { "x" } } end, function(v) v.asked = "HOME" end,
      function(v) v.problems = { "a\0b" } end,
    }) do
      assert.is_nil(told(change), i)
    end
    assert.is_nil(exploring.understand(""))
    assert.is_nil(exploring.understand("bwrap: no"))
    assert.is_nil(exploring.understand(("[%s]"):format(("1,"):rep(1 << 20))))
  end)
end)

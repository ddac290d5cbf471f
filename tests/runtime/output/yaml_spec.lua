local yaml = require("advisor.output.yaml")

describe("yaml", function()
  it("keeps the order of keys, leaves out nil, nests maps and lists", function()
    assert.equal('b: 1\na:\n  - "x"\n  -\n    k: true\ne: []\nm: {}\n', yaml.write(yaml.map({
      { "b", 1 }, { "gone", nil }, { "a", { "x", yaml.map({ { "k", true } }) } }, { "e", {} },
      { "m", yaml.map({}) },
    })))
  end)

  it("writes numbers without an exponent, as many digits as it takes", function()
    local function number(value) return yaml.write(yaml.map({ { "n", value } })):match("n: (.*)\n") end
    assert.equal("0.00002", number(2e-5))
    assert.equal("0.1", number(0.1))
    assert.equal("1.0", number(1.0))
    assert.equal("32", number(32))
    assert.equal(1 / 3, tonumber(number(1 / 3)))
    assert.has_error(function() number(1e-30) end)
    assert.has_error(function() number(0 / 0) end)
  end)

  it("quotes text so that it stays text", function()
    assert.equal('"yes"', yaml.quote("yes"))
    assert.equal('"a\\"b\\\\c\\n- d: \\t"', yaml.quote('a"b\\c\n- d: \t'))
    assert.equal('"\\x00\\x7f\\u0085\\u2028\\ufeff\\uffff"', yaml.quote("\0\127\u{85}\u{2028}\u{feff}\u{ffff}"))
    assert.equal('"🚀é"', yaml.quote("🚀é"))
    assert.equal('"\u{fffd}"', yaml.quote("\255"))
  end)
end)

local label = require("tests.support.label")
local support = require("tests.support.strategy")

local CELLS = { { name = "Tea", description = "leaves" }, { name = "Coffee" } }

--- Vectors of two numbers: how many of the letters t and c a text has.
local function vector(text)
  local _, t = text:gsub("[tT]", "")
  local _, c = text:gsub("[cC]", "")
  return { t + 0.01, c }
end

local function labels(items, options, coverage)
  local ctx = support.ctx({ vectors = vector })
  local run = label("strategies/label/by_embedding.lua", coverage or { cells = CELLS }, options)
  local found, why = run(ctx, items)
  return found, why, ctx
end

describe("label/by_embedding", function()
  it("goes by cells' names and descriptions where there are no examples", function()
    local found, _, ctx = labels({ "ttt", "cc", "tc c" })
    assert.same({ "Tea", "Coffee", "Coffee" }, found)
    assert.same({ "Tea: leaves", "Coffee" }, ctx.embedded[1].texts)
    assert.equals("embedder", ctx.embedded[1].role)
  end)

  it("goes by the examples of the experiment and of the taxonomy", function()
    local found = labels({ "tt", "cc" }, nil, {
      cells = { { name = "One", examples = { "c" } }, { name = "Two" } },
      examples = { { text = "ttt", cell = "Two" }, { text = "t", cell = "Two" } },
    })
    assert.same({ "Two", "One" }, found)
  end)

  it("leaves without a cell what is near to none", function()
    assert.same({ "Tea", false }, (labels({ "t", "ct" }, { least = 0.9 })))
  end)

  it("hands on why there are no vectors", function()
    local ctx = support.ctx({ vectors = function() return nil end })
    local found, why = label("strategies/label/by_embedding.lua", { cells = CELLS })(ctx, { "x" })
    assert.is_nil(found)
    assert.equals("no vectors", why)
  end)

  it("needs cells", function()
    local found, why = labels({ "x" }, nil, { cells = {} })
    assert.is_nil(found)
    assert.matches("coverage.taxonomy", why)
  end)
end)

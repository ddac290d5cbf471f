local ablation = require("advisor.experiments.ablation")

local function names(arms)
  local list = {}
  for i, arm in ipairs(arms) do list[i] = arm.name end
  return list
end

describe("an ablation of principles", function()
  local function of(...)
    local list = {}
    for i, name in ipairs({ ... }) do list[i] = { name = name, options = i == 2 and { most = 3 } or {} } end
    return ablation.principles({ principles = list })
  end

  it("leaves out each, and keeps each alone", function()
    local arms = of("a", "b", "c")
    assert.same({ "all", "without a", "without b", "without c", "only a", "only b", "only c" }, names(arms))
    assert.same({}, arms[1].set)
    assert.same({ 'principles=[["b",{"most":3}],"c"]' }, arms[2].set)
    assert.same({ 'principles=["a","c"]' }, arms[3].set)
    assert.same({ 'principles=[["b",{"most":3}]]' }, arms[6].set)
  end)

  it("makes no run twice: of two, one alone is the other one left out", function()
    assert.same({ "all", "without a", "without b" }, names(of("a", "b")))
    assert.same({ "all", "without a" }, names(of("a")))
    assert.same({ "principles=[]" }, of("a")[2].set)
    assert.same({ "all" }, names(of()))
  end)

  it("tells apart what stands in the list twice", function()
    assert.same({ "all", "without a", "without a 2" }, names(of("a", "a")))
  end)
end)

describe("an ablation of strategies", function()
  local function of(pipeline) return ablation.strategies({ pipeline = pipeline }) end

  it("leaves out advice, each filter and the summary", function()
    local arms = of({ advise = { name = "thinnest", options = {} }, summarize = { name = "list", options = {} },
      filter = { { name = "exact", options = {} }, { name = "near", options = { threshold = 0.5 } } } })
    assert.same({ "all", "without thinnest", "without exact", "without near", "without list",
      "only thinnest", "only exact", "only near", "only list" }, names(arms))
    assert.same({ "pipeline.advise=no_advice" }, arms[2].set)
    assert.same({ 'pipeline.filter=[["near",{"threshold":0.5}]]' }, arms[3].set)
    assert.same({ 'pipeline.filter=["exact"]' }, arms[4].set)
    assert.same({ "pipeline.summarize=null" }, arms[5].set)
    assert.same({ "pipeline.summarize=null", "pipeline.filter=[]" }, arms[6].set)
    assert.same({ "pipeline.advise=no_advice", "pipeline.summarize=null", 'pipeline.filter=["exact"]' },
      arms[7].set)
  end)

  it("does not leave out what is not there", function()
    assert.same({ "all" }, names(of({ advise = { name = "no_advice", options = {} }, filter = {} })))
  end)
end)

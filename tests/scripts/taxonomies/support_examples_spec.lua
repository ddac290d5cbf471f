-- The labelled examples that ship beside the taxonomy of an online shop's support.
local seeds = require("advisor.engine.seeds")
local taxonomy = require("advisor.engine.taxonomy")
local lexical = require("advisor.measure.lexical")

local FOLDER = "scripts/taxonomies"

local function evaluate(path)
  return dofile(path)
end

local function count_words(text)
  local _, n = text:gsub("%S+", "")
  return n
end

describe("the examples of the support taxonomy", function()
  local examples = assert(seeds.load_examples({ file = "support_examples.jsonl" }, { FOLDER }))
  local cells = assert(taxonomy.load("support", { FOLDER }, evaluate)).cells
  local by_cell = {}
  for _, example in ipairs(examples) do
    by_cell[example.cell] = by_cell[example.cell] or {}
    table.insert(by_cell[example.cell], example.text)
  end

  it("name cells of the taxonomy only", function()
    local known = {}
    for _, cell in ipairs(cells) do known[cell.name] = true end
    for _, example in ipairs(examples) do assert.is_true(known[example.cell], example.cell) end
  end)

  it("are ten or more in every cell, some short and some long", function()
    for _, cell in ipairs(cells) do
      local short, long = 0, 0
      for _, text in ipairs(by_cell[cell.name] or {}) do
        short = short + (count_words(text) <= 9 and 1 or 0)
        long = long + (count_words(text) >= 15 and 1 or 0)
      end
      assert.is_true(#(by_cell[cell.name] or {}) >= 10, cell.name)
      assert.is_true(short >= 5, ("%s has %d short ones"):format(cell.name, short))
      assert.is_true(long >= 5, ("%s has %d long ones"):format(cell.name, long))
    end
  end)

  it("are all different, and no seed is among them", function()
    local seen = {}
    for _, text in ipairs(assert(seeds.load("support", { "scripts/seeds" }, evaluate)).items) do
      seen[text] = true
    end
    for _, example in ipairs(examples) do
      assert.is_nil(seen[example.text], example.text)
      seen[example.text] = true
    end
  end)

  -- One half teaches the other, both ways: ten examples a cell and 15 cells,
  -- where chance would be 0.07.
  it("tell the cells apart by their words", function()
    local halves, hits = { {}, {} }, 0
    for i, example in ipairs(examples) do table.insert(halves[i % 2 + 1], example) end
    for i, half in ipairs(halves) do
      local classifier = lexical.classifier(halves[3 - i])
      for _, example in ipairs(half) do
        if classifier.classify(example.text) == example.cell then hits = hits + 1 end
      end
    end
    assert.is_true(hits / #examples >= 0.55, ("accuracy %.3f"):format(hits / #examples))
  end)
end)

local catalog = require("advisor.output.catalog")
local core = require("advisor_core")
local dataset = require("advisor.output.dataset")
local exporting = require("tests.support.exporting")
local json = require("advisor.output.json")

local function content(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function rows(path)
  local list = {}
  for line in content(path):gmatch("[^\n]+") do list[#list + 1] = json.decode(line) end
  return list
end

local function given(name)
  return { format = catalog.find("formats", name), seed = 3, license = "cc-by-4.0", command = "advisor export run" }
end

describe("a dataset folder", function()
  it("holds splits, rejected items, a card and what made it", function()
    exporting.with(function(store, folder)
      local path = folder .. "/hf"
      local made = assert(dataset.to_folder(store, given("prompt_response"), path))
      local n = 0
      for _, split in ipairs(made.splits) do
        local list = rows(("%s/data/%s.jsonl"):format(path, split.name))
        assert.equal(split.rows, #list)
        n = n + #list
        for _, row in ipairs(list) do assert.equal("shop", row.lineage.run) end
      end
      assert.equal(2 + #exporting.hostile, n)
      assert.same({ { id = "r1-3", round = 1, text = "dropped", reason = "length",
        finding = '{"code":"short"}' } }, rows(path .. "/rejected/rejected.jsonl"))
      assert.equal("return {}", content(path .. "/experiment.lua"))
      local card = content(path .. "/README.md")
      assert.matches('^%-%-%-\npretty_name: "shop"\nlicense: "cc%-by%-4.0"\n', card)
      assert.is_truthy(card:find('      -\n        split: "test"\n        path: "data/test.jsonl"\n', 1, true))
      assert.is_truthy(card:find("| default | m\\|1 | simulated |", 1, true))
      assert.is_truthy(card:find("| dropped\\: length | 1 |", 1, true))
      assert.is_truthy(card:find("| kept, reply not known to be safe | 2 |", 1, true))
      assert.is_truthy(card:find(made.digest, 1, true))
      assert.is_nil(core.system.kind(path .. ".partial"))
    end)
  end)

  it("writes what has no fixed shape as text", function()
    exporting.with(function(store, folder)
      assert(dataset.to_folder(store, given("jsonl"), folder .. "/hf"))
      local seen = {}
      for _, name in ipairs({ "train", "validation", "test" }) do
        for _, row in ipairs(rows(("%s/hf/data/%s.jsonl"):format(folder, name))) do
          seen[row.id] = row.meta
        end
      end
      assert.equal('{"outcome":"ok"}', seen["r1-1"])
      assert.equal("{}", seen["r2-3"])
    end)
  end)

  it("is the same bytes for the same seed", function()
    exporting.with(function(store, folder)
      local function bytes(name, seed)
        local with = given("alpaca")
        with.seed = seed
        assert(dataset.to_folder(store, with, folder .. "/" .. name))
        return content(folder .. "/" .. name .. "/data/train.jsonl") .. content(folder .. "/" .. name .. "/README.md")
      end
      assert.equal(bytes("a", 1), bytes("b", 1))
      assert.are_not.equal(bytes("c", 1), bytes("d", 2))
    end)
  end)
end)

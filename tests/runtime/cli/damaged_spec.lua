local damaged = require("advisor.cli.damaged")
local records = require("advisor.engine.records")
local with_store = require("tests.support.store")

describe("a verb that failed", function()
  it("is told from a damaged record by looking at the runs that it was given", function()
    with_store(function(store, folder)
      assert(records.begin(store, { state = "running", resolved = "{}" }, {}))
      assert.is_nil(damaged.explain({ RUN = folder, json = true, rounds = 3 }))
      assert(store:write({ { "INSERT INTO vector VALUES ('m', 'h', 1, CAST('abcde' AS BLOB))" } }))
      for _, args in ipairs({ { RUN = folder }, { RUN = { "elsewhere", folder } } }) do
        local words = damaged.explain(args)
        assert.matches("is damaged: 1 vectors that are cut short", words)
        assert.matches("advisor salvage " .. folder .. " -o FOLDER", words, 1, true)
      end
    end)
  end)

  it("has no run to blame where it was given none", function()
    assert.is_nil(damaged.explain({ EXPERIMENT = "x.lua", set = { "a=1" } }))
  end)
end)

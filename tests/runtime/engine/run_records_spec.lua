local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local run_records = require("advisor.engine.run_records")
local with_store = require("tests.support.store")

local ATTEMPT = "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request,"
  .. " wall_ms) VALUES (?, 1, 'generate', '1', 1, 1, 'generator', 'http://x', '{}', 7)"

describe("run_records", function()
  it("visit every item, page by page, in order", function()
    with_store(function(store)
      for number = 1, 3 do
        local drafts = {}
        for i = 1, 401 do drafts[i] = i % 2 == 0 and { verdict = "dropped", reason = "x" } or {} end
        assert(records.commit_round(store, rounds.round(number, drafts)))
      end
      local seen = {}
      assert(run_records.each_item(store, function(row) seen[#seen + 1] = row end))
      assert.equal(1203, #seen)
      assert.same({ 1, 1 }, { seen[1].round, seen[1].item_index })
      assert.same({ 2, 99, "kept" }, { seen[500].round, seen[500].item_index, seen[500].verdict })
      assert.same({ 2, 100, "x" }, { seen[501].round, seen[501].item_index, seen[501].reason })
      assert.same({ 3, 401 }, { seen[1203].round, seen[1203].item_index })
    end)
  end)

  it("visit attempts with and without a reply", function()
    with_store(function(store)
      local statements = {}
      for id = 1, 501 do statements[id] = { ATTEMPT, id } end
      statements[502] = { "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up,"
        .. " bytes_down, headers, raw, why) VALUES (501, 'done', 0, 200, 1, 0, 1, 1, '', ?, '')", "a\0b" }
      assert(store:write(statements))
      local seen = {}
      assert(run_records.each_attempt(store, function(row) seen[#seen + 1] = row end))
      assert.equal(501, #seen)
      assert.same({ 500, 7 }, { seen[500].id, seen[500].wall_ms })
      assert.is_nil(seen[500].state)
      assert.same({ "done", "a\0b" }, { seen[501].state, seen[501].raw })
    end)
  end)

  it("visit responses, and give surplus rounds as well", function()
    with_store(function(store)
      assert(records.commit_round(store, rounds.round(1, { {}, {} })))
      assert(records.commit_round(store, rounds.round(2, { { verdict = "surplus" } }, { state = "surplus" })))
      assert(records.add_response(store, 1, 2, { verdict = "safe", text = "No.", meta = {} }))
      local seen = {}
      assert(run_records.each_response(store, function(row) seen[#seen + 1] = row end))
      assert.same({ 1, { 1, 2, "No." } }, { #seen, { seen[1].round, seen[1].item_index, seen[1].text } })
      local list = run_records.rounds(store)
      assert.same({ "committed", "surplus" }, { list[1].state, list[2].state })
    end)
  end)

  it("tell a run that goes on from one that was killed", function()
    with_store(function(_, folder)
      assert.equal("running", run_records.state(folder, "running"))
      assert.equal("done", run_records.state(folder, "done"))
    end)
    assert.equal("stopped", run_records.state("/none", "running"))
    assert.equal("stopped", run_records.state("/none", nil))
  end)
end)

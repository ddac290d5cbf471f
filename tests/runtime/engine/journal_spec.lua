local journal = require("advisor.engine.journal")
local with_store = require("tests.support.store")

local ATTEMPT = "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request,"
  .. " wall_ms) "
  .. "VALUES (?, ?, 'generate', ?, ?, ?, 'generator', 'http://x', ?, 0)"
local REPLY = "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down,"
  .. " headers, raw, why) "
  .. "VALUES (?, 'done', 0, 200, 1, 0, 1, 1, '', ?, '')"

local function fill(store)
  assert(store:write({
    { ATTEMPT, 1, 1, "1", 1, 1, "old" }, { REPLY, 1, "x" },
    { ATTEMPT, 2, 2, "1/1.1", 1, 1, "a" }, { ATTEMPT, 3, 2, "1/1.10", 1, 1, "b" },
      { REPLY, 3, "three" },
    { ATTEMPT, 4, 2, "1/1.1", 1, 2, "a" }, { REPLY, 4, "four" },
      { ATTEMPT, 5, 3, "1/1.1", 2, 1, "c" },
    { REPLY, 5, "five" },
  }))
end

describe("the journal", function()
  it("of a new run is empty", function()
    assert.is_nil(journal.empty():attempts(1, "generate", "1", 1))
    journal.empty():forget(1)
  end)

  it("holds the attempts of all rounds, by key and in order", function()
    with_store(function(store)
      fill(store)
      local self = assert(journal.load(store, -1))
      assert.equals("x", self:attempts(1, "generate", "1", 1)[1].raw)
      assert.is_nil(self:attempts(4, "generate", "1", 1))
      local first = self:attempts(2, "generate", "1/1.1", 1)
      assert.same({ 2, 4 }, { first[1].id, first[2].id })
      assert.equals("four", first[2].raw)
      assert.equals("three", self:attempts(2, "generate", "1/1.10", 1)[1].raw)
      assert.equals("c", self:attempts(3, "generate", "1/1.1", 2)[1].request)
      assert.is_nil(self:attempts(3, "generate", "1/1.1", 1))
      assert.is_nil(self:attempts(2, "check", "1/1.1", 1))
    end)
  end)

  it("marks what was in flight when the process ended, on disk and once", function()
    with_store(function(store)
      fill(store)
      local self = assert(journal.load(store, -1))
      assert.equals(1, self.interrupted)
      local lost = self:attempts(2, "generate", "1/1.1", 1)[1]
      assert.same({ "unknown", -1, "" }, { lost.state, lost.curl, lost.raw })
      assert.equals(1,
        #store:query("SELECT * FROM outcome WHERE reason = 'interrupted' AND final = 0"))
      local again = assert(journal.load(store, -1))
      assert.equals(0, again.interrupted)
      assert.equals(-1, again:attempts(2, "generate", "1/1.1", 1)[1].curl)
    end)
  end)

  it("keeps few rounds in memory, and reads again what it forgot", function()
    with_store(function(store)
      local statements = {}
      for round = 1, 20 do
        statements[#statements + 1] = { ATTEMPT, round, round, "1", 1, 1, "q" .. round }
        statements[#statements + 1] = { REPLY, round, "a" .. round }
      end
      assert(store:write(statements))
      local self = assert(journal.load(store, -1))
      local function held()
        local n = 0
        for _ in pairs(self.rounds) do n = n + 1 end
        return n
      end
      for round = 1, 20 do
        assert.equals("a" .. round, self:attempts(round, "generate", "1", 1)[1].raw)
        assert.is_true(held() <= 9)
      end
      self:forget(20)
      assert.equals(8, held())
      assert.equals("a20", self:attempts(20, "generate", "1", 1)[1].raw)
      assert.equals("a1", self:attempts(1, "generate", "1", 1)[1].raw)
      assert.equals(9, held())
    end)
  end)
end)

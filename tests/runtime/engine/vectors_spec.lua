local core = require("advisor_core")
local ask = require("advisor.models.ask")
local embeddings = require("advisor.models.embeddings")
local parallel = require("advisor.engine.parallel")
local records = require("advisor.engine.records")
local sandbox = require("advisor.host.sandbox")
local vectors = require("advisor.engine.vectors")
local with_store = require("tests.support.store")

--- A run over a real store, whose embedder is a function of the test's.
local function with_run(ahead, fn)
  with_store(function(store)
    local run = {
      store = store, resolved = { ahead = ahead }, committed = 0, instructions = 1000000, asked = {},
      models = { embedder = { model = "m", options = { batch = 2 }, form = "input" } },
      ledger = { spend = function(_, _, _, usage) return usage end },
    }
    function run.parallel(_, n, each) parallel(n, each) end
    run.vectors = vectors.new(run)
    local real = ask.embed
    ask.embed = function(_, lane, _, texts)
      if run.failing then return nil, "down", "EOVERLOADED" end
      run.asked[#run.asked + 1] = lane.round .. " " .. lane.stage .. " " .. lane.path .. ": "
        .. table.concat(texts, "+")
      local lists = {}
      for i, text in ipairs(texts) do lists[i] = { #text, 1 } end
      return { vectors = embeddings.pack(lists, #texts), usage = {} }
    end
    local ok, problem = pcall(fn, run, store)
    ask.embed = real
    assert(ok, problem)
  end)
end

local function lane(run, round, stage, path)
  return sandbox.lane({ run = run, round = round, stage = stage, path = path or "1", script = "spec" })
end

--- Stores what a round embedded, as its commit does.
local function commit(run, store, round)
  assert(records.commit_round(store, {
    number = round, read_round = round - 1, state = "committed", gaps = {}, advice = {}, notes = {},
    summary = { text = "" }, variants = {}, spent = {}, drafts = {}, vectors = run.vectors:of_round(round),
  }))
  run.vectors:forget(round)
  run.committed = round
end

local function embed(run, where, ...)
  local list = assert(run.vectors:embed(where, "embedder", { ... }))
  local first = {}
  for i, vector in ipairs(list) do first[i] = embeddings.unpack(vector)[1] end
  return first
end

describe("vectors", function()
  it("asks in batches, for each text once", function()
    with_run(0, function(run)
      assert.same({ 1, 2, 1, 3 }, embed(run, lane(run, 1, "look"), "a", "bb", "a", "ccc"))
      table.sort(run.asked)
      assert.same({ "1 look 1/1.1: a+bb", "1 look 1/1.2: ccc" }, run.asked)
    end)
  end)

  it("knows what earlier stages of the round asked for, and later ones do not disturb it", function()
    with_run(0, function(run)
      embed(run, lane(run, 1, "look", "2"), "a")
      embed(run, lane(run, 1, "look", "3"), "a")
      embed(run, lane(run, 1, "filter", "1"), "a")
      assert.equals(1, #run.asked)
      -- Not seen: lanes of a stage that may run at the same time, and an earlier turn.
      embed(run, lane(run, 1, "look", "1"), "a")
      embed(run, lane(run, 1, "check", "1.1"), "b")
      embed(run, lane(run, 1, "check", "1.2"), "b")
      assert.equals(4, #run.asked)
    end)
  end)

  it("knows what is committed, as far as the stage may see", function()
    with_run(1, function(run, store)
      embed(run, lane(run, 1, "look"), "a")
      commit(run, store, 1)
      embed(run, lane(run, 2, "look"), "a") -- reads the initial state
      assert.equals(2, #run.asked)
      embed(run, lane(run, 2, "filter"), "a") -- decides after round 1
      embed(run, lane(run, 3, "look"), "a")
      embed(run, lane(run, 1, "respond"), "a")
      assert.equals(2, #run.asked)
    end)
  end)

  it("keeps of lanes that asked at once the first by name, and the first round's on disk", function()
    with_run(0, function(run, store)
      embed(run, lane(run, 1, "check", "1.2"), "a")
      embed(run, lane(run, 1, "check", "1.1"), "a")
      local stored = run.vectors:of_round(1)
      assert.equals(1, #stored)
      assert.same({ "m", core.text.hash("a") }, { stored[1].model, stored[1].hash })
      commit(run, store, 1)
      assert.same({}, run.vectors:of_round(1))
      assert.equals(stored[1].vector, records.vector(store, "m", core.text.hash("a"), 1))
      assert.is_nil(records.vector(store, "m", core.text.hash("a"), 0))
    end)
  end)

  it("hands on why there is none", function()
    with_run(0, function(run)
      run.failing = true
      local none, why, code = run.vectors:embed(lane(run, 1, "look"), "embedder", { "a" })
      assert.same({ "down", "EOVERLOADED" }, { why, code })
      assert.is_nil(none)
    end)
  end)
end)

describe("an index of vectors", function()
  it("asks for items that nobody embedded, in a lane of the round that comes next", function()
    with_run(0, function(run, store)
      embed(run, lane(run, 1, "look"), "a")
      commit(run, store, 1)
      local index = run.vectors:index("embedder", 0.99)
      index:add("a", 1)
      index:add("bbbbbb", 2)
      assert.is_nil(index:nearest(embeddings.pack({ { 6, 1 } }, 1)[1]))
      assert(index:complete())
      assert.equals("2 index embedder/1.1: bbbbbb", run.asked[2])
      local id, score = index:nearest(embeddings.pack({ { 12, 2 } }, 1)[1])
      assert.equals(2, id)
      assert.near(1, score, 1e-6)
    end)
  end)

  it("is completed by one task at a time", function()
    with_run(0, function(run)
      local index, real = run.vectors:index("embedder", 0.5), ask.embed
      ask.embed = function(...)
        core.loop.sleep(5)
        return real(...)
      end
      for i = 1, 3 do index:add(("x"):rep(i), i) end
      parallel(4, function() assert(index:complete()) end)
      assert.equals(2, #run.asked)
    end)
  end)

  it("says where a model changed its dimensions", function()
    with_run(0, function(run)
      local index = run.vectors:index("embedder", 0.5)
      index:add("a", 1)
      assert(index:complete())
      ask.embed = function() return { vectors = embeddings.pack({ { 1, 2, 3 } }, 1), usage = {} } end
      index:add("b", 2)
      assert.error_matches(function() index:complete() end, "had 2 dimensions before, and have 3 now")
    end)
  end)
end)

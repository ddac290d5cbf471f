local core = require("advisor_core")
local account = require("advisor.engine.account")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local merging = require("advisor.experiments.merging")
local records = require("advisor.engine.records")
local runs = require("tests.support.runs")
local words = require("advisor.output.merge")

local GIVEN = { near = 0.7, prefer = "first", seed = 1 }

describe("merging runs", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local FIRST = {
    name = "first",
    { { text = "Where is the parcel that I ordered on Monday?", cell = "A", meta = { outcome = "ok" } },
      { text = "dropped", verdict = "dropped", reason = "length" } },
    { { text = "Can I return the kettle without its box?", cell = "B", target = "B" } },
    responses = { { 1, 1, "On its way." }, { 2, 1, "Yes." } },
    vectors = { { model = "m", hash = core.text.hash("Can I return the kettle without its box?"),
      vector = "\0\0\0\1" }, { model = "m", hash = core.text.hash("dropped"), vector = "\0\0\0\2" } },
  }
  local SECOND = {
    name = "second", seed = 7,
    { { text = "Where is the parcel that I ordered on Monday??", cell = "A" },
      { text = "Is the blue sofa in stock in your shop?", cell = "B",
        meta = { source = { run = "older", id = "r9-9" } } } },
    responses = { { 1, 1, "Near you." } },
  }

  local function read(...)
    local folders = {}
    for i, given in ipairs({ ... }) do
      folders[i] = folder .. "/" .. given.name
      runs.make(folders[i], given)
    end
    return merging.read(folders)
  end

  local function merge(given, ...)
    local sources = assert(read(...))
    local plan, why = merging.decide(sources, given)
    if not plan then return nil, why end
    return core.loop.run(merging.write, folder .. "/new", sources, plan, given)
  end

  local function with_new(fn)
    local store = assert(core.store.open(folder .. "/new", "read"))
    local ok, problem = pcall(fn, store)
    store:close()
    assert(ok, problem)
  end

  it("takes kept items, a run a round, with where they come from", function()
    local made = assert(merge(GIVEN, FIRST, SECOND))
    assert.same({ "new", "new" }, { made.name, made.run:match("[^/]+$") })
    with_new(function(store)
      local first, second = records.items_of(store, 1), records.items_of(store, 2)
      assert.same({ 2, 2 }, { #first, #second })
      assert.same({ "kept", "A", 1 }, { first[1].verdict, first[1].cell, first[1].advice })
      assert.same({ "B", 2 }, { first[2].target, first[2].advice })
      local meta = json.decode(first[1].meta)
      assert.same({ "ok", "first", "r1-1" }, { meta.outcome, meta.source.run, meta.source.id })
      assert.same({ run = "first", id = "r2-1", digest = meta.source.digest }, json.decode(first[2].meta).source)
      assert.same({ "dropped", "near_duplicate" }, { second[1].verdict, second[1].reason })
      local finding = json.decode(second[1].finding)
      assert.same({ "r1-1", "first" }, { finding.nearest, finding.run })
      -- Of a data set that was merged itself, the way goes on.
      assert.same({ run = "older", id = "r9-9" }, json.decode(second[2].meta).source.source)
    end)
  end)

  it("keeps advice in the order of the rounds, and counts what came of it", function()
    assert(merge(GIVEN, FIRST, SECOND))
    with_new(function(store)
      local advice = records.advice(store, 1)
      assert.same({ "T1", "T2" }, { advice[1].target, advice[2].target })
      assert.same({ 1, 1 }, { advice[1].count, advice[2].count })
    end)
  end)

  it("copies replies and vectors of items", function()
    assert(merge(GIVEN, FIRST, SECOND))
    with_new(function(store)
      local replies = {}
      assert(records.each_answered(store, function(row)
        replies[#replies + 1] = row.response or false
        return true
      end))
      assert.same({ "On its way.", "Yes.", false }, replies)
      local hash = core.text.hash("Can I return the kettle without its box?")
      assert.equal("\0\0\0\1", records.vector(store, "m", hash, 1))
      assert.is_nil(records.vector(store, "m", core.text.hash("dropped"), 9))
      -- Not that of an item that was dropped.
      assert.same({ n = 2 }, store:query("SELECT count(*) AS n FROM response")[1])
    end)
  end)

  it("says in the account and in words what became of whom", function()
    local made = assert(merge(GIVEN, FIRST, SECOND))
    with_new(function(store)
      local found = account.of(store)
      assert.same({ 3, 4, "done", 2 }, { found.kept, found.drafts, found.state, #found.merged_from.runs })
      assert.same({ items = 2, kept = 1, dropped = { near_duplicate = 1 }, name = "second", seed = 7 }, {
        items = found.merged_from.runs[2].items, kept = found.merged_from.runs[2].kept,
        dropped = found.merged_from.runs[2].dropped, name = found.merged_from.runs[2].name,
        seed = found.merged_from.runs[2].seed })
      assert.matches("merged from 2 runs", found.why)
      made.digest = found.digest
    end)
    local text = words(made)
    assert.matches("3 of 4 items of 2 runs kept; dropped: near_duplicate 1\n", text, 1, true)
    assert.matches("first %(first, seed 1%) +2 +2 +0\n", text)
    assert.matches("second %(second, seed 7%) +2 +1 +1\n", text)
  end)

  it("takes the first taxonomy where all are alike, else all cells by name", function()
    local sources = assert(read(FIRST, SECOND))
    local found, alike = merging.taxonomy(sources)
    assert.is_true(alike)
    assert.equal(0.5, found.cells[1].want)
    sources[2].taxonomy = runs.taxonomy("B", "C")
    found, alike = merging.taxonomy(sources)
    assert.is_false(alike)
    assert.same({ { name = "A" }, { name = "B" }, { name = "C" } }, found.cells)
  end)

  it("balances over cells, those of an open taxonomy as well", function()
    local open = { name = "open", taxonomy = { cells = {}, open = true },
      { { text = "one parcel", cell = "A" }, { text = "two kettles", cell = "A" }, { text = "a sofa", cell = "Z" } } }
    local made = assert(merge({ near = 0, prefer = "first", seed = 1, most = 2, balance = { even = true } }, open))
    assert.same({ { cell = "A", want = 1, have = 2 }, { cell = "Z", want = 1, have = 1 } }, made.cells)
    with_new(function(store)
      local cells = account.of(store).coverage.cells
      assert.same({ "A", 1, 0.5 }, { cells[1].cell, cells[1].count, cells[1].want })
    end)
  end)

  it("asks how many are wanted", function()
    local none, why = merge({ near = 0, prefer = "first", seed = 1, balance = { even = true } }, FIRST)
    assert.is_nil(none)
    assert.matches("--most N is missing: .*; 2 is the most that has the mix exactly, because of the cell 'A'", why)
    local empty = { name = "empty", { { text = "one", cell = "A" } } }
    none, why = merge({ near = 0, prefer = "first", seed = 1, balance = { even = true } }, empty)
    assert.is_nil(none)
    assert.matches("1 of 2 cells hold no item", why)
  end)

  it("refuses what cannot be merged, and leaves nothing behind", function()
    local function refused(...)
      local none, why = merging.read({ ... })
      assert.is_nil(none)
      return why
    end
    assert.matches("none: No such file", refused(folder .. "/none"))
    runs.make(folder .. "/a", FIRST)
    assert.matches("is given twice", refused(folder .. "/a", folder .. "/./a"))
    runs.make(folder .. "/bad", { name = "bad", resolved = "{" })
    assert.matches("the stored experiment cannot be read", refused(folder .. "/bad"))
    core.loop.run(function()
      local store = assert(core.store.open(folder .. "/busy", "create"))
      assert.matches("ended before it began", refused(folder .. "/busy"))
      assert(records.begin(store, { name = "x", state = "running", resolved = "{}" }, {}))
      assert.matches("the run goes on; wait for its end", refused(folder .. "/busy"))
      store:close()
    end)
    runs.make(folder .. "/nothing", { name = "nothing" })
    local _, why = merging.decide(assert(merging.read({ folder .. "/nothing" })), GIVEN)
    assert.matches("have kept no item", why)
    local sources = assert(merging.read({ folder .. "/a" }))
    local plan = assert(merging.decide(sources, GIVEN))
    local none, problem = core.loop.run(merging.write, folder .. "/a/", sources, plan, GIVEN)
    assert.is_nil(none)
    assert.matches("/a is there already", problem)
    assert.is_nil(core.system.kind(folder .. "/a.partial"))
    none, problem = core.loop.run(merging.write, folder .. "/a/run.db/new", sources, plan, GIVEN)
    assert.is_nil(none)
    assert.is_string(problem)
  end)

  it("tells the verbs that go on from calls what to do", function()
    assert.is_nil(merging.refusal("x", {}))
    local why = merging.refusal("x", { merged_from = '{"runs":[{"folder":"/a"},{"folder":"/b"}]}' })
    assert.matches("x was merged from other runs: .*%(/a, /b%), and merge again", why)
  end)
end)

local core = require("advisor_core")
local host = require("tests.support.host")
local replaying = require("advisor.engine.replaying")
local runs = require("tests.support.runs")

describe("a replayed run", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function rounds()
    return { name = "x",
      { { text = "one", cell = "A" }, { text = "two" }, { text = "three", verdict = "dropped", reason = "length" } },
      { { text = "four" }, { text = "five" } } }
  end

  --- Two runs' stores, for a function.
  local function with(a, b, fn)
    local one = assert(core.store.open(runs.make(folder .. "/a", a), "read"))
    local two = assert(core.store.open(runs.make(folder .. "/b", b), "read"))
    local ok, problem = pcall(fn, one, two)
    one:close()
    two:close()
    assert(ok, problem)
  end

  it("differs nowhere from one that is the same", function()
    with(rounds(), rounds(), function(a, b)
      assert.is_nil(replaying.difference(a, b))
      for _, change in ipairs(replaying.changes(a, b)) do
        assert.same({ {}, {}, change.before }, { change.added, change.lost, change.now })
      end
    end)
  end)

  it("differs first where a round, an item or a label does", function()
    for _, each in ipairs({
      { function(r) r[2] = nil end, 2, "the round" }, { function(r) r[2][1].text = "other" end, 2, "the items" },
      { function(r) r[1][1].cell = "B" end, 1, "the items" },
      { function(r) r[1][2].verdict, r[1][2].reason = "dropped", "length" end, 1, "the items" } }) do
      local other = rounds()
      each[1](other)
      with(rounds(), other, function(a, b)
        assert.same({ round = each[2], what = each[3] }, replaying.difference(a, b))
      end)
      host.remove(folder)
      assert(core.system.make_folder(folder))
    end
  end)

  it("has by round what only one of the two kept", function()
    local other = rounds()
    other[1][2].verdict, other[1][2].reason = "dropped", "rouge_l"
    other[1][3].verdict, other[1][3].reason = "kept", nil
    with(rounds(), other, function(a, b)
      local changes = replaying.changes(a, b)
      assert.same({ round = 1, before = 2, now = 2, added = { "r1-3" }, lost = { "r1-2" } }, {
        round = changes[1].round, before = changes[1].before, now = changes[1].now,
        added = { table.unpack(changes[1].added) }, lost = { table.unpack(changes[1].lost) } })
      assert.same({ 2, 2, 0, 0 }, { changes[2].before, changes[2].now, #changes[2].added, #changes[2].lost })
    end)
  end)

  it("has a scratch folder of its own, and leaves nothing", function()
    local one, two = replaying.scratch(), replaying.scratch()
    assert.not_equal(one, two)
    runs.make(one, { name = "x" })
    replaying.discard(one)
    assert.is_nil(core.system.kind(one))
  end)
end)

local core = require("advisor_core")
local host = require("tests.support.host")
local pages = require("advisor.salvage.pages")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local rows = require("advisor.salvage.rows")

local ROUNDS, DRAFTS = 3, 400

describe("salvage", function()
  local folder
  setup(function()
    folder = host.folder()
    core.loop.run(function()
      local store = assert(core.store.open(folder .. "/run", "create"))
      assert(records.begin(store, { name = "x", note = ("long "):rep(5000) }, {
        { kind = "advise", name = "x", hash = "h", origin = "file", source = "return {}" } }))
      for number = 1, ROUNDS do
        local drafts = {}
        for i = 1, DRAFTS do
          drafts[i] = { text = ("text %d/%d "):format(number, i):rep(i % 50 == 0 and 2000 or 1), target = "T",
            verdict = i % 7 == 0 and "dropped" or nil, reason = i % 7 == 0 and "length" or nil }
        end
        assert(records.commit_round(store, rounds.round(number, drafts)))
      end
      -- A copy of what lies there before the log is written back, as a kill leaves it.
      host.command(("mkdir %s/killed; cp %s/run/run.db* %s/killed"):format(folder, folder, folder))
      store:close()
    end)
  end)
  teardown(function() host.remove(folder) end)

  --- Items by id as salvage reads them, and the counts.
  local function read(name)
    local opened = assert(pages.open(folder .. "/" .. name))
    local found, broken = rows.find(opened)
    local items = {}
    local counts = assert(rows.each(opened, found, "item", function(row)
      items[#items + 1] = row
      return true
    end))
    local facts = {}
    assert(rows.each(opened, found, "run", function(row)
      facts[row.key] = row.value
      return true
    end))
    opened:close()
    return items, counts, broken, facts
  end

  --- The same as SQLite reads them.
  local function known(name)
    local store = assert(core.store.open(folder .. "/" .. name, "read"))
    local items = store:query("SELECT * FROM item ORDER BY round, item_index")
    store:close()
    return items
  end

  it("knows the columns of the tables in their order", function()
    local store = assert(core.store.open(folder .. "/run", "read"))
    for _, shape in ipairs(rows.shapes) do
      local names = {}
      for i, column in ipairs(store:query(("PRAGMA table_info(%s)"):format(shape.name))) do names[i] = column.name end
      assert.same(names, shape.columns)
      assert.equal(#names, #shape.types)
    end
    store:close()
  end)

  it("reads a sound file as SQLite does, long rows and inner pages included", function()
    local items, counts, broken, facts = read("run")
    assert.same({ read = ROUNDS * DRAFTS, lost = 0 }, counts)
    assert.equal(0, broken)
    assert.same(known("run"), items)
    assert.equal(("long "):rep(5000), facts.note)
  end)

  it("reads what only the log holds", function()
    local items = read("killed")
    assert.equal(ROUNDS * DRAFTS, #items)
    assert.same(known("run"), items)
  end)

  --- Damages a copy, and says which items are still read; each must be as it was.
  local function after(damage)
    local path = folder .. "/run/run.db"
    host.command(("rm -rf %s/bad; mkdir %s/bad"):format(folder, folder))
    local file = assert(io.open(path, "rb"))
    local bytes = file:read("a")
    file:close()
    host.write(folder .. "/bad/run.db", damage(bytes))
    local items = read("bad")
    local whole = {}
    for _, row in ipairs(known("run")) do whole[records.item_id(row.round, row.item_index)] = row end
    for _, row in ipairs(items) do assert.same(whole[records.item_id(row.round, row.item_index)], row) end
    return #items
  end

  local function zeros(bytes, first, count)
    local from, size = (first - 1) * 4096, count * 4096
    return bytes:sub(1, from) .. ("\0"):rep(size) .. bytes:sub(from + size + 1)
  end

  it("reads past a first page that is gone, and pages that are", function()
    assert.equal(ROUNDS * DRAFTS, after(function(bytes) return zeros(bytes, 1, 1) end))
    local left = after(function(bytes) return zeros(bytes, 20, 10) end)
    assert.is_true(left > ROUNDS * DRAFTS / 2 and left < ROUNDS * DRAFTS)
  end)

  it("reads what a cut left", function()
    local half = after(function(bytes) return bytes:sub(1, #bytes // 2 + 777) end)
    assert.is_true(half > 100 and half < ROUNDS * DRAFTS)
    assert.equal(0, after(function() return "" end))
    assert.equal(0, after(function(bytes) return bytes:sub(1, 50) end))
    assert.equal(0, after(function() return ("no database\n"):rep(1000) end))
  end)

  it("takes no bytes that say anything for a reason to end", function()
    local rng = core.rng.new("damage")
    for _ = 1, 60 do
      local file = assert(io.open(folder .. "/run/run.db", "rb"))
      local bytes = file:read("a")
      file:close()
      for _ = 1, 40 do
        local at = rng:integer(1, #bytes)
        bytes = bytes:sub(1, at - 1) .. string.char(rng:integer(0, 255)) .. bytes:sub(at + 1)
      end
      host.command(("rm -rf %s/bad; mkdir %s/bad"):format(folder, folder))
      host.write(folder .. "/bad/run.db", bytes)
      local _, counts = read("bad")
      assert.is_true(counts.read > ROUNDS * DRAFTS // 3)
    end
  end)

  it("says that there is nothing", function()
    local opened, why = pages.open(folder .. "/none")
    assert.is_nil(opened)
    assert.matches("No such file", why)
  end)
end)

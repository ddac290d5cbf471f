local core = require("advisor_core")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local pages = require("advisor.salvage.pages")
local rows = require("advisor.salvage.rows")
local writing = require("advisor.salvage.writing")

local HEADER, FRAME = 32, 24 + 4096
local BEFORE, AFTER = 20, 70

local RUN = "INSERT INTO run (key, value) VALUES (?, ?)"
local SET = "INSERT OR REPLACE INTO run (key, value) VALUES (?, ?)"
local REPLY = "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down, headers, raw, why) "
  .. "VALUES (1, 'done', 0, 200, 1, 0, 1, 1, '', ?, '')"

local function key(i) return ("key%03d"):format(i) end

describe("salvage of a damaged log", function()
  local folder, log, frames
  local function value(i) return ("value %d "):format(i):rep(20) end

  -- A row that is on several pages, of which each change makes others.
  local function long(i) return ("long %d "):format(i):rep(1500) end

  --- Keeps a run whose first rows are in run.db, and the others in its log alone.
  setup(function()
    folder = host.folder()
    core.loop.run(function()
      local store = assert(core.store.open(folder .. "/run", "create"))
      local function add(from, to)
        for i = from, to do
          assert(store:write({ { RUN, key(i), value(i) }, { SET, "short", "of " .. i }, { SET, "long", long(i) } }))
        end
      end
      add(1, BEFORE)
      store:close()
      store = assert(core.store.open(folder .. "/run", "write"))
      add(BEFORE + 1, AFTER - 1)
      -- The last commit is of several pages.
      assert(store:write({ { REPLY, "a reply" }, { RUN, key(AFTER), value(AFTER) } }))
      host.command(("mkdir %s/killed; cp %s/run/run.db* %s/killed"):format(folder, folder, folder))
      store:close()
    end)
    local file = assert(io.open(folder .. "/killed/run.db-wal", "rb"))
    log = file:read("a")
    file:close()
    frames = (#log - HEADER) // FRAME
  end)
  teardown(function() host.remove(folder) end)

  --- The rows that salvage reads of a copy with such a log, and with run.db of `from`: those SQLite
  --- would take, and the others.
  local function salvage(bytes, from)
    host.command(("rm -rf %s/bad; mkdir -m 700 %s/bad; cp %s/%s/run.db %s/bad"):format(folder, folder, folder,
      from or "killed", folder))
    host.write(folder .. "/bad/run.db-wal", bytes)
    local opened = assert(pages.open(folder .. "/bad"))
    local sure, others = {}, {}
    local found = rows.find(opened)
    for name, columns in pairs({ run = { "key", "value" }, reply = { "attempt", "raw" } }) do
      assert(rows.each(opened, found, name, function(row)
        (row.unconfirmed and others or sure)[row[columns[1]]] = row[columns[2]]
        return true
      end))
    end
    opened:close()
    return sure, others
  end

  --- The rows that SQLite reads of that copy, which it may change.
  local function known()
    local store = assert(core.store.open(folder .. "/bad", "read"))
    local found = {}
    local sql = "SELECT key, value FROM run UNION ALL SELECT attempt, raw FROM reply"
    for _, row in ipairs(store:query(sql)) do found[row.key] = row.value end
    store:close()
    return found
  end

  local function count(of)
    local n = 0
    for _ in pairs(of) do n = n + 1 end
    return n
  end

  --- The log with some bytes of a frame replaced; `at` counts from the frame's first one.
  local function changed(frame, at, bytes)
    local from = HEADER + (frame - 1) * FRAME + at
    return log:sub(1, from) .. bytes .. log:sub(from + #bytes + 1)
  end

  --- All rows are there: as SQLite gives them, and what it has not as it was written.
  local function check(sure, others, least)
    assert.same(known(), sure)
    for i = 1, AFTER do
      if sure[key(i)] then
        assert.equal(value(i), sure[key(i)])
        assert.is_nil(others[key(i)])
      else
        assert.equal(value(i), others[key(i)], key(i))
      end
    end
    assert.is_true(count(others) >= least, ("%d others of %d frames"):format(count(others), frames))
  end

  it("takes all of a log that is sound, and marks nothing", function()
    assert.is_true(frames > 30)
    local sure, others = salvage(log)
    assert.same({}, others)
    check(sure, others, 0)
    for i = 1, AFTER do assert.equal(value(i), sure[key(i)]) end
  end)

  it("takes no frame with a byte that is another one for what SQLite would read", function()
    for _, frame in ipairs({ 1, frames // 2, frames - 3 }) do
      local byte = log:byte(HEADER + (frame - 1) * FRAME + 4001)
      local sure, others = salvage(changed(frame, 4000, string.char(byte ~ 1)))
      check(sure, others, (frames - frame) // 8)
    end
  end)

  it("prefers the frames that go with the one before them", function()
    -- The newest form of a page is wrong, and the one before it is right.
    local row, at = key(AFTER - 1) .. value(AFTER - 1), nil
    for found in log:gmatch("()" .. row) do at = found end
    local bytes = changed(1, 100, "\x55")
    bytes = bytes:sub(1, at + #row - 6) .. "wrong" .. bytes:sub(at + #row)
    local sure, others = salvage(bytes)
    assert.equal("of " .. BEFORE, sure.short)
    assert.equal(value(AFTER - 1), others[key(AFTER - 1)])
  end)

  it("leaves out a frame with other salts, and takes those behind it", function()
    local frame = frames // 2
    local sure, others = salvage(changed(frame, 8, "\1\2\3\4"))
    check(sure, others, (frames - frame) // 8)
  end)

  it("takes nothing of what an earlier use of the file left behind", function()
    local half = HEADER + frames // 2 * FRAME
    local bytes = { log:sub(1, half) }
    for at = half + 1, #log, FRAME do
      bytes[#bytes + 1] = log:sub(at, at + 7) .. "\1\2\3\4\5\6\7\8" .. log:sub(at + 16, at + FRAME - 1)
    end
    local sure, others = salvage(table.concat(bytes))
    assert.same({}, others)
    assert.same(known(), sure)
    assert.is_true(count(sure) > BEFORE and count(sure) < AFTER)
  end)

  it("leaves out what was not committed of a log that is whole, and takes it of one that is torn", function()
    local cut = log:sub(1, HEADER + (frames - 1) * FRAME)
    local sure, others = salvage(cut)
    assert.same({}, others)
    assert.same(known(), sure)
    for _, torn in ipairs({ cut .. ("\0"):rep(10), log:sub(1, #log - 10) }) do
      sure, others = salvage(torn)
      assert.same(known(), sure)
      assert.equal("a reply", others[1])
    end
  end)

  it("takes all of a log without its header, and SQLite nothing", function()
    for _, header in ipairs({
      log:sub(1, 31) .. "?", ("\0"):rep(HEADER), log:sub(1, 16) .. "\1\2\3\4" .. log:sub(21, HEADER)
    }) do
      local sure, others = salvage(header .. log:sub(HEADER + 1))
      check(sure, others, AFTER - BEFORE)
      assert.equal("of " .. BEFORE, sure.short)
    end
  end)

  it("takes the newest of what SQLite would not, and never for what it would", function()
    -- All that SQLite would take is gone, so that nothing stands before the log's last rows.
    host.command(("mkdir %s/gone; : > %s/gone/run.db"):format(folder, folder))
    local sure, others = salvage(("\0"):rep(HEADER) .. log:sub(HEADER + 1), "gone")
    assert.same({}, sure)
    assert.equal("of " .. AFTER - 1, others.short)
    assert.equal(long(AFTER - 1), others.long)
    sure = salvage(("\0"):rep(HEADER) .. log:sub(HEADER + 1))
    assert.equal("of " .. BEFORE, sure.short)
    assert.equal(long(BEFORE), sure.long)
  end)

  it("takes what the file has of a page that the log has in an earlier form", function()
    local sure, others = salvage(log:sub(1, HEADER + frames // 4 * FRAME + 10), "run")
    for i = 1, AFTER do assert.equal(value(i), sure[key(i)] or others[key(i)]) end
    assert.is_true(count(others) > 0)
  end)

  it("takes a log of a machine with the other order of bytes", function()
    local a, b = 0, 0
    local function sum(bytes)
      for at = 1, #bytes, 8 do
        local one, two = string.unpack(">I4I4", bytes, at)
        a = (a + one + b) & 0xffffffff
        b = (b + two + a) & 0xffffffff
      end
      return string.pack(">I4I4", a, b)
    end
    local head = string.pack(">I4", 0x377f0683) .. log:sub(5, 24)
    local parts = { head, sum(head) }
    for at = HEADER + 1, #log, FRAME do
      local page = log:sub(at + 24, at + FRAME - 1)
      sum(log:sub(at, at + 7))
      parts[#parts + 1] = log:sub(at, at + 15) .. sum(page) .. page
    end
    local sure, others = salvage(table.concat(parts))
    assert.same({}, others)
    check(sure, others, 0)
    assert.equal("of " .. AFTER - 1, sure.short)
  end)

  it("says so in what it writes", function()
    salvage(("\0"):rep(HEADER) .. log:sub(HEADER + 1))
    local opened = assert(pages.open(folder .. "/bad"))
    local result = assert(writing.folder(opened, folder .. "/saved"))
    opened:close()
    assert.same({ rows = 1, lost = 0, unconfirmed = 1 }, result.replies)
    local file = assert(io.open(folder .. "/saved/replies.jsonl", "rb"))
    local row = json.decode(file:read("a"))
    file:close()
    assert.is_true(row.unconfirmed)
    assert.equal("a reply", row.raw)
  end)
end)

local export = require("advisor.output.export")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

local function content(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function fill(store)
  assert(records.commit_round(store, rounds.round(1, {
    { text = "z", target = "B", meta = { outcome = "ok", tags = { "x" } } },
    { text = "no", verdict = "dropped", reason = "length" }, { text = 'é "q" \n\0' },
  })))
  assert(records.commit_round(store, rounds.round(2,
    { { text = "over", verdict = "surplus" }, { text = "a" } })))
end

local LINES = '{"cell":null,"id":"r1-1","index":1,"meta":{"outcome":"ok","tags":["x"]},"round":1,"target":"B",'
  .. '"text":"z"}\n'
  .. '{"cell":null,"id":"r1-3","index":3,"meta":{},"round":1,"target":null,"text":"é \\"q\\" \\n\\u0000"}\n'
  .. '{"cell":null,"id":"r2-2","index":2,"meta":{},"round":2,"target":null,"text":"a"}\n'

describe("an export", function()
  it("holds the kept items in order, one line each", function()
    with_store(function(store, folder)
      fill(store)
      local path = folder .. "/out.jsonl"
      assert.is_truthy(export.to_file(store, "jsonl", path))
      assert.equals(LINES, content(path))
      assert.is_nil(content(path .. ".partial"))
    end)
  end)

  it("of pairs holds only items with a reply that was found safe", function()
    with_store(function(store, folder)
      fill(store)
      local made = { { 1, 1, "safe" }, { 1, 3, "unsafe" }, { 2, 2, "unknown" } }
      for _, each in ipairs(made) do
        assert(records.add_response(store, each[1], each[2], { verdict = each[3], text = "reply", meta = {} }))
      end
      local path = folder .. "/pairs.jsonl"
      assert.is_truthy(export.to_file(store, "pairs", path))
      assert.equals('{"cell":null,"id":"r1-1","meta":{"outcome":"ok","tags":["x"]},"prompt":"z",'
        .. '"response":"reply","target":"B"}\n', content(path))
    end)
  end)

  it("replaces a file only by force", function()
    with_store(function(store, folder)
      fill(store)
      local path = folder .. "/out.jsonl"
      local file = assert(io.open(path, "wb"))
      file:write("mine")
      file:close()
      local ok, why = export.to_file(store, "jsonl", path)
      assert.is_falsy(ok)
      assert.is_truthy(why:find("--force", 1, true))
      assert.equals("mine", content(path))
      assert.is_truthy(export.to_file(store, "jsonl", path, true))
      assert.equals(LINES, content(path))
    end)
  end)

  it("leaves nothing behind where it cannot write", function()
    with_store(function(store, folder)
      fill(store)
      assert.is_falsy(export.to_file(store, "jsonl", folder .. "/no/such/folder/out.jsonl"))
      assert.is_falsy(export.write(store, "jsonl", { write = function() return nil, "full" end }))
    end)
  end)

  it("of nothing is empty", function()
    with_store(function(store, folder)
      assert.is_truthy(export.to_file(store, "jsonl", folder .. "/out.jsonl"))
      assert.equals("", content(folder .. "/out.jsonl"))
    end)
  end)
end)

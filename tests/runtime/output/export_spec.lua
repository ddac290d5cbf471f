local catalog = require("advisor.output.catalog")
local export = require("advisor.output.export")
local exporting = require("tests.support.exporting")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

local JSONL = catalog.find("formats", "jsonl")

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
      assert.is_truthy(export.to_file(store, JSONL, {}, path))
      assert.equals(LINES, content(path))
      assert.is_nil(content(path .. ".partial"))
    end)
  end)

  it("replaces a file only by force", function()
    with_store(function(store, folder)
      fill(store)
      local path = folder .. "/out.jsonl"
      local file = assert(io.open(path, "wb"))
      file:write("mine")
      file:close()
      local ok, why = export.to_file(store, JSONL, {}, path)
      assert.is_falsy(ok)
      assert.is_truthy(why:find("--force", 1, true))
      assert.equals("mine", content(path))
      assert.is_truthy(export.to_file(store, JSONL, {}, path, true))
      assert.equals(LINES, content(path))
    end)
  end)

  it("leaves nothing behind where it cannot write", function()
    with_store(function(store, folder)
      fill(store)
      local made, why = export.to_file(store, JSONL, {}, folder .. "/no/such/folder/out.jsonl")
      assert.is_nil(made)
      assert.matches("/no/such/folder/out.jsonl.partial: No such file", why)
      local full = { write = function() return nil, "No space left on device" end }
      made, why = export.write(store, JSONL, {}, full, "out.jsonl")
      assert.is_nil(made)
      assert.equal("out.jsonl: No space left on device", why)
    end)
  end)

  it("of nothing is empty, but one of replies says what to do", function()
    with_store(function(store, folder)
      assert.is_truthy(export.to_file(store, JSONL, {}, folder .. "/out.jsonl"))
      assert.equals("", content(folder .. "/out.jsonl"))
      fill(store)
      local function why(name, path)
        local made, message = export.to_file(store, catalog.find("formats", name), {}, path)
        assert.is_nil(made)
        assert.is_nil(content(path))
        return message
      end
      assert.matches("run with a pipeline.respond", why("messages", folder .. "/a"))
      local mix = { rows = { { id = "x:1", prompt = "p", response = "q" } }, mode = "concatenate", seed = 1 }
      local made, message = export.to_file(store, catalog.find("formats", "alpaca"), { mix = mix }, folder .. "/a")
      assert.is_nil(made)
      assert.matches("^nothing to export: ", message)
      assert(records.add_response(store, 1, 1, { verdict = "unknown", text = "r", meta = {} }))
      assert.matches("none of 1 replies is known to be safe", why("messages", folder .. "/a"))
      assert(records.add_response(store, 1, 3, { verdict = "safe", text = "r", meta = {} }))
      assert.matches("again = true", why("chosen_rejected", folder .. "/a"))
    end)
  end)

  it("shows where each row came from", function()
    local rows = exporting.rows("prompt_response", { lineage = true })
    exporting.with(function(store)
      assert.same({ run = "shop", digest = records.digest(store), id = "r1-1", round = 1, cell = "A",
        target = "A", instruction = '["be","kind"]', gap = "A is thin" }, rows[1].lineage)
      assert.equal("B", rows[2].lineage.target)
    end)
  end)

  it("mixes another data set in, with its own lineage", function()
    local mix = { rows = { { id = "x.jsonl:1", prompt = "p", response = "q" } }, mode = "concatenate",
      seed = 1, path = "x.jsonl" }
    local rows, counts = exporting.rows("alpaca", { lineage = true, mix = mix })
    assert.same({ instruction = "p", input = "", output = "q", lineage = { id = "x.jsonl:1" } },
      rows[#rows])
    assert.same({ 2 + #exporting.hostile, 1 }, { counts.rows, counts.mixed })
    assert.equal(counts.rows + 1, #rows)
  end)
end)

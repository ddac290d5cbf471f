--- A run with replies of every verdict and texts that try to break files.
---
---   exporting.with(function(store, folder) … end)
---   local rows = exporting.rows("messages")
local catalog = require("advisor.output.catalog")
local export = require("advisor.output.export")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

local exporting = {}

--- Texts with quotes, line ends, a lone CR, NUL, formulas, an emoji and commas.
exporting.hostile = {
  'é "q", \n\0', "=cmd|' /C calc'!A0", "+1\rx", "🚀 ```\n---\n<b>|", "'apostrophe", "@SUM(A1)",
}

local ADVICE = { { target = "A", count = 4, instruction = { "be", "kind" }, gap = "A is thin" },
  { target = "B", count = 4 } }

--- Fills a store: r1-1 safe, r1-2 unsafe, r1-3 dropped, r1-4 safe with an unsafe one
--- beside it, r2-1 unknown, r2-2 failed, r2-3 without a reply, r3-… hostile and safe.
function exporting.fill(store)
  assert(records.set(store, { name = "shop", version = "advisor test", experiment = "return {}",
    resolved = '{"models":{"default":{"api":"simulated","model":"m|1"}}}' }))
  assert(records.commit_round(store, rounds.round(1, {
    { text = "one", target = "A", cell = "A", meta = { outcome = "ok" } },
    { text = "two", target = "A", advice = 2 },
    { text = "dropped", verdict = "dropped", reason = "length", finding = { code = "short" } },
    { text = "four", target = "B", cell = "B", advice = 2 },
  }, { advice = ADVICE })))
  assert(records.commit_round(store, rounds.round(2, {
    { text = "five" }, { text = "six" }, { text = "seven" }, { text = "over", verdict = "surplus" },
  })))
  local hostile = {}
  for i, text in ipairs(exporting.hostile) do hostile[i] = { text = text } end
  assert(records.commit_round(store, rounds.round(3, hostile)))
  local function reply(round, index, verdict, text, meta)
    assert(records.add_response(store, round, index,
      { verdict = verdict, text = text, meta = meta or {} }))
  end
  reply(1, 1, "safe", "re one")
  reply(1, 2, "unsafe", "bad two")
  reply(1, 4, "safe", "re four", { rejected = "bad four" })
  reply(2, 1, "unknown", "who knows", { rejected = "worse" })
  reply(2, 2, "failed", "")
  for i, text in ipairs(exporting.hostile) do reply(3, i, "safe", "re " .. text) end
end

--- Runs a function with such a store, as a task.
---@param fn fun(store: userdata, folder: string)
function exporting.with(fn)
  with_store(function(store, folder)
    exporting.fill(store)
    fn(store, folder)
  end)
end

--- A file that keeps what is written in memory.
function exporting.memory()
  local file = { parts = {} }
  function file.write(self, ...)
    for _, part in ipairs({ ... }) do self.parts[#self.parts + 1] = part end
    return self
  end
  function file.flush() return true end
  function file.text(self) return table.concat(self.parts) end
  return file
end

--- What a format writes for that run.
---@param name string
---@param given table|nil
---@return string bytes
---@return table counts
function exporting.bytes(name, given)
  local bytes, counts
  exporting.with(function(store)
    local file = exporting.memory()
    counts = assert(export.write(store, assert(catalog.find("formats", name)), given or {}, file, "memory"))
    bytes = file:text()
  end)
  return bytes, counts
end

--- The same, read back from JSON lines.
---@return table[] rows
---@return table counts
function exporting.rows(name, given)
  local bytes, counts = exporting.bytes(name, given)
  local list = {}
  for line in bytes:gmatch("([^\n]*)\n") do list[#list + 1] = assert(json.decode(line)) end
  return list, counts
end

return exporting

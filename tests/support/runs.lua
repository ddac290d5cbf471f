--- Run folders with a record, made without asking anybody.
---
---   runs.make(folder, { name = "one", seed = 2, { { text = "a", cell = "A" } } })
local core = require("advisor_core")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")

local runs = {}

--- A closed taxonomy of cells wanted evenly.
function runs.taxonomy(...)
  local cells = {}
  for i, name in ipairs({ ... }) do cells[i] = { name = name, want = 1 / select("#", ...) } end
  return { cells = cells, open = false }
end

--- Makes a run folder whose rounds are lists of drafts. In a task or outside of one.
---@param given table `{ name, seed, taxonomy, resolved, state, facts, scripts, responses, vectors, [1…] =
---drafts }`: `resolved` as JSON, in the place of what is made; `responses` lists `{ round, index, text }`;
---`vectors` are those of round 1.
function runs.make(folder, given)
  local facts = { name = given.name, state = given.state or "done", why = "", version = "v",
    resolved = given.resolved or json.encode({ name = given.name, seed = given.seed or 1,
      coverage = { taxonomy = given.taxonomy or runs.taxonomy("A", "B") } }) }
  for key, value in pairs(given.facts or {}) do facts[key] = value end
  local function fill()
    local store = assert(core.store.open(folder, "create"))
    assert(records.begin(store, facts, given.scripts or {}))
    for number, drafts in ipairs(given) do
      assert(records.commit_round(store, rounds.round(number, drafts, { advice = { { target = "T" .. number,
        count = 9, gap = "gap " .. number } }, vectors = number == 1 and given.vectors or nil })))
    end
    for _, response in ipairs(given.responses or {}) do
      assert(records.add_response(store, response[1], response[2], { verdict = "safe", text = response[3],
        meta = {}, finding = { code = "fine" } }))
    end
    store:close()
  end
  if coroutine.isyieldable() then fill() else core.loop.run(fill) end
  return folder
end

return runs

--- Reads the true cell of each kept item of a run from the simulated model's
--- lexicon, which no strategy knows. Prints one line a draft, in order: the cell,
--- or "-" for a draft that was dropped or has none.
---   lua5.4 true_cells.lua RUN          (LUA_PATH and LUA_CPATH as for the specs)
---   lua5.4 true_cells.lua --examples N SEED   prints N examples a cell as JSONL
local core = require("advisor_core")
local json = require("advisor.output.json")
local lexicon = require("advisor.models.lexicon")

if arg[1] == "--examples" then
  for _, cell in ipairs(lexicon.cells(55)) do
    local rng = core.rng.new("examples/" .. arg[3] .. "/" .. cell.name)
    for _ = 1, tonumber(arg[2]) do
      print(json.encode({ text = lexicon.question(cell, rng), cell = cell.name }))
    end
  end
  return
end

local store = assert(core.store.open(arg[1], "read"))
local rows = store:query("SELECT verdict, text FROM item WHERE verdict <> 'surplus' ORDER BY round, item_index")
for _, row in ipairs(rows) do
  print(row.verdict == "kept" and lexicon.cell_of(row.text) or "-")
end
store:close()

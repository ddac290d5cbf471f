--- The history of advice: one entry for each piece, in commit order.
---
--- A long run gives much advice, and a table takes eight times the memory of its
--- JSON text; so entries are kept as text and read again when somebody asks, the
--- latest ones asked for from a cache. What advice may hold is plain data, and a
--- resumed run reads it from JSON too, so that nothing can be lost on the way.
local json = require("advisor.output.json")

local history = {}

--- Entries that stay in memory after they were read.
local CACHED = 256

---@return table history A list: `#history`, `history[i]`, and `history:add(entry)`.
function history.new()
  local texts, cache, cached = {}, {}, 0

  local function add(_, entry) texts[#texts + 1] = json.encode(entry) end

  local function read(_, i)
    if i == "add" then return add end
    local entry = cache[i]
    if entry or not texts[i] then return entry end
    if cached == CACHED then cache, cached = {}, 0 end
    entry = json.decode(texts[i])
    cache[i], cached = entry, cached + 1
    return entry
  end

  return setmetatable({}, { __index = read, __len = function() return #texts end })
end

return history

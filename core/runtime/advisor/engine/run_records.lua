--- Reading a finished run as a whole: every round, item, reply and attempt, a page
--- at a time. What a run in progress needs is in engine/records.lua.
local core = require("advisor_core")

local run_records = {}

local PAGE = 500

--- Visits the rows of a query that ends in `> (…) ORDER BY … LIMIT ?`, page by page.
---@param last any[] The values that the first page lies behind.
---@param next_of fun(row: table): any[] Those of the row that a page ends with.
---@return boolean|nil ok
---@return string|nil message
local function pages(store, sql, last, next_of, visit)
  while true do
    local given = table.move(last, 1, #last, 1, {})
    given[#given + 1] = PAGE
    local rows, why = store:query(sql, table.unpack(given))
    if not rows then return nil, why end
    for _, row in ipairs(rows) do visit(row) end
    if #rows < PAGE then return true end
    last = next_of(rows[#rows])
  end
end

--- What a run is doing: its recorded state, but "stopped" where it says "running"
--- (or nothing: it was killed before it began) while nobody holds its lock.
---@param folder string The run folder.
---@param recorded string|nil The fact `state`.
---@return string
function run_records.state(folder, recorded)
  recorded = recorded or "running"
  if recorded == "running" and not core.system.is_locked(folder .. "/run.lock") then
    return "stopped"
  end
  return recorded
end

--- All rounds in order, failed and surplus ones as well, as stored.
---@param store userdata
---@return table[]|nil rows The columns of `round`; JSON is not read.
---@return string|nil message
function run_records.rounds(store)
  return store:query("SELECT * FROM round ORDER BY round")
end

local ITEMS = "SELECT * FROM item WHERE (round, item_index) > (?, ?) ORDER BY round, item_index LIMIT ?"

--- All items in order of (round, index), whatever their verdict.
---@param store userdata
---@param visit fun(row: table) Rows with the columns of `item`; JSON is not read.
---@return boolean|nil ok
---@return string|nil message
function run_records.each_item(store, visit)
  return pages(store, ITEMS, { -1, -1 }, function(row) return { row.round, row.item_index } end, visit)
end

local RESPONSES = "SELECT * FROM response WHERE (round, item_index) > (?, ?) ORDER BY round, item_index"
  .. " LIMIT ?"

--- All responses to kept items, in order of (round, index).
---@param store userdata
---@param visit fun(row: table) Rows with the columns of `response`; JSON is not read.
---@return boolean|nil ok
---@return string|nil message
function run_records.each_response(store, visit)
  return pages(store, RESPONSES, { -1, -1 }, function(row) return { row.round, row.item_index } end, visit)
end

local VECTORS = "SELECT model, hash, data FROM vector WHERE (model, hash) > (?, ?) ORDER BY model, hash"
  .. " LIMIT ?"

--- All vectors, in order of (model, hash).
---@param store userdata
---@param visit fun(row: { model: string, hash: string, data: string })
---@return boolean|nil ok
---@return string|nil message
function run_records.each_vector(store, visit)
  return pages(store, VECTORS, { "", "" }, function(row) return { row.model, row.hash } end, visit)
end

local ATTEMPTS = "SELECT a.id, a.round, a.stage, a.lane, a.ordinal, a.n, a.role, a.endpoint, a.request,"
  .. " a.wall_ms, r.state, r.curl, r.http, r.first_byte_ns, r.total_ns, r.headers, r.raw, r.why,"
  .. " o.class, o.reason, o.final, o.prompt_tokens, o.completion_tokens, o.cost FROM attempt a"
  .. " LEFT JOIN reply r ON r.attempt = a.id LEFT JOIN outcome o ON o.attempt = a.id"
  .. " WHERE a.id > ? ORDER BY a.id LIMIT ?"

--- All attempts in the order in which they were made, with what came of them. One
--- without `state` was in flight when the process ended, or still is.
---@param store userdata
---@param visit fun(row: table)
---@return boolean|nil ok
---@return string|nil message
function run_records.each_attempt(store, visit)
  return pages(store, ATTEMPTS, { -1 }, function(row) return { row.id } end, visit)
end

return run_records

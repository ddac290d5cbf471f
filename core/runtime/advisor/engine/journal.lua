--- The calls of rounds in progress that are already on disk. A resumed run runs
--- those rounds again from their start and is answered from here.
local records = require("advisor.engine.records")

local journal = {}
journal.__index = journal

local function key_of(round, stage, lane, ordinal)
  return ("%d/%s/%s/%d"):format(round, stage, lane, ordinal)
end

--- A journal that holds nothing: a new run.
---@return table
function journal.empty()
  return setmetatable({ calls = {}, by_round = {}, interrupted = 0 }, journal)
end

--- Reads the open rounds of a run, and marks what was in flight when the last
--- process ended. Yields.
---@param store userdata
---@param committed integer Last committed round.
---@param interrupted_code integer
---@return table|nil journal
---@return string|nil message
---@return string|nil code
function journal.load(store, committed, interrupted_code)
  local rows, message, code = records.open_attempts(store, committed)
  if not rows then return nil, message, code end
  local self, lost = journal.empty(), {}
  for _, row in ipairs(rows) do
    if not row.state then
      lost[#lost + 1] = row.id
      row.state, row.curl, row.headers = "unknown", interrupted_code, ""
    end
    row.raw = row.raw or ""
    local key = key_of(row.round, row.stage, row.lane, row.ordinal)
    self.calls[key] = self.calls[key] or {}
    table.insert(self.calls[key], row)
    self.by_round[row.round] = self.by_round[row.round] or {}
    table.insert(self.by_round[row.round], key)
  end
  self.interrupted = #lost
  local ok, why, status = records.mark_interrupted(store, lost, interrupted_code)
  if not ok then return nil, why, status end
  return self
end

--- The recorded attempts of a call, in order; nil if there are none.
function journal:attempts(round, stage, lane, ordinal)
  if not next(self.calls) then return nil end
  return self.calls[key_of(round, stage, lane, ordinal)]
end

--- Forgets a round that is committed.
function journal:forget(round)
  for _, key in ipairs(self.by_round[round] or {}) do self.calls[key] = nil end
  self.by_round[round] = nil
end

return journal

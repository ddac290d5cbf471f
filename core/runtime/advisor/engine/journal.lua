--- The calls that are on disk already. A resumed run makes its open rounds again
--- from their start and is answered from here; so is a run that is replayed, in all
--- its rounds.
---
--- Rounds are read when somebody asks for them and forgotten after their commit, so
--- that memory does not grow with the record.
local core = require("advisor_core")
local records = require("advisor.engine.records")
local reuse = require("advisor.engine.reuse")

local journal = {}
journal.__index = journal

--- Committed rounds whose calls stay in memory: their responses may still be made.
local KEPT = 8

--- A journal that holds nothing: a new run.
---@return table
function journal.empty()
  return setmetatable({ last = -1, rounds = {}, order = {}, interrupted = 0 }, journal)
end

--- Opens a run's journal, and marks what was in flight when the last process ended.
--- Yields.
---@param store userdata
---@param interrupted_code integer
---@return table|nil journal
---@return string|nil message
---@return string|nil code
function journal.load(store, interrupted_code)
  local lost, last, message, code = records.lost_attempts(store)
  if not lost then return nil, message, code end
  core.system.crash_point("marking")
  local ok, why, status = records.mark_interrupted(store, lost, interrupted_code)
  core.system.crash_point("marked")
  if not ok then return nil, why, status end
  local self = journal.empty()
  self.store, self.last, self.interrupted = store, last, #lost
  return self
end

--- Rounds in flight at once, which are not to push each other out.
journal.open = 1

local function key_of(stage, lane, ordinal) return stage .. "/" .. lane .. "/" .. ordinal end

--- The calls of one round, by key: the attempts of each in order.
local function read(self, round)
  local rows, message = records.attempts_of(self.store, round)
  if not rows then error({ message = message }, 0) end
  local calls = {}
  for _, row in ipairs(rows) do
    row.raw, row.from_run = row.raw or "", reuse.is(row.endpoint)
    local key = key_of(row.stage, row.lane, row.ordinal)
    calls[key] = calls[key] or {}
    table.insert(calls[key], row)
  end
  self.rounds[round] = calls
  self.order[#self.order + 1] = round
  if #self.order > KEPT + self.open then self.rounds[table.remove(self.order, 1)] = nil end
  return calls
end

--- The recorded attempts of a call, in order; nil if there are none.
---@return table[]|nil
function journal:attempts(round, stage, lane, ordinal)
  if round > self.last then return nil end
  return (self.rounds[round] or read(self, round))[key_of(stage, lane, ordinal)]
end

--- Forgets a round that is committed.
function journal:forget(round)
  if not self.rounds[round] then return end
  self.rounds[round] = nil
  for i, number in ipairs(self.order) do
    if number == round then table.remove(self.order, i) break end
  end
end

return journal

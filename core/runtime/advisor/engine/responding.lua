--- Responses to kept items: a stage of its own after commit, outside state and
--- digest, so that it never holds up the rounds for long.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local stages = require("advisor.engine.stages")

local responding = {}
responding.__index = responding

--- Items that may wait for their responses before rounds wait for them.
local BACKLOG = 256

---@param run table
function responding.new(run)
  return setmetatable({ run = run, open = 0, waiting = nil }, responding)
end

function responding:answer(round, item)
  local run = self.run
  self.open = self.open + 1
  core.loop.spawn(function()
    local ok, response = xpcall(stages.respond, failure.traced, run, round, item)
    if not ok and type(response) == "table" and response.failed == stages.Failed then
      run.halted = run.halted or { state = "paused", code = "EFAILED", message = response.message }
    elseif not ok then
      run.broken = run.broken or response
    elseif not run.halted then
      local stored, why, code = records.add_response(run.store, round, item.index, response)
      if not stored then
        run.halted = run.halted or { state = "paused", code = code, message = why }
      end
    end
    self.open = self.open - 1
    run:changed()
    if self.waiting then core.loop.wake(self.waiting) end
  end)
end

--- Begins to answer a committed round's items.
function responding:add_round(round, kept)
  if not self.run.pipeline.respond then return end
  for _, item in ipairs(kept) do self:answer(round, item) end
end

--- Begins to answer what a resumed run still lacks.
function responding:catch_up()
  if not self.run.pipeline.respond then return end
  for _, row in ipairs(failure.must(records.unanswered(self.run.store))) do
    self:answer(row.round, { id = records.item_id(row.round, row.item_index),
      index = row.item_index, text = row.text,
      target = row.target, cell = row.cell, meta = json.decode(row.meta) or {} })
  end
end

--- Waits until few items, or none, are without a response.
---@param most integer|nil
function responding:wait(most)
  self.waiting = core.loop.current()
  while self.open > (most or BACKLOG) and not self.run.halted and not self.run.broken do
    core.loop.suspend()
  end
  self.waiting = nil
end

return responding

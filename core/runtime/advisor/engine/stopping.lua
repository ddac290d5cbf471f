--- When a run ends before its rounds do: saturation (nothing new comes any more)
--- and budgets (caps that pause it). Decided at commit only.
local core = require("advisor_core")
local saturation = require("advisor.measure.saturation")

local stopping = {}
stopping.__index = stopping

--- Follows a run.
---@param stop table The experiment's `stop`: `{ saturation, budget }`.
function stopping.new(stop)
  return setmetatable({
    rule = stop.saturation, budget = stop.budget or {}, began = core.loop.now(),
    tracker = stop.saturation and saturation.new(stop.saturation),
  }, stopping)
end

--- Takes in a committed round's kept items.
---@param round integer
---@param kept table[]
function stopping:add_round(round, kept)
  if not self.tracker or self.switched_from then return end
  -- Advice steers many drafts of a round into one cell: there a cell counts once
  -- a round.
  for _, item in ipairs(kept) do
    self.tracker:add(item.cell or false, item.target and round or nil)
  end
end

--- The saturation verdict after a round: nil, or what to do.
---@param coverage table The run's.
---@return table|nil decision `{ action = "stop"|"switch", text, numbers }`
function stopping:saturated(coverage)
  if not self.tracker or self.switched_from then return nil end
  local verdict = self.tracker:verdict()
  local all_found = not coverage.open and #coverage.cells > 0
    and self.tracker.seen >= #coverage.cells
  if not verdict.saturated and not all_found then return nil end
  local words = all_found and ("all %d cells of the taxonomy hold items"):format(#coverage.cells)
    or ("%d cells found in %d kept items, about %.1f missing, unseen mass %.3f, rate of new cells "
      .. "%.3f"):format(
      verdict.numbers.cells, verdict.numbers.drafts, verdict.numbers.missing,
      verdict.numbers.unseen_mass,
      verdict.numbers.new_rate)
  return { action = self.rule["then"], text = "saturated: " .. words, numbers = verdict.numbers }
end

local BUDGETS = {
  { key = "drafts", of = function(state) return state.drafts end },
  { key = "calls", of = function(state) return state.spent.calls end },
  { key = "tokens", of = function(state) return state.spent.prompt + state.spent.completion end },
  { key = "money", of = function(state) return state.spent.money end },
}

--- Why a budget does not allow another round, in words with the remedy; or nil.
---@param state table
---@return string|nil
function stopping:over_budget(state)
  for _, each in ipairs(BUDGETS) do
    local cap = self.budget[each.key]
    local used = each.of(state)
    if cap and not used then
      return "the budget names money, and what was spent is unknown: a role has no price "
        .. "(models.ROLE.price, or its model in $ADVISOR_PRICES), or its server counts no tokens"
    end
    if cap and used >= cap then
      return ("the budget of %s %s is used up (%s); more is allowed by: advisor resume RUN --set "
        .. "stop.budget.%s=…")
        :format(cap, each.key, math.type(used) == "float" and ("%.4f"):format(used) or used,
          each.key)
    end
  end
  local seconds = self.budget.seconds
  if seconds and core.loop.now() - self.began >= seconds then
    return ("the budget of %s seconds is used up; go on with: advisor resume RUN"):format(seconds)
  end
  return nil
end

return stopping

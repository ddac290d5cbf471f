--- Progress: a live line on a terminal, one plain line a round elsewhere.
local account = require("advisor.output.account")
local core = require("advisor_core")
local terminal = require("advisor.output.terminal")

local progress = {}
progress.__index = progress

--- Makes a display.
---@param resolved table
---@param shown boolean
function progress.new(resolved, shown)
  return setmetatable({
    shown = shown, live = shown and core.system.is_terminal(2), resolved = resolved,
    drafts = 0, kept = 0, dropped = {}, began = core.loop.now(),
  }, progress)
end

local function reasons(dropped)
  return next(dropped) and (" (%s)"):format(account.listed(dropped)) or ""
end

--- Cells that hold items, of all, where there are cells.
local function cells_of(current)
  local covered, all = current.timeline.coverage:covered()
  return all > 0 and (", %d/%d cells"):format(covered, all) or ""
end

function progress:text(current)
  local resolved, spent = self.resolved, current.states[current.committed].spent
  local seconds = core.loop.now() - self.began
  local goal = resolved.accept and ("%d/%d kept"):format(self.kept_before + self.kept,
    resolved.accept)
    or ("%d kept"):format(self.kept_before + self.kept)
  local made = current.committed - (self.first or 0)
  local eta = ""
  if resolved.rounds and not resolved.accept and made > 0
    and current.committed < resolved.rounds then
    eta = (", %ds left"):format(math.ceil((resolved.rounds - current.committed) * seconds / made))
  end
  return ("round %d%s: %s%s, %d dropped%s, %d tokens, %s, %d in flight%s"):format(
    current.committed, resolved.rounds and "/" .. resolved.rounds or "", goal, cells_of(current),
    account.total(self.dropped), reasons(self.dropped), spent.prompt + spent.completion,
    account.money(spent.money), current.calls:in_flight(), eta)
end

function progress:draw(current)
  terminal.redraw(self:text(current):sub(1, 160))
end

--- Begins to show a run.
function progress:start(current)
  self.first = current.committed
  self.kept_before = current.states[current.committed].kept_size
  if not self.live then return end
  self.ticking = true
  core.loop.spawn(function()
    while self.ticking do
      self:draw(current)
      core.loop.sleep(250)
    end
  end)
end

--- Takes in a committed round.
function progress:round(current, result)
  self.drafts, self.kept = self.drafts + #result.drafts, self.kept + #result.kept
  for _, draft in ipairs(result.drafts) do
    if draft.reason then self.dropped[draft.reason] = (self.dropped[draft.reason] or 0) + 1 end
  end
  if self.live then return self:draw(current) end
  if self.shown then
    io.stderr:write(self:text(current), "\n")
  end
end

--- Ends the live line.
function progress:stop()
  if self.ticking then io.stderr:write("\n") end
  self.ticking = false
end

return progress

--- Progress: a live line on a terminal, one plain line a round elsewhere.
local core = require("advisor_core")

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
  local names, parts = {}, {}
  for name in pairs(dropped) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do parts[#parts + 1] = ("%s %d"):format(name, dropped[name]) end
  return #parts > 0 and " (" .. table.concat(parts, ", ") .. ")" or ""
end

local function count_of(list)
  local total = 0
  for _, n in pairs(list) do total = total + n end
  return total
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
  local money = spent.money and spent.money > 0 and (", %.4f spent"):format(spent.money) or ""
  return ("round %d%s: %s, %d dropped%s, %d tokens%s, %d in flight%s"):format(
    current.committed, resolved.rounds and "/" .. resolved.rounds or "", goal,
    count_of(self.dropped),
    reasons(self.dropped), spent.prompt + spent.completion, money, current.calls:in_flight(), eta)
end

function progress:draw(current)
  io.stderr:write("\r\27[K", self:text(current):sub(1, 160))
  io.stderr:flush()
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

--- The last words on a run.
---@param summary table As `records.summary` gives it.
---@return string
function progress.closing(summary)
  local money = type(summary.cost) == "number" and ("%.4f"):format(summary.cost) or "unknown"
  local unknown = summary.unknown_attempts > 0
    and (", %d of them with an unknown outcome (possibly paid)"):format(summary.unknown_attempts)
      or ""
  return ("%d rounds, %d drafts: %d kept, %d dropped%s, %d surplus; %d calls, %d attempts%s; "
    .. "%d tokens, cost %s"):format(summary.rounds, summary.drafts, summary.kept,
    count_of(summary.dropped),
    reasons(summary.dropped), summary.surplus, summary.calls, summary.attempts, unknown,
    summary.tokens.prompt + summary.tokens.completion, money)
end

return progress

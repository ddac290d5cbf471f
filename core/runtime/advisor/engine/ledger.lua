--- What rounds cost and the remarks they leave, kept until they are committed:
--- the chosen attempts only, so that a resumed run sees the same figures.
local options = require("advisor.host.options")
local roles = require("advisor.models.roles")

local ledger = {}
ledger.__index = ledger

--- Makes a ledger.
---@param models table The resolved models, for their prices.
function ledger.new(models)
  return setmetatable({ models = models, rounds = {}, remarks = {} }, ledger)
end

--- Adds a reply's tokens.
---@param lane advisor.Lane
---@param role string
---@param usage table
function ledger:spend(lane, role, usage)
  local spent = self.rounds[lane.round] or { roles = {}, advice = {}, calls = 0 }
  self.rounds[lane.round] = spent
  local used = spent.roles[role] or { prompt = 0, completion = 0 }
  spent.roles[role] = used
  local prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
  used.prompt, used.completion = used.prompt + prompt, used.completion + completion
  used.uncounted = used.uncounted or not (usage.prompt_tokens and usage.completion_tokens)
  spent.calls = spent.calls + 1
  if lane.stage == "generate" then
    local position = math.tointeger(tonumber(lane.path:match("^%d+")))
    spent.advice[position] = (spent.advice[position] or 0) + prompt + completion
  end
end

--- What a round cost: `{ prompt, completion, calls, money }`; money is nil where a
--- price is unknown, or the server did not count the tokens of a reply. It is
--- counted from whole tokens in order of roles: a sum in order of replies would
--- differ in its last digits from run to run.
function ledger:spent_in(round)
  local entry = self.rounds[round] or { roles = {}, calls = 0 }
  local spent = { prompt = 0, completion = 0, money = 0, calls = entry.calls }
  for _, name in ipairs(options.sorted_keys(entry.roles)) do
    local used, price = entry.roles[name], roles.serving(self.models, name).price
    spent.prompt, spent.completion = spent.prompt + used.prompt, spent.completion + used.completion
    if used.uncounted then price = nil end
    spent.money = spent.money and price
      and spent.money + (used.prompt * price.prompt + used.completion * price.completion) / 1e6
  end
  return spent
end

--- Tokens that a round's piece of advice cost in the generate stage.
function ledger:tokens_of(round, position)
  local entry = self.rounds[round]
  return entry and entry.advice[position] or 0
end

--- Keeps a remark.
function ledger:note(lane, remark)
  local list = self.remarks[lane.round] or {}
  self.remarks[lane.round] = list
  list[#list + 1] = { stage = lane.stage, lane = lane.path, script = lane.script, text = remark,
    order = #list }
end

--- A round's remarks in an order that does not depend on when replies came.
function ledger:notes_of(round)
  local list = {}
  for i, entry in ipairs(self.remarks[round] or {}) do list[i] = entry end
  table.sort(list, function(a, b)
    if a.stage ~= b.stage then return a.stage < b.stage end
    if a.lane ~= b.lane then return a.lane < b.lane end
    return a.order < b.order
  end)
  local notes = {}
  for i, entry in ipairs(list) do
    notes[i] = { stage = entry.stage, lane = entry.lane, script = entry.script, text = entry.text }
  end
  return notes
end

--- Takes the tokens of a round's advice from the record, where its drafts are the
--- recorded ones.
---@param advice table[] With `tokens`.
function ledger:restore(round, advice)
  local entry = self.rounds[round] or { roles = {}, calls = 0 }
  self.rounds[round], entry.advice = entry, {}
  for i, piece in ipairs(advice) do entry.advice[i] = piece.tokens end
end

--- Forgets a committed round.
function ledger:forget(round)
  self.rounds[round], self.remarks[round] = nil, nil
end

return ledger

--- Why drafts were dropped, with examples, and what the checks said.
local intervals = require("advisor.measure.intervals")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local records = require("advisor.engine.records")

local reasons = {}

--- Examples shown of a reason: the first ones, and those of later rounds in turn.
local EXAMPLES = 6

--- The id of what a finding names as nearest: a kept item's, or an earlier draft of
--- the same round, "draft 3".
---@param finding table|nil
---@param round integer
---@return string|nil
function reasons.nearest(finding, round)
  local nearest = type(finding) == "table" and finding.nearest
  if type(nearest) ~= "string" then return nil end
  local index = nearest:match("^draft (%d+)$")
  return index and records.item_id(round, math.tointeger(tonumber(index))) or nearest
end

local Reasons = {}
Reasons.__index = Reasons

--- Begins to count.
---@return table reasons `add(item)` for each item in order, then `result()`.
function reasons.new()
  return setmetatable({ drafts = 0, by_reason = {}, checks = {} }, Reasons)
end

--- Keeps every example at first, then every second, fourth, … so that those that
--- stay are spread over the run.
local function add_example(entry, id)
  entry.turn = entry.turn + 1
  if (entry.turn - 1) % entry.step ~= 0 then return end
  entry.examples[#entry.examples + 1] = id
  if #entry.examples > EXAMPLES * 2 then
    local half = {}
    for i = 1, #entry.examples, 2 do half[#half + 1] = entry.examples[i] end
    entry.examples, entry.step = half, entry.step * 2
  end
end

--- Takes in a draft.
---@param item table `{ id, verdict, reason, verdicts }`
function Reasons:add(item)
  self.drafts = self.drafts + 1
  if item.verdict == "dropped" then
    local reason = item.reason or "no reason"
    local entry = self.by_reason[reason]
    if not entry then
      entry = { reason = reason, count = 0, examples = {}, turn = 0, step = 1 }
      self.by_reason[reason] = entry
    end
    entry.count = entry.count + 1
    add_example(entry, item.id)
  end
  for _, found in ipairs(item.verdicts) do
    local check = self.checks[found.principle]
    if not check then
      check = { principle = found.principle, pass = 0, fail = 0, unknown = 0,
        examples = json.array({}) }
      self.checks[found.principle] = check
    end
    check[found.verdict] = (check[found.verdict] or 0) + 1
    if found.verdict == "unknown" and #check.examples < EXAMPLES then
      check.examples[#check.examples + 1] = item.id
    end
  end
end

--- What was counted.
---@return table `{ dropped, checks }`: reasons, the most frequent first, with the share of all drafts,
---its interval and the ids of examples; verdicts by principle, with the ids of unknown ones.
function Reasons:result()
  local dropped, checks = {}, {}
  for _, name in ipairs(options.sorted_keys(self.by_reason)) do
    local entry = self.by_reason[name]
    local low, high = intervals.wilson(entry.count, self.drafts)
    dropped[#dropped + 1] = { reason = name, count = entry.count, share = entry.count / self.drafts,
      low = low, high = high, examples = json.array(table.move(entry.examples, 1, EXAMPLES, 1, {})) }
  end
  table.sort(dropped, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.reason < b.reason
  end)
  for _, name in ipairs(options.sorted_keys(self.checks)) do checks[#checks + 1] = self.checks[name] end
  return { dropped = json.array(dropped), checks = json.array(checks) }
end

return reasons

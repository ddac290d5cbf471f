--- Kept items by number, in commit order, read from the store when somebody asks:
--- memory does not grow with the data set.
local records = require("advisor.engine.records")
local json = require("advisor.output.json")

local items = {}
items.__index = items

--- Rounds whose items stay in memory after they were read.
local CACHED = 64

---@param store userdata
function items.new(store)
  return setmetatable({ store = store, rounds = {}, before = {}, total = 0, cache = {},
    order = {} }, items)
end

--- Takes in how many items a committed round kept.
---@param round integer
---@param count integer
function items:add_round(round, count)
  if count == 0 then return end
  self.rounds[#self.rounds + 1] = round
  self.before[#self.before + 1] = self.total
  self.total = self.total + count
end

--- Position in `rounds` of the round that holds item i.
local function find(self, i)
  local low, high = 1, #self.rounds
  while low < high do
    local middle = (low + high + 1) // 2
    if self.before[middle] < i then low = middle else high = middle - 1 end
  end
  return low
end

local function load(self, round)
  local rows, why = records.kept_in(self.store, round)
  if not rows then error({ message = why }, 0) end
  local list = {}
  for k, row in ipairs(rows) do
    list[k] = { id = records.item_id(round, row.item_index), text = row.text, target = row.target,
      cell = row.cell, meta = json.decode(row.meta) or {} }
  end
  self.cache[round] = list
  self.order[#self.order + 1] = round
  if #self.order > CACHED then self.cache[table.remove(self.order, 1)] = nil end
  return list
end

--- The i-th kept item: `{ id, text, target, cell, meta }`, or nil.
---@param i integer
function items:get(i)
  if i < 1 or i > self.total then return nil end
  local position = find(self, i)
  local round = self.rounds[position]
  local list = self.cache[round] or load(self, round)
  return list[i - self.before[position]]
end

--- All items from the first on, with their numbers.
function items:each()
  local i = 0
  return function()
    i = i + 1
    local item = self:get(i)
    if item then return i, item end
  end
end

return items

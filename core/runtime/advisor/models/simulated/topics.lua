--- The topics of a simulated model: cells with a skew, and how to draw them.
local lexicon = require("advisor.models.lexicon")
local prompt = require("advisor.models.simulated.prompt")

---@class advisor.SimulatedTopics
---@field cells advisor.LexiconCell[]
---@field weight integer[] Of each cell; whole numbers, so that sums are exact.
---@field find fun(text: string): { name: string, cell: integer? }[] Names in a text.
---@field read fun(text: string): string?, advisor.LexiconCell? The cell of a text.
local Topics = {}
Topics.__index = Topics

local topics = {}

--- Makes a stream that depends on its seed only, for what is fixed in a run.
---@param seed integer
---@return table stream With integer and choice.
function topics.stream(seed)
  local x, s = seed * 2 + 1, {}
  function s.integer(_, m, n)
    x = x * 6364136223846793005 + 1442695040888963407
    return m + (x >> 33) % (n - m + 1)
  end
  function s.choice(_, list) return list[s:integer(1, #list)] end
  return s
end

--- Draws the index of a cell.
---@param rng advisor.Rng
---@param allowed (fun(i: integer): boolean)? Nil: all are.
---@return integer? i Nil if none is allowed.
function Topics:draw(rng, allowed)
  local total, weight = 0, self.weight
  for i = 1, #weight do
    if not allowed or allowed(i) then total = total + weight[i] end
  end
  local left = rng:unit() * total
  for i = 1, #weight do
    if not allowed or allowed(i) then
      left = left - weight[i]
      if left < 0 then return i end
    end
  end
end

--- Gets the longest of the names that a text mentions.
---@param text string
---@return { name: string, cell: integer? }?
function Topics:longest(text)
  local longest
  for _, entry in ipairs(self.find(text)) do
    if not longest or #entry.name > #longest.name then longest = entry end
  end
  return longest
end

--- Gets what a call aims at: the longest name in the last message of the user;
--- in a raw prompt, which shows exemplars with their names, in the last line
--- that has one.
---@param call advisor.Call
---@return { name: string, cell: integer? }?
function Topics:target(call)
  local text = prompt.instruction(call)
  local longest = self:longest(text)
  if not longest or not call.prompt then return longest end
  for line in text:gmatch("[^\n]+") do longest = self:longest(line) or longest end
  return longest
end

local function build(opt)
  local own = #opt.taxonomy > 0
  local n = opt.cells > 0 and opt.cells or nil
  local cells = own and lexicon.of(opt.taxonomy) or lexicon.cells(n)
  if n and n > #cells then error("cells: the taxonomy has only " .. #cells, 0) end
  if n then cells = table.move(cells, 1, n, 1, {}) end
  local rng, order, weight = topics.stream(opt.rank_seed), {}, {}
  for i = 1, #cells do order[i] = i end
  for i = #cells, 2, -1 do
    local j = rng:integer(1, i)
    order[i], order[j] = order[j], order[i]
  end
  for rank, i in ipairs(order) do
    weight[i] = math.max(1, math.floor(rank ^ -opt.exponent * 2 ^ 40 + 0.5))
  end
  return setmetatable({ cells = cells, weight = weight, find = prompt.finder(cells),
    read = own and lexicon.reader(cells) or lexicon.cell_of }, Topics)
end

local built = {}

--- Gets the topics of an option set. They are built once: a pure function of it.
---@param opt { taxonomy: string[], cells: integer, exponent: number, rank_seed: integer }
---@return advisor.SimulatedTopics
function topics.of(opt)
  local key = ("%d %.17g %d\n"):format(opt.cells, opt.exponent, opt.rank_seed)
    .. table.concat(opt.taxonomy, "\n")
  built[key] = built[key] or build(opt)
  return built[key]
end

return topics

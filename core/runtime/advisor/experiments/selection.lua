--- Which items of several runs one data set takes: of near-duplicates one stays, and a
--- mix of cells is drawn from the rest. Plain data in, verdicts out.
local core = require("advisor_core")
local options = require("advisor.host.options")

local selection = {}

---@class advisor.Candidate
---@field id string In the data set that is made.
---@field run string Name of the run that it comes from.
---@field text string
---@field cell string|nil
---@field reason string|nil Why it is not taken; nil: it is.
---@field finding table|nil Says more of that.

local function drop(item, reason, finding)
  finding.code = reason
  item.reason, item.finding = reason, finding
end

--- Positions in the order in which items are taken.
local function order_of(items, prefer)
  local order, length = {}, {}
  for i, item in ipairs(items) do
    order[i], length[i] = i, utf8.len(item.text) or #item.text
  end
  if prefer == "longest" then
    table.sort(order, function(a, b)
      if length[a] ~= length[b] then return length[a] > length[b] end
      return a < b
    end)
  end
  return order
end

--- Drops each item that is near to one taken before it, so that no two are near that stay
--- (but for the little that MinHash misses).
---@param items advisor.Candidate[] Changed in place: reason "near_duplicate", and a finding that
---names the nearest item, its run and the score.
---@param given { near: number, prefer: "first"|"longest" } `near`: least Jaccard index of 5-byte
---shingles that is near; 0: only texts that are equal once normalized. `prefer` says whose turn is
---first: the first runs' items, or the longest ones.
---@return true|nil
---@return string|nil message
function selection.duplicates(items, given)
  local index, why
  if given.near == 0 then
    index, why = core.dedup.exact()
  else
    index, why = core.dedup.minhash({ threshold = given.near })
  end
  if not index then return nil, why end
  local taken = {}
  for _, i in ipairs(order_of(items, given.prefer)) do
    local found, score = index:nearest(items[i].text)
    if found then
      local other = taken[found]
      drop(items[i], "near_duplicate", { nearest = other.id, run = other.run, score = score })
    else
      if score then return nil, score end
      taken[#taken + 1] = items[i]
      local ok, problem = index:add(items[i].text, #taken)
      if not ok then return nil, problem end
    end
  end
  return true
end

--- Whole numbers in the proportion of shares: each rounded down, the rest to the largest
--- remainders, the first of equal ones first.
---@param shares number[]
---@param total integer
---@return integer[]
function selection.apportion(shares, total)
  local sum, parts, order, left = 0, {}, {}, total
  for _, share in ipairs(shares) do sum = sum + share end
  local rest = {}
  for i, share in ipairs(shares) do
    local exact = total * share / sum
    parts[i] = math.floor(exact + 1e-9)
    rest[i], order[i], left = exact - parts[i], i, left - parts[i]
  end
  table.sort(order, function(a, b)
    if math.abs(rest[a] - rest[b]) > 1e-9 then return rest[a] > rest[b] end
    return a < b
  end)
  for k = 1, left do parts[order[k]] = parts[order[k]] + 1 end
  return parts
end

--- Items that are still taken, by cell; those without one under `false`.
local function by_cell(items)
  local lists = {}
  for _, item in ipairs(items) do
    if not item.reason then
      local cell = item.cell or false
      lists[cell] = lists[cell] or {}
      table.insert(lists[cell], item)
    end
  end
  return lists
end

--- Keeps so many of a list, drawn with a named stream.
local function draw(list, count, stream, reason, finding)
  if #list <= count then return end
  local stays = {}
  for _, item in ipairs(core.rng.new(stream):sample(list, count)) do stays[item] = true end
  for _, item in ipairs(list) do
    if not stays[item] then drop(item, reason, finding()) end
  end
end

--- Draws a mix: as many items of each cell as its share of `most` says. What is not wanted
--- of is not taken. A cell that holds too few gives what it has; the others do not make up
--- for it, since that would shift the mix.
---@param items advisor.Candidate[] Changed in place: reason "balance".
---@param wanted { cell: string, share: number }[] In order.
---@param most integer
---@param seed integer Names the streams.
---@return { cell: string, want: integer, have: integer }[] cells In that order.
function selection.balance(items, wanted, most, seed)
  local shares, lists, cells, known = {}, by_cell(items), {}, {}
  for i, each in ipairs(wanted) do shares[i], known[each.cell] = each.share, true end
  for i, count in ipairs(selection.apportion(shares, most)) do
    local cell = wanted[i].cell
    local list = lists[cell] or {}
    cells[i] = { cell = cell, want = count, have = #list }
    draw(list, count, ("merge balance %d %s"):format(seed, cell), "balance", function()
      return { want = count, have = #list }
    end)
  end
  for _, item in ipairs(items) do
    if not item.reason and not known[item.cell or false] then drop(item, "balance", { want = 0 }) end
  end
  return cells
end

--- The most items that have exactly the mix that is wanted, 0 where a cell is empty.
---@param items advisor.Candidate[]
---@param wanted { cell: string, share: number }[]
---@return integer most
---@return string thinnest The cell that allows no more.
---@return integer empty How many cells that are wanted hold none.
function selection.most_balanced(items, wanted)
  local lists, sum, most, thinnest, empty = by_cell(items), 0, math.huge, nil, 0
  for _, each in ipairs(wanted) do sum = sum + each.share end
  for _, each in ipairs(wanted) do
    local have = #(lists[each.cell] or {})
    local fits = each.share > 0 and math.floor(have * sum / each.share + 1e-9) or math.huge
    if fits < most then most, thinnest = fits, each.cell end
    if have == 0 and each.share > 0 then empty = empty + 1 end
  end
  return most, thinnest, empty
end

--- Draws so many items of all.
---@param items advisor.Candidate[] Changed in place: reason "most".
---@param most integer
---@param seed integer
function selection.limit(items, most, seed)
  local left = {}
  for _, item in ipairs(items) do
    if not item.reason then left[#left + 1] = item end
  end
  draw(left, most, ("merge most %d"):format(seed), "most", function() return { want = most, have = #left } end)
end

--- Reads "even", or "cell=share" given many times.
---@param texts string[]
---@return { even: true }|{ shares: table<string, number> }|nil balance
---@return string|nil problem
function selection.read_balance(texts)
  if #texts == 1 and texts[1] == "even" then return { even = true } end
  local shares = {}
  for _, text in ipairs(texts) do
    local cell, number = text:match("^(.+)=([^=]*)$")
    local share = tonumber(number)
    if not share or share ~= share or share < 0 or share > 1 then
      return nil, ("--balance %s: 'even', or cell=share with a share from 0 to 1, is expected"):format(text)
    end
    if shares[cell] then return nil, ("--balance %s: the cell is given twice"):format(text) end
    shares[cell] = share
  end
  return { shares = shares }
end

--- The share of each cell; cells that are not named share the rest evenly.
---@param balance table As of `read_balance`.
---@param cells string[] Of the taxonomy.
---@return { cell: string, share: number }[]|nil wanted
---@return string|nil problem
function selection.wanted(balance, cells)
  if #cells == 0 then return nil, "--balance: the runs have no taxonomy, so there are no cells" end
  local known, given, open, wanted = {}, 0, 0, {}
  local shares = balance.shares or {}
  for _, cell in ipairs(cells) do known[cell] = true end
  for _, cell in ipairs(options.sorted_keys(shares)) do
    if not known[cell] then return nil, ("--balance: the taxonomy has no cell '%s'"):format(cell) end
    given = given + shares[cell]
  end
  if given > 1 + 1e-9 then return nil, ("--balance: the shares add up to %.3f, more than 1"):format(given) end
  for _, cell in ipairs(cells) do
    if not shares[cell] then open = open + 1 end
  end
  for i, cell in ipairs(cells) do
    wanted[i] = { cell = cell, share = shares[cell] or math.max(1 - given, 0) / open }
  end
  if given == 0 and open == 0 then return nil, "--balance: all shares are 0" end
  return wanted
end

return selection

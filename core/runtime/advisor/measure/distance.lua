--- How far a mix of cells is from a target mix.
---
--- Both are maps from cell to a count, a share or any weight; they are scaled
--- to sum 1 first. A cell that only one of them names counts as 0 in the other.
--- Logarithms are natural, sums run over the sorted names.
local shares = require("advisor.measure.shares")

local distance = {}

--- Both as shares over the cells that either names.
local function aligned(have, target, smoothing)
  local p, q = {}, {}
  for _, side in ipairs({ have, target }) do
    for name in next, side do p[name], q[name] = 0, 0 end
  end
  local cells = shares.cells(p)
  local function fill(out, from)
    local total = shares.total(from)
    assert(total > 0, "a mix without any weight")
    for _, name in ipairs(cells) do
      local share = (from[name] or 0) / total
      out[name] = (share + smoothing) / (1 + smoothing * #cells)
    end
  end
  fill(p, have)
  fill(q, target)
  return cells, p, q
end

--- Total variation (1/2) sum |p - q|: the share of items that would have to
--- move to another cell. 0 to 1.
---@param have table<string, number>
---@param target table<string, number>
---@return number
function distance.total_variation(have, target)
  local cells, p, q = aligned(have, target, 0)
  local sum = 0
  for _, name in ipairs(cells) do sum = sum + math.abs(p[name] - q[name]) end
  return sum / 2
end

local function divergence(cells, p, q)
  local sum = 0
  for _, name in ipairs(cells) do
    if p[name] > 0 then
      if q[name] == 0 then return math.huge end
      sum = sum + p[name] * math.log(p[name] / q[name])
    end
  end
  return math.max(sum, 0)
end

--- Kullback-Leibler divergence sum p ln(p/q) of what is there (p) from the
--- target (q), in nats. Source: Kullback and Leibler 1951.
--- Zeros: a cell that is empty adds 0. A cell that holds items although its
--- target is 0 makes it infinite (`math.huge`), unless `smoothing` is given: it
--- is added to every share of both sides, which are then scaled to sum 1 again.
---@param have table<string, number>
---@param target table<string, number>
---@param smoothing? number Added to each share, 0 by default.
---@return number
function distance.kullback_leibler(have, target, smoothing)
  return divergence(aligned(have, target, smoothing or 0))
end

--- Jensen-Shannon divergence (KL(p, m) + KL(q, m)) / 2 with m = (p + q) / 2, in
--- nats: symmetric, finite whatever is 0, from 0 to ln 2. Source: Lin 1991.
---@param have table<string, number>
---@param target table<string, number>
---@return number
function distance.jensen_shannon(have, target)
  local cells, p, q = aligned(have, target, 0)
  local middle = {}
  for _, name in ipairs(cells) do middle[name] = (p[name] + q[name]) / 2 end
  return (divergence(cells, p, middle) + divergence(cells, q, middle)) / 2
end

return distance

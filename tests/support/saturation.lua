--- Simulated generators for the stop rule: independent draws from given cells.
local saturation = require("advisor.measure.saturation")

local simulation = {}

--- xorshift64* (Vigna 2016), the same on every machine.
local function stream(seed)
  local x = seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D
  return function()
    x = x ~ (x >> 12)
    x = x ~ (x << 25)
    x = x ~ (x >> 27)
    return ((x * 0x2545F4914F6CDD1D) >> 11) / 2 ^ 53
  end
end

--- An object as the measures take it: :integer(low, high).
function simulation.rng(seed)
  local unit = stream(seed)
  return { integer = function(_, low, high) return low + math.floor(unit() * (high - low + 1)) end }
end

--- Weights of `n` cells.
function simulation.equal(n) return simulation.zipf(n, 0) end

function simulation.zipf(n, exponent)
  local weights = {}
  for rank = 1, n do weights[rank] = rank ^ -exponent end
  return weights
end

local function drawer(weights, seed)
  local unit, upto, total = stream(seed), {}, 0
  for i, weight in ipairs(weights) do
    total = total + weight
    upto[i] = total
  end
  return function()
    local at, low, high = unit() * total, 1, #upto
    while low < high do
      local middle = (low + high) // 2
      if upto[middle] > at then high = middle else low = middle + 1 end
    end
    return low
  end
end

--- One run, asked after every draft: where the rule stops, how many cells were
--- found by then, and the draft that found the 95th percentile of cells.
function simulation.run(weights, most, seed, options)
  local draw, tracker = drawer(weights, seed), saturation.new(options)
  local want, stop, goal, found = math.ceil(0.95 * #weights), nil, nil, nil
  for draft = 1, most do
    tracker:add(draw())
    if not goal and tracker.seen >= want then goal = draft end
    if not stop and tracker:verdict().saturated then stop, found = draft, tracker.seen end
    if stop and goal then break end
  end
  return stop or most + 1, goal or most + 1, found or tracker.seen
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

--- Medians and the share of early stops over seeds 1, 2, ...
function simulation.summary(weights, most, seeds, options)
  local stops, goals, ratios, found, early = {}, {}, {}, {}, 0
  for seed = 1, seeds do
    local stop, goal, cells = simulation.run(weights, most, seed, options)
    stops[seed], goals[seed], ratios[seed], found[seed] = stop, goal, stop / goal, cells
    if stop < goal then early = early + 1 end
  end
  return {
    stop = median(stops), goal = median(goals), ratio = median(ratios), found = median(found),
    early = early / seeds,
    before = function(draft)
      local n = 0
      for _, stop in ipairs(stops) do n = n + (stop < draft and 1 or 0) end
      return n / seeds
    end,
  }
end

return simulation

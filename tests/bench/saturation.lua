--- Prints what the stop rule's threshold and confidence do, on simulated
--- generators. Run from the repository's root: lua5.4 tests/bench/saturation.lua
--- [SEEDS]. The specs run the same simulation at the default threshold.
package.path = "./core/runtime/?.lua;./?.lua;" .. package.path
local simulation = require("tests.support.saturation")
local saturation = require("advisor.measure.saturation")

local seeds = tonumber(arg and arg[1]) or 100
local equal, zipf = simulation.equal, simulation.zipf

local HEAD = "%-10s %-10s | %6s %6s %6s %6s %7s | %6s %7s"
local ROW = "%-10g %-10g | %6d %6d %6.2f %6d %6.1f%% | %6d %6.1f%%"

local function curve(title, list)
  print(("\n%s, %d seeds"):format(title, seeds))
  print(HEAD:format("threshold", "confidence", "stop", "goal", "ratio", "found", "early",
    "stop400", "<1000"))
  for _, options in ipairs(list) do
    local few = simulation.summary(equal(40), 2000, seeds, options)
    local many = simulation.summary(equal(400), 6000, math.min(seeds, 20), options)
    print(ROW:format(options.threshold, options.confidence, few.stop, few.goal, few.ratio,
      few.found, 100 * few.early, many.stop, 100 * many.before(1000)))
  end
end

print([[
stop     median draft at which the rule stops
goal     median draft that found the 95th percentile of cells (38 of 40)
ratio    median over runs of stop / goal; wanted: 1.40 or less
found    median number of cells found at the stop
early    runs that stop before the goal; wanted: 10 % or less
stop400  median stop with 400 cells; <1000: runs that stop before 1,000 drafts,
         wanted: 5 % or less (20 seeds at most here)]])

local list = {}
for _, threshold in ipairs({ 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.075, 0.1, 0.15, 0.2, 0.3 }) do
  list[#list + 1] = { threshold = threshold, confidence = saturation.defaults.confidence }
end
curve("Over the threshold, 40 equal cells", list)
list = {}
for _, confidence in ipairs({ 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99 }) do
  list[#list + 1] = { threshold = saturation.defaults.threshold, confidence = confidence }
end
curve("Over the confidence, 40 equal cells", list)

print(("\nOther generators at the defaults, %d seeds"):format(seeds))
local SHORT = "%-28s %6s %6s %6s %6s %7s"
print(SHORT:format("generator", "stop", "goal", "ratio", "found", "early"))
local others = { { "10 equal cells", equal(10), 1000 }, { "20 equal cells", equal(20), 1000 },
  { "55 equal cells", equal(55), 2000 }, { "100 equal cells", equal(100), 3000 },
  { "55 cells, Zipf 0.5", zipf(55, 0.5), 4000 }, { "55 cells, Zipf 1.2", zipf(55, 1.2), 10000 } }
for _, each in ipairs(others) do
  local s = simulation.summary(each[2], each[3], seeds, {})
  print(SHORT:format(each[1], s.stop, s.goal, ("%.2f"):format(s.ratio), s.found,
    ("%.1f%%"):format(100 * s.early)))
end

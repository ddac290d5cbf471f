--- The figures of a run; gnuplot.lua writes and draws them.
local csv = require("advisor.output.csv")
local gnuplot = require("advisor.report.gnuplot")

local figures = {}

local BLUE, RED, GREEN, PURPLE = gnuplot.BLUE, gnuplot.RED, gnuplot.GREEN, gnuplot.PURPLE
local three = gnuplot.three

--- Cells that have room for their names; more are drawn by rank.
local MOST_NAMED = 60

local function line(column, title, colour, more)
  return ("'NAME.csv' using 1:%d skip 1 with lines lw 2 lc rgb '%s' %s %s"):format(column, colour,
    more or "", title and ("title '%s'"):format(title) or "notitle")
end

local function band(column, colour)
  return ("'NAME.csv' using 1:%d:%d skip 1 with filledcurves lc rgb '%s' notitle"):format(column,
    column + 1, colour)
end

--- A figure of one measure over the rounds, with its interval.
local function over_rounds(name, key, label, colour, range)
  return function(arm)
    local rows = {}
    for i, point in ipairs(arm.points) do
      rows[i] = { point.round, point.drafts, three(point[key]) }
    end
    return { name = name, header = { "round", "drafts", key, "low", "high" }, rows = rows,
      settings = ("set xlabel 'Round'\nset ylabel '%s'\nset yrange %s\nunset key"):format(label, range),
      plot = ("plot %s, %s"):format(band(4, colour), line(3, nil, colour)) }
  end
end

local function cells_covered(arm)
  local rows, most = {}, 1
  for i, point in ipairs(arm.points) do
    rows[i] = { point.round, point.drafts, point.covered, point.cells, three(point.reachable) }
    most = math.max(most, point.cells)
  end
  return { name = "cells_covered", rows = rows,
    header = { "round", "drafts", "covered", "cells", "reachable", "low", "high" },
    settings = ("set xlabel 'Round'\nset ylabel 'Cells'\nset yrange [0:%d]\nset key bottom right")
      :format(math.ceil(most * 1.15)),
    plot = ("plot %s, %s, %s"):format(band(6, RED), line(5, "reachable, at least", RED, "dt 2"),
      line(3, "covered", BLUE)) }
end

local function new_cells(arm)
  local rows = {}
  for i, point in ipairs(arm.points) do
    local rate, rate_low, rate_high = three(point.new_rate)
    rows[i] = { point.round, point.drafts, rate, rate_low, rate_high, three(point.unseen) }
  end
  return { name = "new_cells", rows = rows,
    header = { "round", "drafts", "new_rate", "low", "high", "unseen_mass", "unseen_low", "unseen_high" },
    settings = "set xlabel 'Round'\nset ylabel 'Share of items'\nset yrange [0:1]",
    plot = ("plot %s, %s, %s, %s"):format(band(4, BLUE), band(7, RED),
      line(3, "rate of new cells", BLUE), line(6, "unseen mass", RED, "dt 2")) }
end

local function tokens(arm)
  local rows = {}
  for i, point in ipairs(arm.points) do
    rows[i] = { point.round, point.drafts, point.tokens, point.kept,
      type(point.cost) == "number" and point.cost or "" }
  end
  return { name = "tokens", header = { "round", "drafts", "tokens", "kept", "cost" }, rows = rows,
    settings = "set xlabel 'Round'\nset ylabel 'Tokens so far'\nset yrange [0:*]\n"
      .. "set format y '%.1s%c'\nunset key",
    plot = "plot " .. line(3, nil, PURPLE) }
end

local function in_flight(arm)
  local rows = {}
  for i, point in ipairs(arm.traffic.flight.points) do
    rows[i] = { point.second, point.in_flight, point.begun_per_second, point.latency or "" }
  end
  return { name = "in_flight", rows = rows,
    header = { "second", "in_flight", "begun_per_second", "median_latency_ms" },
    settings = "set xlabel 'Second'\nset ylabel 'Attempts in flight'\nset yrange [0:*]\nunset key",
    plot = "plot " .. line(2, nil, BLUE) }
end

--- Horizontal bars with intervals, a name beside each, the first row on top.
local BARS = [[
unset key
unset grid
set grid xtics lc rgb '#dddddd' lw 0.5
set yrange [ROWS:-0.6]
set xrange [0:*]
set border 1
set ytics scale 0
set style fill solid 0.5 noborder]]

local function bars(rows, label)
  return (BARS:gsub("ROWS", ("%.1f"):format(#rows - 0.4))) .. ("\nset xlabel '%s'"):format(label)
end

--- A plot of bars, in percent: columns of share, low and high, and of the name.
local function bar_plot(share, name)
  return ("plot 'NAME.csv' using (0):0:(0):(100*$%d):($0-0.35):($0+0.35):ytic(%d) skip 1 with boxxyerror"
    .. " lc rgb '%s', '' using (100*$%d):0:(100*$%d):(100*$%d) skip 1 with xerrorbars pt 0 ps 0 lw 1.2"
    .. " lc rgb '#333333'"):format(share, name, BLUE, share, share + 1, share + 2)
end

local function bars_height(rows) return 1.4 + 0.36 * #rows end

local function coverage(arm)
  local rows, target, corrected = {}, false, false
  for i, cell in ipairs(arm.coverage.cells) do
    local fixed = cell.corrected or {}
    rows[i] = { csv.inert(cell.cell), csv.inert(cell.parent or ""), cell.count, cell.share, cell.low,
      cell.high, cell.want or "", fixed.share or "", fixed.low or "", fixed.high or "" }
    target, corrected = target or cell.want ~= nil, corrected or cell.corrected ~= nil
  end
  local figure = { name = "coverage", rows = rows, header = { "cell", "parent", "count", "share", "low",
    "high", "want", "corrected", "corrected_low", "corrected_high" } }
  if #rows <= MOST_NAMED then
    figure.settings, figure.plot = bars(rows, "Kept items with a cell, percent"), bar_plot(4, 1)
    figure.height = bars_height(rows)
    if target then
      figure.plot = figure.plot .. (", '' using (100*$7):($0-0.42):(0):(0.84) skip 1 with vectors nohead"
        .. " lw 2 lc rgb '%s'"):format(RED)
    end
    if corrected then
      figure.plot = figure.plot .. (", '' using (100*$8):($0+0.25):(100*$9):(100*$10) skip 1 with xerrorbars"
        .. " pt 7 ps 0.3 lc rgb '%s'"):format(PURPLE)
    end
    return figure
  end
  table.sort(rows, function(a, b) return a[4] > b[4] end)
  figure.settings = "set xlabel 'Cells by rank'\nset ylabel 'Share of kept items'\nset yrange [0:*]"
  figure.plot = ("plot 'NAME.csv' using 0:5:6 skip 1 with filledcurves lc rgb '%s' notitle, '' using 0:4"
    .. " skip 1 with lines lw 2 lc rgb '%s' title 'share'"):format(BLUE, BLUE)
  if target then
    figure.plot = figure.plot .. (", '' using 0:7 skip 1 with points pt 7 ps 0.25 lc rgb '%s' title 'target'")
      :format(RED)
  end
  return figure
end

local function drops(arm)
  local rows = {}
  for i, row in ipairs(arm.dropped) do
    rows[i] = { csv.inert(row.reason), row.count, row.share, row.low, row.high }
  end
  return { name = "drops", header = { "reason", "count", "share", "low", "high" }, rows = rows,
    settings = bars(rows, "Drafts, percent"), plot = bar_plot(3, 1), height = bars_height(rows) }
end

local function variants(arm)
  local rows = {}
  for i, row in ipairs(arm.account.variants) do
    rows[i] = { csv.inert(row.variant), row.drafts, row.kept, row.share, row.low, row.high, row.tokens }
  end
  return { name = "variants", header = { "variant", "drafts", "kept", "share", "low", "high", "tokens" },
    rows = rows, settings = bars(rows, "Drafts kept, percent"), plot = bar_plot(4, 1),
    height = bars_height(rows) }
end

--- One row a score, and one for each of its categories.
local function scores(arm)
  local rows = {}
  local function add(score, category, found)
    if type(found.share) ~= "number" then return end
    local label = category and score.name .. ": " .. category or score.name
    rows[#rows + 1] = { csv.inert(label), found.share, found.interval[1], found.interval[2], found.judged,
      found.unknown, found.bounds[1], found.bounds[2] }
  end
  for _, score in ipairs(arm.scores) do
    add(score, nil, score)
    for _, category in ipairs(score.categories) do add(score, category.category, category) end
  end
  return { name = "scores", rows = rows, header = { "score", "share", "low", "high", "judged", "unknown",
    "lowest", "highest" }, settings = bars(rows, "Judged replies, percent"), plot = bar_plot(2, 1),
    height = bars_height(rows) }
end

local ALL = {
  coverage, cells_covered,
  over_rounds("evenness", "evenness", "Evenness", BLUE, "[0:1.02]"),
  over_rounds("distance", "distance", "Distance to target", BLUE, "[0:*]"),
  over_rounds("kept_share", "kept_share", "Kept of recent drafts", GREEN, "[0:1]"),
  new_cells, drops, variants, tokens, in_flight,
}

--- Of an evaluation of a model: its items are given, so how they spread says nothing.
local OF_EVALUATION = { scores, tokens, in_flight }

--- Whether a figure has anything to draw: a measure that the run does not have (no
--- target, no variants) makes none.
local function has_numbers(figure)
  local column = #figure.header == 5 and figure.header[4] == "low" and 3 or 1
  for _, row in ipairs(figure.rows) do
    if row[column] ~= "" then return true end
  end
  return false
end

--- The figures of a run.
---@param arm table From report/data.lua.
---@return table[] list `{ name, header, rows, script }`
function figures.of(arm)
  local list = {}
  for _, make in ipairs(arm.scores and OF_EVALUATION or ALL) do
    local figure = make(arm)
    if has_numbers(figure) then
      figure.script = gnuplot.script(figure)
      list[#list + 1] = figure
    end
  end
  return list
end

return figures

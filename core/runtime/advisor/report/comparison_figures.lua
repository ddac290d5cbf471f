--- The figures of a comparison: a curve over drafts for each measure that has one, and
--- the differences from the first arm; gnuplot.lua writes and draws them.
local compare = require("advisor.experiments.compare")
local csv = require("advisor.output.csv")
local gnuplot = require("advisor.report.gnuplot")

local figures = {}

--- Arms in turn; those beyond the last colour are dashed.
local COLOURS = { gnuplot.BLUE, gnuplot.RED, gnuplot.GREEN, gnuplot.PURPLE, gnuplot.ORANGE, gnuplot.SKY }

--- A measure in the words of an axis; that of an evaluation goes by its name.
local LABELS = { kept = "Items kept", yield = "Kept of drafts", cells = "Cells covered",
  cells_5 = "Cells with five items", evenness = "Evenness", distance = "Distance to target",
  distinct_2 = "Different word pairs", compression = "Compression ratio", tokens_per_kept = "Tokens a kept item",
  cost = "Cost" }

--- A measure's name as a part of a file's name and of gnuplot's script: an evaluation's
--- holds categories, which are texts.
local function plain(name) return (name:gsub("[^%w]+", "_")) end

local function label(measure) return LABELS[measure.name] or plain(measure.name):gsub("_", " ") end

--- Mean, low and high as fields; without an interval the last two are blank.
local function fields(found)
  return gnuplot.three(found and { value = found.mean, low = found.low, high = found.high })
end

--- The lines and bands of arms: of each its mean, low and high in columns of their own.
local function curves_plot(arms)
  local bands, lines = {}, {}
  for i in ipairs(arms) do
    local colour, column = COLOURS[(i - 1) % #COLOURS + 1], 3 * i - 1
    bands[i] = ("'NAME.csv' using 1:%d:%d skip 1 with filledcurves lc rgb '%s' notitle"):format(column + 1,
      column + 2, colour)
    lines[i] = ("'NAME.csv' using 1:%d with lines lw 2 lc rgb '%s' dt %d title columnheader(%d)"):format(column,
      colour, (i - 1) // #COLOURS % 5 + 1, column)
  end
  return "plot " .. table.concat(bands, ", ") .. ", " .. table.concat(lines, ", ")
end

local function curve(measure, arms)
  local header, rows, any = { "drafts" }, {}, false
  for _, arm in ipairs(arms) do
    local name = csv.inert(arm.name)
    table.move({ name, name .. " low", name .. " high" }, 1, 3, #header + 1, header)
  end
  for i, first in ipairs(arms[1].curve) do
    local row = { first.drafts }
    for _, arm in ipairs(arms) do
      local found = arm.curve[i][measure.name]
      any = any or found ~= nil
      table.move({ fields(found) }, 1, 3, #row + 1, row)
    end
    rows[i] = row
  end
  if not any then return nil end
  return { name = "curve_" .. plain(measure.name), header = header, rows = rows, height = 5.6 + 0.4 * #arms,
    settings = ("set xlabel 'Drafts'\nset ylabel '%s'\nset yrange [0:*]\n"
      .. "set key below left vertical maxcols 1 Left reverse"):format(label(measure)),
    plot = curves_plot(arms) }
end

--- An arm a line, the first on top; the line at 0 is the arm compared with.
local DIFFERENCES = [[
unset key
unset grid
set grid xtics lc rgb '#dddddd' lw 0.5
set border 1
set ytics scale 0
set yrange [LEAST:-0.6]
set xrange [*<0:0<*]
set offsets graph 0.04, graph 0.04, 0, 0
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#333333' lw 0.8]]

local function difference(measure, arms)
  local rows = {}
  for _, arm in ipairs(arms) do
    local found = arm.versus and arm.versus.measures[measure.name]
    if found then
      local mean, low, high = fields(found)
      rows[#rows + 1] = { csv.inert(arm.name), arm.versus.pairs, mean, low, high, found.effect or "", found.verdict }
    end
  end
  if #rows == 0 then return nil end
  return { name = "difference_" .. plain(measure.name), rows = rows, height = 1.8 + 0.5 * #rows,
    header = { "arm", "pairs", "difference", "low", "high", "effect", "verdict" },
    settings = DIFFERENCES:gsub("LEAST", ("%.1f"):format(#rows - 0.4))
      .. ("\nset xlabel '%s: difference from the first arm'"):format(label(measure)),
    plot = ("plot 'NAME.csv' using 3:0:ytic(1) skip 1 with points pt 7 ps 0.6 lc rgb '%s', '' using 3:0:4:5 skip 1"
      .. " with xerrorbars pt 7 ps 0.6 lw 1.5 lc rgb '%s'"):format(gnuplot.BLUE, gnuplot.BLUE) }
end

--- The figures of a comparison.
---@param found table As of `comparison.of`.
---@return table[] list `{ name, header, rows, script }`
function figures.of(found)
  local list, names, drawn = {}, {}, compare.drawn(found.arms)
  local function add(figure)
    if not figure then return end
    -- Names that are alike but for what a file's name cannot hold.
    names[figure.name] = (names[figure.name] or 0) + 1
    if names[figure.name] > 1 then figure.name = ("%s_no%d"):format(figure.name, names[figure.name]) end
    figure.script = gnuplot.script(figure)
    list[#list + 1] = figure
  end
  for _, measure in ipairs(found.measures) do
    if #drawn > 0 then add(curve(measure, drawn)) end
    add(difference(measure, found.arms))
  end
  return list
end

return figures

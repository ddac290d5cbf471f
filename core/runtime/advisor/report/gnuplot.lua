--- Figures for a paper: for each a CSV file with its numbers, a gnuplot script, and,
--- where gnuplot is there, an SVG and a PDF. No text of a run stands in a script:
--- gnuplot reads names from the CSV, as plain text.
local core = require("advisor_core")
local csv = require("advisor.output.csv")
local whole = require("advisor.output.whole")

local gnuplot = {}

--- Colours that people with any colour vision tell apart.
--- Source: Okabe and Ito 2008, Color Universal Design.
gnuplot.BLUE, gnuplot.RED, gnuplot.GREEN, gnuplot.PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
gnuplot.ORANGE, gnuplot.SKY = "#E69F00", "#56B4E9"

--- Width of a column of a paper, and a height to go with it, in cm.
local WIDTH, HEIGHT = 8.5, 5.6

local HEAD = [[
# Draws NAME.svg and NAME.pdf from NAME.csv: gnuplot NAME.gp
reset session
set encoding utf8
set datafile separator comma
set key noenhanced top right samplen 2
set border 3 lw 0.8
set tics nomirror out scale 0.6
set grid ytics lc rgb '#dddddd' lw 0.5
set style fill transparent solid 0.2 noborder
]]

local TAIL = [[
set terminal svg size SVG_WIDTH,SVG_HEIGHT dynamic noenhanced font 'Helvetica,12' background '#ffffff'
set output 'NAME.svg'
PLOT
set terminal pdfcairo size PDF_WIDTHcm,PDF_HEIGHTcm noenhanced font 'Helvetica,8' linewidth 1.2
set output 'NAME.pdf'
PLOT
set output
]]

--- The words of a script with its own in their places.
local function filled(template, words)
  return (template:gsub("%u[%u_]+", words))
end

--- The script that draws a figure.
---@param figure table `{ name, settings, plot, height }`: gnuplot's words, in which NAME stands for the
---name; `height` in cm, nil for the usual one.
---@return string
function gnuplot.script(figure)
  local height = figure.height or HEIGHT
  return filled(HEAD, { NAME = figure.name }) .. figure.settings .. "\n" .. filled(TAIL, {
    NAME = figure.name, PLOT = filled(figure.plot, { NAME = figure.name }), SVG_WIDTH = "520",
    SVG_HEIGHT = ("%.0f"):format(height / WIDTH * 520), PDF_WIDTH = tostring(WIDTH),
    PDF_HEIGHT = ("%.1f"):format(height),
  })
end

--- A measure of a point as three fields: value, low, high; blank where there is none.
---@param measure table|nil `{ value, low, high }`
---@return number|string value
---@return number|string low
---@return number|string high
function gnuplot.three(measure)
  if not measure then return "", "", "" end
  return measure.value or "", measure.low or "", measure.high or ""
end

--- A name as it may stand in a line of CSV that gnuplot reads.
local function one_line(value)
  return type(value) == "string" and value:gsub("%c+", " ") or value
end

local function write_one(path, source)
  local written, why = whole.file(path, true, function(file) return whole.write(file, path, source) end)
  if not written then error({ message = why }, 0) end
end

local function table_of(figure)
  local lines = {}
  local function add(row)
    local fields = {}
    for k, value in ipairs(row) do fields[k] = one_line(value) end
    lines[#lines + 1] = csv.line(fields)
  end
  add(figure.header)
  for _, row in ipairs(figure.rows) do add(row) end
  return table.concat(lines)
end

--- gnuplot needs no key of the user's, and has to write numbers with a point.
local function environment()
  return { "PATH=" .. (os.getenv("PATH") or "/usr/bin:/bin"), "HOME=" .. (os.getenv("HOME") or "/"),
    "LC_ALL=C.UTF-8" }
end

local MISSING = "gnuplot is not installed, so there are no SVG and PDF figures: apt-get install gnuplot-nox, "
  .. "then report again, or run 'gnuplot NAME.gp' in the folder figures"

--- Longer than any machine needs for a few dozen small figures.
local LIMIT_MS = 120000

--- Writes figures into a folder that is there. Must be called from a task.
---@param folder string
---@param list table[] `{ name, header, rows, script }`: `header` and `rows` are the CSV.
---@return string[] files The names of what is there now.
---@return string|nil note Why some are not.
function gnuplot.write(folder, list)
  local argv, files = { "gnuplot" }, {}
  for _, figure in ipairs(list) do
    write_one(("%s/%s.csv"):format(folder, figure.name), table_of(figure))
    write_one(("%s/%s.gp"):format(folder, figure.name), figure.script)
    argv[#argv + 1] = figure.name .. ".gp"
    files[#files + 1], files[#files + 2] = figure.name .. ".csv", figure.name .. ".gp"
  end
  if #list == 0 then return files, "there are no numbers to draw" end
  local done, why, code = core.system.run(argv, { folder = folder, environment = environment(),
    limit_ms = LIMIT_MS })
  if code == "ENOTFOUND" then return files, MISSING end
  if not done then return files, "gnuplot did not draw the figures: " .. why end
  if done.status ~= 0 or done.signal then
    return files, ("gnuplot failed (%s): %s"):format(done.signal and "signal " .. done.signal
      or "exit " .. done.status, done.errors:gsub("^%s+", ""):sub(1, 500))
  end
  for _, figure in ipairs(list) do
    files[#files + 1], files[#files + 2] = figure.name .. ".svg", figure.name .. ".pdf"
  end
  return files
end

return gnuplot

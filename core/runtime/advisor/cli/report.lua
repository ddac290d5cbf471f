local core = require("advisor_core")
local comparison = require("advisor.report.comparison")
local comparison_figures = require("advisor.report.comparison_figures")
local data = require("advisor.report.data")
local figures = require("advisor.report.figures")
local gnuplot = require("advisor.report.gnuplot")
local json = require("advisor.output.json")
local page = require("advisor.report.page")
local sweep = require("advisor.experiments.sweep")
local whole = require("advisor.output.whole")

local verb = {
  usage = "report RUN|SWEEP [-o FOLDER] [--open no] [--json]",
  summary = "Writes a run, or a sweep's comparison, as one page, report.html, and figures for a paper.",
  positional = { "RUN" },
  flags = {
    output = { short = "o", value = "FOLDER",
      doc = "Where report.html and figures/ go; default: the folder of the run or sweep." },
    open = { value = "yes|no", doc = "Show the page in a browser; default: only where a person sees this." },
    json = { doc = "One JSON object on standard output: the files, and what is missing." },
  },
  notes = "The page holds all it needs, asks no network, and needs no gnuplot. Figures are SVG, PDF,\n"
    .. "CSV and the gnuplot scripts that drew them. A report that is there already is replaced.\n"
    .. "A sweep's page leads to the reports of its runs that are there.",
}

local function stop(message)
  error({ message = message }, 0)
end

local function write_page(path, html)
  local written, why = whole.file(path, true, function(file) return whole.write(file, path, html) end)
  if not written then stop(why) end
  return #html
end

--- Shows the page, where a person sits before a screen; what fails there is no
--- failure of the report.
local function open(path)
  if not (os.getenv("DISPLAY") or os.getenv("WAYLAND_DISPLAY")) then return end
  core.system.run({ "xdg-open", assert(core.system.realpath(path)) }, { detached = true, keyless = true })
end

--- The page and the figures of a run.
local function of_run(run)
  local store, why = core.store.open(run, "read")
  if not store then stop(why) end
  local gathered = data.gather(store, run)
  store:close()
  return page.of({ gathered }), figures.of(gathered.arm)
end

--- The page and the figures of a sweep; links begin at the page's folder.
local function of_sweep(folder, page_folder)
  local found, why = comparison.of(folder, page_folder)
  if not found then stop(why) end
  return page.of_sweep(found), comparison_figures.of(found)
end

local function make_folder(path)
  local made, problem = core.system.make_folder(path)
  if not made then stop(problem) end
end

local function make(args)
  local folder = args.output or args.RUN
  local html, list
  if sweep.is(args.RUN) then
    make_folder(folder)
    html, list = of_sweep(args.RUN, folder)
  else
    html, list = of_run(args.RUN)
  end
  -- A run folder from somebody else may hold a link that leads elsewhere.
  local figures_folder = folder .. "/figures"
  local info = core.system.info(figures_folder)
  if info and info.link then stop(figures_folder .. " is a symbolic link: remove it, or name another -o") end
  make_folder(figures_folder)
  local path = folder .. "/report.html"
  local bytes = write_page(path, html)
  local files, note = gnuplot.write(folder .. "/figures", list)
  if args.json then
    io.stdout:write(json.line({ page = path, bytes = bytes, figures = folder .. "/figures",
      files = json.array(files), note = note or json.null }))
  else
    io.stdout:write(("%s (%.1f MB)\n%s/figures: %d files\n"):format(path, bytes / 1e6, folder, #files))
    if note then io.stderr:write("advisor report: ", note, "\n") end
  end
  local wanted = args.open or (not args.json and core.system.is_terminal(1) and "yes" or "no")
  if wanted == "yes" then open(path) end
  return 0
end

function verb.run(args)
  if args.open and args.open ~= "yes" and args.open ~= "no" then
    io.stderr:write(("advisor report: --open must be yes or no, not '%s'\n"):format(args.open))
    return 2
  end
  return core.loop.run(make, args)
end

return verb

local core = require("advisor_core")
local data = require("advisor.report.data")
local figures = require("advisor.report.figures")
local json = require("advisor.output.json")
local page = require("advisor.report.page")
local whole = require("advisor.output.whole")

local verb = {
  usage = "report RUN [-o FOLDER] [--open no] [--json]",
  summary = "Writes a run as one page, report.html, and figures for a paper.",
  positional = { "RUN" },
  flags = {
    output = { short = "o", value = "FOLDER", doc = "Where report.html and figures/ go; default: the run's folder." },
    open = { value = "yes|no", doc = "Show the page in a browser; default: only where a person sees this." },
    json = { doc = "One JSON object on standard output: the files, and what is missing." },
  },
  notes = "The page holds all it needs, asks no network, and needs no gnuplot. Figures are SVG, PDF,\n"
    .. "CSV and the gnuplot scripts that drew them. A report that is there already is replaced.",
}

local function stop(message)
  error({ message = message }, 0)
end

local function write_page(path, gathered)
  local html = page.of({ gathered })
  local written, why = whole.file(path, true, function(file) return whole.write(file, path, html) end)
  if not written then stop(why) end
  return #html
end

--- Shows the page, where a person sits before a screen; what fails there is no
--- failure of the report.
local function open(path)
  if not (os.getenv("DISPLAY") or os.getenv("WAYLAND_DISPLAY")) then return end
  core.system.run({ "xdg-open", assert(core.system.realpath(path)) }, { detached = true })
end

local function make(args)
  local store, why = core.store.open(args.RUN, "read")
  if not store then stop(why) end
  local gathered = data.gather(store, args.RUN)
  store:close()
  local folder = args.output or args.RUN
  local made, problem = core.system.make_folder(folder .. "/figures")
  if not made then stop(problem) end
  local path = folder .. "/report.html"
  local bytes = write_page(path, gathered)
  local files, note = figures.write(folder .. "/figures", figures.of(gathered.arm))
  if args.json then
    io.stdout:write(json.encode({ page = path, bytes = bytes, figures = folder .. "/figures",
      files = json.array(files), note = note or json.null }), "\n")
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

--- Puts the page together: the files in report/page with the data in them. Texts of
--- a run come into it as JSON only, which no browser takes for markup or code.
local core = require("advisor_core")
local json = require("advisor.output.json")

local page = {}

--- What stands in the places of page.html, and the scripts in the order in which they
--- build on each other.
local RUN = { kind = "report of a run", first = "coverage",
  keys = "Press <kbd>/</kbd> to search the items.",
  scripts = { "dom", "theme", "chart", "rows", "overview", "scores", "sections", "items", "main" } }
--- A run that is an evaluation of a model, by the same scripts.
local EVALUATION = { kind = "evaluation of a model", first = "scores", keys = RUN.keys, scripts = RUN.scripts }
local SWEEP = { kind = "comparison of the arms of a sweep", first = "measures",
  keys = "Arrow keys read the values of a chart that is chosen.",
  scripts = { "dom", "theme", "chart", "differences", "arms", "sweep" } }

--- A file of the page: it lies beside this one, wherever that was found.
local function part(name)
  local here = assert(package.searchpath("advisor.report.page", package.path))
  local path = here:gsub("page%.lua$", "page/" .. name)
  local file, why = io.open(path, "rb")
  if not file then error({ message = ("a file of the program is missing: %s"):format(why) }, 0) end
  local source = file:read("a")
  file:close()
  return source
end

--- JSON for a script element: without "<", nothing in it can end the element or
--- begin another one.
---@param value any
---@return string
function page.embedded(value)
  return (json.encode(value):gsub("<", "\\u003c"))
end

local function block(id, value)
  return ('<script type="application/json" id="%s">%s</script>'):format(id, page.embedded(value))
end

local function script(names)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = part(name .. ".js") end
  return "(() => {\n" .. table.concat(parts, "\n") .. "})();"
end

--- The page of a kind with its data: the first block, and the others after it.
local function assembled(kind, report, others)
  local values = { kind = kind.kind, first = kind.first, keys = kind.keys, css = part("page.css"),
    js = script(kind.scripts), report = page.embedded(report), columns = table.concat(others, "\n") }
  -- Scripts and styles run by this word only. A text that would name it had to hold
  -- the hash of all that is in the page, itself included.
  values.nonce = core.text.hash(values.report .. values.columns .. values.js)
  return (part("page.html"):gsub("{(%l+)}", values))
end

--- Makes the page of a run.
---@param gathered table[] One for each arm, from report/data.lua; the page shows the first.
---@return string html The same for the same data.
function page.of(gathered)
  local arms, columns = json.array({}), {}
  for i, each in ipairs(gathered) do
    arms[i] = each.arm
    columns[#columns + 1] = block(("items-%d"):format(i - 1), each.items)
    columns[#columns + 1] = block(("calls-%d"):format(i - 1), each.calls)
  end
  return assembled(arms[1].scores and EVALUATION or RUN, { arms = arms }, columns)
end

--- Makes the page of a sweep.
---@param found table From report/comparison.lua.
---@return string html The same for the same data.
function page.of_sweep(found)
  return assembled(SWEEP, found, {})
end

return page

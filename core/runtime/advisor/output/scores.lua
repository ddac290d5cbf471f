--- Scores of an evaluation in words.
local columns = require("advisor.output.columns")
local options = require("advisor.host.options")
local printable = require("advisor.output.text").printable
local scoring = require("advisor.engine.scoring")

local scores = {}

local function share(value)
  return type(value) == "number" and ("%.3f"):format(value) or "-"
end

local function range(pair) return ("%.3f to %.3f"):format(pair[1], pair[2]) end

--- The cells of one row of figures.
local function cells_of(name, found)
  local row = { printable(name), share(found.share), range(found.interval), tostring(found.judged),
    tostring(found.unknown), range(found.bounds) }
  return row
end

--- What the columns do not say.
local function remarks(lines, found)
  if found.unknown > 0 then
    local parts = {}
    for i, why in ipairs(options.sorted_keys(found.unknown_of)) do
      parts[i] = ("%s %d"):format(printable(why), found.unknown_of[why])
    end
    lines[#lines + 1] = ("  unknown of %s: %s"):format(scoring.name(found), table.concat(parts, ", "))
  end
  if found.guessed > 0 then
    lines[#lines + 1] = ("  guessed in %s: %d"):format(scoring.name(found), found.guessed)
  end
  if found.open > 0 then
    lines[#lines + 1] = ("  without a reply yet in %s: %d"):format(scoring.name(found), found.open)
  end
end

--- Lines of a table.
---@param list table[] As `scoring.of` gives it.
---@param with_categories boolean|nil
---@return string[]
function scores.lines(list, with_categories)
  local rows = { { "score", "share", "95 % interval", "judged", "unknown", "bounds" } }
  for _, found in ipairs(list) do
    rows[#rows + 1] = cells_of(scoring.name(found), found)
    for _, category in ipairs(with_categories and found.categories or {}) do
      rows[#rows + 1] = cells_of("  " .. category.category, category)
    end
  end
  local lines = {}
  columns.add(lines, rows)
  for _, found in ipairs(list) do remarks(lines, found) end
  return lines
end

--- One line for the end of a run.
---@param list table[]
---@return string
function scores.short(list)
  local parts = {}
  for i, found in ipairs(list) do parts[i] = ("%s %s"):format(scoring.name(found), share(found.share)) end
  return "scores: " .. table.concat(parts, "; ")
end

return scores

--- What a merge made, in words.
local account = require("advisor.output.account")
local columns = require("advisor.output.columns")
local options = require("advisor.host.options")
local printable = require("advisor.output.text").printable

local function reasons_of(runs)
  local seen = {}
  for _, run in ipairs(runs) do
    for reason in pairs(run.dropped) do seen[reason] = true end
  end
  return options.sorted_keys(seen)
end

local function add_runs(lines, runs)
  local reasons = reasons_of(runs)
  local rows = { { "run", "items", "kept", table.unpack(reasons) } }
  for _, run in ipairs(runs) do
    local row = { ("%s (%s, seed %s)"):format(printable(run.folder), printable(run.name), run.seed),
      tostring(run.items), tostring(run.kept) }
    for _, reason in ipairs(reasons) do row[#row + 1] = tostring(run.dropped[reason] or 0) end
    if run.state ~= "done" then row.after = run.state end
    rows[#rows + 1] = row
  end
  columns.add(lines, rows)
end

--- The cells that held fewer than the mix asked for.
local function add_short(lines, cells)
  local rows, lacking = { { "cell", "wanted", "there" } }, 0
  for _, cell in ipairs(cells) do
    if cell.have < cell.want then
      rows[#rows + 1] = { printable(cell.cell), tostring(cell.want), tostring(cell.have) }
      lacking = lacking + cell.want - cell.have
    end
  end
  if lacking == 0 then return end
  lines[#lines + 1] = ("%d fewer than asked for: %d of %d cells hold too few"):format(lacking, #rows - 1, #cells)
  columns.add(lines, rows)
end

local function sums_of(runs)
  local items, kept, dropped = 0, 0, {}
  for _, run in ipairs(runs) do
    items, kept = items + run.items, kept + run.kept
    for reason, n in pairs(run.dropped) do dropped[reason] = (dropped[reason] or 0) + n end
  end
  return items, kept, dropped
end

--- What `advisor merge` prints.
---@param made table As of `merging.write`, with `digest`.
---@return string
return function(made)
  local items, kept, dropped = sums_of(made.runs)
  local lines = { ("%s: %d of %d items of %d runs kept; dropped: %s"):format(printable(made.run), kept, items,
    #made.runs, account.listed(dropped)) }
  add_runs(lines, made.runs)
  if not made.same_taxonomy then
    lines[#lines + 1] = "the runs' taxonomies differ: the data set has the cells of all, by name"
  end
  if made.cells then add_short(lines, made.cells) end
  lines[#lines + 1] = "digest " .. made.digest
  return table.concat(lines, "\n") .. "\n"
end

--- The account of a run in words: the end of `run` and `resume`, and `status`.
local columns = require("advisor.output.columns")
local options = require("advisor.host.options")
local printable = require("advisor.output.text").printable
local quality = require("advisor.output.quality")
local scores = require("advisor.output.scores")

local account = {}

--- Cells that `status` names where it does not show all.
local THINNEST = 5

--- "a 1, b 2" of counts by name, in order of names; "none" without any.
---@param counts table<string, integer>
---@return string
function account.listed(counts)
  local parts = {}
  for _, name in ipairs(options.sorted_keys(counts)) do
    parts[#parts + 1] = ("%s %d"):format(printable(name), counts[name])
  end
  return #parts > 0 and table.concat(parts, ", ") or "none"
end

--- The sum of counts by name.
---@param counts table<string, integer>
---@return integer
function account.total(counts)
  local total = 0
  for _, n in pairs(counts) do total = total + n end
  return total
end

--- Money in words; what is not known is not 0.
---@param cost any A number, or anything else where it is unknown.
---@return string
function account.money(cost)
  return type(cost) == "number" and ("cost %.4f"):format(cost) or "cost unknown"
end

--- Why a run ended whose record does not say so.
local WITHOUT_WORDS = {
  running = "the run goes on", stopped = "the process ended before the run did",
}

local function headline(found)
  local why = found.why or WITHOUT_WORDS[found.state] or found.state
  if found.accept then
    return ("kept %d of %d asked: %s"):format(found.kept, found.accept, printable(why))
  end
  return ("kept %d: %s"):format(found.kept, printable(why))
end

local function unknown_of(found)
  local attempts, verdicts = found.unknown_attempts, account.total(found.unknown_verdicts)
  return ("unknown: attempts %d%s; verdicts of checks %d%s"):format(attempts,
    attempts > 0 and " (possibly paid)" or "", verdicts,
    verdicts > 0 and (" (%s)"):format(account.listed(found.unknown_verdicts)) or "")
end

local function tokens_of(found)
  local uncounted = found.uncounted_replies
  return ("tokens: %d prompt, %d completion%s"):format(found.tokens.prompt, found.tokens.completion,
    uncounted > 0 and (" (the server counted none for %d replies)"):format(uncounted) or "")
end

--- The same of a data set that was merged: it made no drafts and no calls of its own.
local function closing_merged(found)
  local sum, lines = { calls = 0, prompt = 0, completion = 0, money = 0 }, {
    headline(found),
    ("items of these runs: %d; %d kept, %d dropped"):format(found.drafts, found.kept,
      account.total(found.dropped)),
    "dropped: " .. account.listed(found.dropped),
  }
  for _, run in ipairs(found.merged_from.runs) do
    lines[#lines + 1] = ("  %s (%s, seed %s): %d of %d items"):format(printable(run.folder),
      printable(run.name), run.seed, run.kept, run.items)
    for _, key in ipairs({ "calls", "prompt", "completion" }) do sum[key] = sum[key] + run.paid[key] end
    sum.money = sum.money and run.paid.money and sum.money + run.paid.money
  end
  lines[#lines + 1] = ("calls of these runs: %d; tokens: %d prompt, %d completion; %s"):format(sum.calls,
    sum.prompt, sum.completion, account.money(sum.money))
  if next(found.responses) then
    lines[#lines + 1] = "responses: " .. account.listed(found.responses)
  end
  return table.concat(lines, "\n")
end

--- The last words on a run: never a silent shortfall.
---@param found table As `account.of` in engine/account.lua gives it.
---@return string Some lines, without a line end after the last one.
function account.closing(found)
  if type(found.merged_from) == "table" then return closing_merged(found) end
  local asked = found.rounds_asked and " of " .. found.rounds_asked or ""
  local reused = found.reused > 0 and (", %d answered by other runs"):format(found.reused) or ""
  local lines = {
    headline(found),
    ("rounds: %d%s made, %d failed"):format(found.rounds, asked, found.failed_rounds),
    ("drafts: %d asked, %d made, %d lost; %d kept, %d dropped, %d surplus"):format(
      found.drafts_asked, found.drafts, found.drafts_lost, found.kept,
      account.total(found.dropped), found.surplus),
    "dropped: " .. account.listed(found.dropped),
    unknown_of(found),
    ("calls: %d in %d attempts%s%s; %s; %s"):format(found.calls, found.attempts, reused,
      found.in_flight > 0 and (", %d in flight"):format(found.in_flight) or "", tokens_of(found),
      account.money(found.cost)),
  }
  if type(found.forked_from) == "table" then
    lines[#lines + 1] = ("forked from %s after round %d, whose calls are part of these"):format(
      printable(found.forked_from.run), found.forked_from.round)
  end
  if next(found.responses) then
    lines[#lines + 1] = "responses: " .. account.listed(found.responses)
  end
  if type(found.scores) == "table" then lines[#lines + 1] = scores.short(found.scores) end
  return table.concat(lines, "\n")
end

--- The cells that lie furthest below what is wanted of them, an even share where
--- nothing is said.
local function thinnest(cells)
  local order = {}
  for i, cell in ipairs(cells) do
    local want = cell.want or 1 / #cells
    order[i] = { cell = cell, at = i, filled = want > 0 and cell.share / want or math.huge }
  end
  table.sort(order, function(a, b)
    if a.filled ~= b.filled then return a.filled < b.filled end
    return a.at < b.at
  end)
  local list = {}
  for i = 1, math.min(THINNEST, #order) do list[i] = order[i].cell end
  return list
end

local INTERVAL = "%.3f to %.3f"

local function add_coverage(lines, coverage, all)
  lines[#lines + 1] = ("coverage: %d of %d cells hold items; items: %d in cells, %d unlabelled")
    :format(coverage.covered, #coverage.cells, coverage.total, coverage.unlabelled)
  if #coverage.cells == 0 then return end
  local head = { all and "cell" or "thinnest cells", "items", "share", "95 % interval" }
  local rows = { quality.add_head(head, coverage) }
  for _, cell in ipairs(all and coverage.cells or thinnest(coverage.cells)) do
    rows[#rows + 1] = quality.add_corrected({ printable(cell.cell), tostring(cell.count),
      ("%.3f"):format(cell.share), INTERVAL:format(cell.low, cell.high) }, cell)
  end
  columns.add(lines, rows)
end

local function add_gaps(lines, gaps)
  lines[#lines + 1] = ("gaps that round %d saw: %d%s"):format(gaps.round, gaps.count,
    gaps.count > 0 and (" (%s)"):format(account.listed(gaps.by_principle)) or "")
end

local function add_decontamination(lines, found)
  local parts = {}
  for i, each in ipairs(found.references) do
    parts[i] = ("%s %d%s"):format(each.name, each.hits,
      each.hits > 0 and (" (%s)"):format(account.listed(each.kinds)) or "")
  end
  lines[#lines + 1] = ("decontamination: %d hits%s: %s"):format(found.hits,
    type(found.drafts) == "number" and (" in %d drafts compared"):format(found.drafts) or "",
    table.concat(parts, "; "))
end

local function add_variants(lines, variants)
  local rows = { { "prompt variant", "drafts", "kept", "share", "95 % interval", "tokens",
    after = "dropped" } }
  for _, each in ipairs(variants) do
    rows[#rows + 1] = { printable(each.variant), tostring(each.drafts), tostring(each.kept),
      ("%.3f"):format(each.share), INTERVAL:format(each.low, each.high), tostring(each.tokens),
      after = account.listed(each.reasons) }
  end
  columns.add(lines, rows)
end

--- Where a run stands.
---@param folder string
---@param found table As `account.of` in engine/account.lua gives it.
---@param all_cells boolean|nil Show all cells and not only the thinnest ones.
---@return string Lines with their ends.
function account.status(folder, found, all_cells)
  local lines = { ("%s: %s"):format(folder, found.state), account.closing(found) }
  if type(found.coverage) == "table" then add_coverage(lines, found.coverage, all_cells) end
  if type(found.quality) == "table" then quality.add_lines(lines, found.quality, found.coverage) end
  if type(found.gaps) == "table" then add_gaps(lines, found.gaps) end
  if type(found.decontamination) == "table" then add_decontamination(lines, found.decontamination) end
  if type(found.scores) == "table" then
    for _, line in ipairs(scores.lines(found.scores, all_cells)) do lines[#lines + 1] = line end
  end
  if #found.variants > 0 then add_variants(lines, found.variants) end
  lines[#lines + 1] = "digest " .. found.digest
  return table.concat(lines, "\n") .. "\n"
end

return account

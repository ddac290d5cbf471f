--- Rows whose labels people gave, as an experiment names them: `coverage.check`,
--- on which the labeller is measured, and `calibration`, on which principles are.
local options = require("advisor.host.options")
local rows = require("advisor.output.rows")
local seeds = require("advisor.engine.seeds")
local text = require("advisor.output.text")

local known_rows = {}

--- The texts that a labeller learns from, by normalised text.
local function learned_from(taxonomy, examples)
  local learned = {}
  for i, example in ipairs(examples) do
    learned[text.normalize(example.text)] = ("coverage.examples %d"):format(i)
  end
  for _, cell in ipairs(taxonomy.cells) do
    for _, example in ipairs(cell.examples or {}) do
      if type(example) == "string" then
        learned[text.normalize(example)] = ("the examples of the cell '%s'"):format(cell.name)
      end
    end
  end
  return learned
end

local function known_cells(taxonomy)
  local known = { [""] = true }
  for _, cell in ipairs(taxonomy.cells) do known[cell.name] = true end
  return known
end

--- What keeps texts from being a check: a text that the labeller has learned from,
--- or a cell that there is not.
---@param check { text: string, cell: string }[]
---@param lines integer[]|nil Lines of the file that they came from.
---@param coverage { taxonomy: table, examples: table[] }
---@return string|nil problem
local function problem_of(check, lines, coverage)
  local learned = learned_from(coverage.taxonomy, coverage.examples)
  local known = not coverage.taxonomy.open and known_cells(coverage.taxonomy)
  for i, row in ipairs(check) do
    local where = lines and ("row %d (line %d)"):format(i, lines[i]) or "row " .. i
    local same = learned[text.normalize(row.text)]
    if same then
      return ("%s is also %s: a check must be kept aside from what the labeller learns from; "
        .. "take it out of one of them"):format(where, same)
    end
    if row.target ~= nil and type(row.target) ~= "string" then
      return where .. ": target must be text"
    end
    if known and not known[row.cell] then
      return ("%s: the taxonomy has no cell '%s'; \"\" stands for none"):format(where, row.cell)
    end
  end
  return nil
end

--- Loads `coverage.check`: given as `coverage.examples` are, where a cell "" stands
--- for a text that belongs to none, and `target` is what a draft's advice would be.
---@param given any
---@param folders string[]
---@param coverage { taxonomy: table, examples: table[] }
---@return { text: string, cell: string, target: string|nil }[]|nil check Empty where none is given.
---@return string|nil problem
function known_rows.check(given, folders, coverage)
  local check, problem, lines = seeds.load_examples(given, folders)
  if not check then return nil, problem end
  problem = problem_of(check, lines, coverage)
  if problem then return nil, problem end
  return check
end

--- The keys of an element of `calibration`.
known_rows.keys = {
  principle = { type = "string", doc = "The name of one of the experiment's principles." },
  which = { type = "integer", min = 1,
    doc = "Which of the principles of that name, where there are several." },
  file = { type = "string", doc = "Labelled rows, .csv with a header line or .jsonl." },
  text = { type = "string", default = "text", doc = "The field with the text." },
  label = { type = "string", default = "label", doc = "The field with the label." },
  target = { type = "string", doc = "The field that serves as the item's target." },
  positive = { type = "list", doc = "Labels that the principle should fail." },
  min_kappa = { type = "number", min = -1, max = 1,
    doc = "Cohen's kappa below which the run pauses before its first round." },
}

--- The position in `principles` of the one that is meant.
local function position_of(given, principles)
  local found = {}
  for i, used in ipairs(principles) do
    if used.name == given.principle then found[#found + 1] = i end
  end
  local name = tostring(given.principle)
  if #found == 0 then return nil, ("principle: '%s' is not among the principles"):format(name) end
  if #found > 1 and not given.which then
    return nil, ("which: '%s' stands %d times among the principles; say which one, 1 to %d")
      :format(name, #found, #found)
  end
  local position = found[given.which or 1]
  if not position then
    return nil, ("which: '%s' stands %d times among the principles"):format(name, #found)
  end
  if principles[position].level ~= "item" then
    return nil, ("principle: '%s' looks at the whole data set; only principles of level item "
      .. "can be calibrated"):format(name)
  end
  return position
end

local function read_rows(path, given)
  local list, why = rows.read(path)
  if not list then return nil, "file: " .. why end
  local read, seen = {}, {}
  for i, row in ipairs(list) do
    read[i] = { line = row.line }
    for _, name in ipairs({ "text", "label", "target" }) do
      local problem
      if given[name] then read[i][name], problem = rows.text(path, row, given[name]) end
      if problem then return nil, ("%s: %s"):format(name, problem) end
    end
    seen[read[i].label] = true
  end
  for _, label in ipairs(given.positive) do
    if not seen[label] then
      return nil, ("positive: no row of %s has the label '%s'; there are: %s"):format(path,
        tostring(label), table.concat(options.sorted_keys(seen), ", "))
    end
  end
  return read
end

--- Resolves one element of `calibration`.
---@param raw any
---@param principles { name: string, level: string }[] The experiment's, resolved.
---@param folders string[] Where files are looked for.
---@return table|nil calibration `{ principle, position, file, positive, min_kappa, rows }`; rows are
--- `{ line, text, label, target }`.
---@return string[] problems Each begins with a key.
function known_rows.calibration(raw, principles, folders)
  if type(raw) ~= "table" then return nil, { "must be a table { principle =, file =, positive = }" } end
  local given, problems = options.fill(known_rows.keys, raw)
  for _, key in ipairs({ "principle", "file", "positive" }) do
    if given[key] == nil then problems[#problems + 1] = key .. ": is missing" end
  end
  if #problems > 0 then return nil, problems end
  local position, problem = position_of(given, principles)
  if not position then return nil, { problem } end
  local path, list
  path, problem = rows.find(given.file, folders)
  if not path then return nil, { "file: " .. problem } end
  list, problem = read_rows(path, given)
  if not list then return nil, { problem } end
  return { principle = given.principle, position = position, file = given.file,
    positive = given.positive, min_kappa = given.min_kappa, rows = list }, {}
end

return known_rows

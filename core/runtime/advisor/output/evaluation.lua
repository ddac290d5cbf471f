--- What `advisor eval` found, as text and as one JSON object.
local json = require("advisor.output.json")
local printable = require("advisor.output.text").printable

local evaluation = {}

local MOST_CONFUSIONS = 10

local function rounded(value)
  return value and math.floor(value * 1e6 + 0.5) / 1e6 or json.null
end

local function shown(value)
  return value and ("%.3f"):format(value) or "  -  "
end

local function class_object(class)
  return { label = class.name, wanted = class.wanted, given = class.given, hits = class.hits,
    precision = rounded(class.precision), recall = rounded(class.recall), f1 = rounded(class.f1) }
end

local function confusion_object(cell)
  return { wanted = cell.wanted, given = cell.given or json.null, count = cell.count }
end

local function each(list, fn)
  local made = {}
  for i, element in ipairs(list) do made[i] = fn(element) end
  return json.array(made)
end

--- The figures of an agreement, for programs. Those that have no value are null.
---@param found table From `agreement.measure`.
---@return table
function evaluation.figures(found)
  return {
    accuracy = rounded(found.accuracy),
    accuracy_interval = json.array({ rounded(found.low), rounded(found.high) }),
    macro_f1 = rounded(found.macro_f1), kappa = rounded(found.kappa),
    classes = each(found.classes, class_object),
    confusion = each(found.confusion, confusion_object),
  }
end

--- The whole of it, for programs. Figures that have no value are null.
---@param result table From `advisor eval`.
---@return table
function evaluation.object(result)
  local found = result.measured
  local object = evaluation.figures(found)
  object.what, object.name, object.data = result.what, result.name, result.data
  object.options, object.rows, object.run = result.options, result.rows, result.run or json.null
  if result.unknown then
    object.positive, object.by_label = json.array(result.positive), result.by_label
    object.unknown = result.unknown.fail + result.unknown.pass
    object.unknown_of = { positive = result.unknown.fail, negative = result.unknown.pass }
  else
    object.examples, object.cells, object.unlabelled = result.examples, result.cells, found.missing
    object.unlabelled_share = rounded(result.missing.share)
    object.unlabelled_interval = json.array({ rounded(result.missing.low),
      rounded(result.missing.high) })
  end
  return object
end

local function add_classes(lines, classes, names)
  local width = 5
  for _, class in ipairs(classes) do width = math.max(width, #(names[class.name] or class.name)) end
  local row = "%-" .. width .. "s  %6s  %6s  %9s  %6s  %6s"
  lines[#lines + 1] = row:format("class", "wanted", "given", "precision", "recall", "F1")
  for _, class in ipairs(classes) do
    lines[#lines + 1] = row:format(printable(names[class.name] or class.name), class.wanted,
      class.given, shown(class.precision), shown(class.recall), shown(class.f1))
  end
end

local function add_summary(lines, found)
  lines[#lines + 1] = ("macro-F1 %s, accuracy %s (95 %% interval %.3f to %.3f), Cohen's kappa %s")
    :format(shown(found.macro_f1), shown(found.accuracy), found.low, found.high, shown(found.kappa))
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function add_verdicts(lines, result)
  local positive = {}
  for _, name in ipairs(result.positive) do positive[name] = true end
  local row = "%-28s  %-9s  %6s  %6s  %7s"
  lines[#lines + 1] = row:format("label", "should", "fail", "pass", "unknown")
  for _, name in ipairs(sorted_keys(result.by_label)) do
    local counts = result.by_label[name]
    lines[#lines + 1] = row:format(printable(name), positive[name] and "fail" or "pass",
      counts.fail, counts.pass, counts.unknown)
  end
  lines[#lines + 1] = ""
  add_classes(lines, result.measured.classes, { fail = "should fail", pass = "should pass" })
  lines[#lines + 1] = ""
  add_summary(lines, result.measured)
  lines[#lines + 1] = ("unknown: %d of %d rows, in no figure above"):format(
    result.unknown.fail + result.unknown.pass, result.rows)
end

local function add_labels(lines, result)
  local found = result.measured
  add_classes(lines, found.classes, {})
  local wrong = {}
  for _, cell in ipairs(found.confusion) do
    if cell.given and cell.given ~= cell.wanted then wrong[#wrong + 1] = cell end
  end
  table.sort(wrong, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    if a.wanted ~= b.wanted then return a.wanted < b.wanted end
    return a.given < b.given
  end)
  if #wrong > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "most frequent mistakes"
  end
  for i = 1, math.min(#wrong, MOST_CONFUSIONS) do
    lines[#lines + 1] = ("%5d  %s -> %s"):format(wrong[i].count, printable(wrong[i].wanted),
      printable(wrong[i].given))
  end
  lines[#lines + 1] = ""
  add_summary(lines, found)
  local missing = result.missing
  lines[#lines + 1] = ("without a label: %d of %d rows (%.3f, 95 %% interval %.3f to %.3f), "
    .. "counted as wrong"):format(found.missing, result.rows, missing.share, missing.low,
    missing.high)
end

--- The figures for people.
---@param result table
---@return string
function evaluation.text(result)
  local given = result.examples
    and (", %d examples, %d cells"):format(result.examples, result.cells) or ""
  local lines = { ("%s %s on %d rows of %s%s"):format(result.what, result.name, result.rows,
    result.data, given), "" }
  local add = result.unknown and add_verdicts or add_labels
  add(lines, result)
  if result.run then lines[#lines + 1] = "calls are recorded in " .. result.run end
  return table.concat(lines, "\n") .. "\n"
end

return evaluation

--- How well given labels agree with wanted ones: accuracy, precision, recall, F1
--- and Cohen's kappa. A label that could not be given is nil.
local intervals = require("advisor.measure.intervals")

local agreement = {}

local NONE = {} -- Stands for "no label" among the given ones.

local function ratio(part, whole)
  return whole > 0 and part / whole or nil
end

--- Counts `counts[wanted][given]`, and the sums of its rows and columns.
local function count(pairs_given)
  local counts, rows, columns = {}, {}, {}
  for _, pair in ipairs(pairs_given) do
    local want, got = pair[1], pair[2]
    if got == nil then got = NONE end
    counts[want] = counts[want] or {}
    counts[want][got] = (counts[want][got] or 0) + 1
    rows[want], columns[got] = (rows[want] or 0) + 1, (columns[got] or 0) + 1
  end
  return counts, rows, columns
end

local function classes_of(rows, columns)
  local seen, names = {}, {}
  for _, sums in ipairs({ rows, columns }) do
    for name in pairs(sums) do
      if name ~= NONE and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

--- Precision, recall and their harmonic mean F1 = 2 hits / (wanted + given); nil
--- where there is nothing to divide by.
local function measure_class(name, counts, rows, columns)
  local wanted, given = rows[name] or 0, columns[name] or 0
  local hits = counts[name] and counts[name][name] or 0
  return { name = name, wanted = wanted, given = given, hits = hits, precision = ratio(hits, given),
    recall = ratio(hits, wanted), f1 = ratio(2 * hits, wanted + given) }
end

--- Cohen's kappa: (p - e) / (1 - e), with p the share of agreement and e what
--- chance would give, the sum over classes of the products of both shares.
--- Source: Cohen 1960, Educational and Psychological Measurement 20:37-46.
--- Nil where chance alone agrees always.
local function kappa(hits, total, names, rows, columns)
  local chance = 0
  for _, name in ipairs(names) do
    chance = chance + (rows[name] or 0) * (columns[name] or 0) / (total * total)
  end
  if 1 - chance < 1e-12 then return nil end
  return (hits / total - chance) / (1 - chance)
end

--- Macro-F1 is the plain mean over the classes that are wanted somewhere.
local function macro_f1(classes)
  local sum, n = 0, 0
  for _, class in ipairs(classes) do
    if class.wanted > 0 then sum, n = sum + (class.f1 or 0), n + 1 end
  end
  return ratio(sum, n)
end

--- Pairs that differ are listed, most frequent first.
local function list_of(counts, names)
  local cells = {}
  for _, want in ipairs(names) do
    for _, got in ipairs(names) do
      local n = counts[want] and counts[want][got]
      if n then cells[#cells + 1] = { wanted = want, given = got, count = n } end
    end
    local none = counts[want] and counts[want][NONE]
    if none then cells[#cells + 1] = { wanted = want, count = none } end
  end
  return cells
end

--- Measures a list of pairs. A missing label counts as wrong in accuracy, recall
--- and kappa, and in no class's precision.
---@param pairs_given { [1]: string, [2]: string? }[] Wanted and given label.
---@return table measured `{ total, hits, missing, accuracy, low, high, kappa, macro_f1, classes,
--- confusion }`: classes are `{ name, wanted, given, hits, precision, recall, f1 }` in order of
--- name, confusion a list of `{ wanted, given, count }`, low and high Wilson's interval (95 %).
function agreement.measure(pairs_given)
  local counts, rows, columns = count(pairs_given)
  local names, hits, total = classes_of(rows, columns), 0, #pairs_given
  local classes = {}
  for i, name in ipairs(names) do
    classes[i] = measure_class(name, counts, rows, columns)
    hits = hits + classes[i].hits
  end
  local low, high = intervals.wilson(hits, total)
  return {
    total = total, hits = hits, missing = columns[NONE] or 0, accuracy = ratio(hits, total),
    low = low, high = high, kappa = total > 0 and kappa(hits, total, names, rows, columns) or nil,
    macro_f1 = macro_f1(classes), classes = classes, confusion = list_of(counts, names),
  }
end

return agreement

--- A principle or a labeller over labelled rows, and how well it does on them:
--- what `advisor eval` and a run's check of its own scripts share.
local agreement = require("advisor.measure.agreement")
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")
local stages = require("advisor.engine.stages")

local labelled = {}

--- Rows that are checked at once.
local CHUNK = 256

--- Where the lanes of the calls belong.
---@class advisor.Place
---@field round integer
---@field stage string
---@field path string|nil Put in front of each lane's path.
---@field batch integer|nil Most rows that a labeller sees at once; nil: all.

local function path_of(place, number)
  return place.path and place.path .. "." .. number or tostring(number)
end

--- Calls a script's entry in a lane of its own.
---@return boolean ok
---@return any ... What it returned, or the message.
local function call(run, used, place, number, ...)
  local lane = sandbox.lane({ run = run, round = place.round, stage = place.stage,
    path = path_of(place, number), script = used.name })
  local ok, script = sandbox.instantiate(lane, used.script.code, used.script.extra)
  if not ok then return false, script end
  return sandbox.call(lane, script.run or script.check, run.context, ...)
end

local function fail(used, row, message)
  local where = row and row.line and (" on line %d"):format(row.line) or ""
  error({ failed = stages.Failed,
    message = ("%s failed%s: %s"):format(used.name, where, tostring(message)) }, 0)
end

local VERDICTS = { pass = true, fail = true, unknown = true }

local function check(run, used, place, number, row)
  local ok, verdict = call(run, used, place, number, readonly.view(row.item),
    readonly.view(used.options))
  if not ok then fail(used, row, verdict) end
  if verdict == nil then return "unknown" end
  if not VERDICTS[verdict] then
    fail(used, row, "the verdict must be 'pass', 'fail' or 'unknown'")
  end
  return verdict
end

--- The verdict of a principle of level "item" on each row. A script that fails
--- raises `{ failed = stages.Failed, message }`.
---@param run table
---@param used table `{ name, script, options }`
---@param rows { line: integer, item: table }[]
---@param place advisor.Place
---@return string[] verdicts "pass", "fail" or "unknown".
function labelled.verdicts(run, used, rows, place)
  local verdicts = {}
  for first = 1, #rows, CHUNK do
    run:parallel(math.min(CHUNK, #rows - first + 1), function(i)
      local number = first + i - 1
      verdicts[number] = check(run, used, place, number, rows[number])
    end)
  end
  return verdicts
end

--- A labeller's options as it gets them: its own, the cells and the examples.
---@param used table `{ name, options }`
---@param cells table[]
---@param examples { text: string, cell: string }[]
---@return table view
function labelled.options(used, cells, examples)
  local options = { taxonomy = { cells = cells }, examples = examples }
  for key, value in pairs(used.options) do options[key] = value end
  return readonly.view(options)
end

local function label_batch(run, used, place, number, batch, options)
  local items = {}
  for i, row in ipairs(batch) do items[i] = row.item end
  local ok, cells, why = call(run, used, place, number, readonly.view(items), options)
  if not ok then fail(used, nil, cells) end
  local labels, problem = readonly.plain(cells, "labels")
  if type(labels) ~= "table" then
    fail(used, nil, problem or why or "it must return a list of cells")
  end
  for i, row in ipairs(batch) do
    local label = labels[i]
    if label and type(label) ~= "string" then
      fail(used, row, "a label must be a cell's name or false")
    end
  end
  return labels
end

--- The cell of each row, or false. A script that fails raises
--- `{ failed = stages.Failed, message }`.
---@param run table
---@param used table `{ name, script, options }`
---@param rows { line: integer, item: table }[]
---@param options table From `labelled.options`.
---@param place advisor.Place
---@return (string|false)[] cells
function labelled.labels(run, used, rows, options, place)
  local size, labels = math.max(1, place.batch or #rows), {}
  run:parallel((#rows + size - 1) // size, function(number)
    local first = (number - 1) * size
    local batch = table.move(rows, first + 1, math.min(first + size, #rows), 1, {})
    local given = label_batch(run, used, place, number, batch, options)
    for i = 1, #batch do labels[first + i] = given[i] or false end
  end)
  return labels
end

--- How a labeller's answers agree with the rows' labels.
---@param rows { label: string }[]
---@param labels (string|false)[]
---@return table measured As `agreement.measure` gives it.
function labelled.agreement(rows, labels)
  local pairs_given = {}
  for i, row in ipairs(rows) do pairs_given[i] = { row.label, labels[i] or nil } end
  return agreement.measure(pairs_given)
end

--- How a principle's verdicts agree with the rows' labels. A row without a verdict
--- is `unknown`: counted apart, in no other figure.
---@param rows { label: string }[]
---@param verdicts string[]
---@param positive table<string, boolean> Labels that the principle should fail.
---@return { measured: table, unknown: { fail: integer, pass: integer }, by_label: table }
function labelled.judged(rows, verdicts, positive)
  local answered, by_label, unknown = {}, {}, { fail = 0, pass = 0 }
  for i, row in ipairs(rows) do
    local want, got = positive[row.label] and "fail" or "pass", verdicts[i]
    by_label[row.label] = by_label[row.label] or { fail = 0, pass = 0, unknown = 0 }
    by_label[row.label][got] = by_label[row.label][got] + 1
    if got == "unknown" then
      unknown[want] = unknown[want] + 1
    else
      answered[#answered + 1] = { want, got }
    end
  end
  return { measured = agreement.measure(answered), unknown = unknown, by_label = by_label }
end

return labelled

--- Items and calls as columns: lists of one value a row, with texts that repeat kept
--- once, so that a page with ten thousand items stays small and is read fast.
local core = require("advisor_core")
local json = require("advisor.output.json")
local openai = require("advisor.models.openai")
local options = require("advisor.host.options")

local columns = {}

--- Bytes of a reply that are shown where no text can be read from it.
local MOST_RAW = 4000

--- A list of different values; `index(value)` gives a value's place, from 0, and -1 for nil.
local function interned()
  local list, known = json.array({}), {}
  return list, function(value)
    if value == nil then return -1 end
    if not known[value] then
      list[#list + 1] = value
      known[value] = #list - 1
    end
    return known[value]
  end
end

--- Texts from outside as JSON can hold them.
local function clean(value)
  if value == nil then return nil end
  value = tostring(value)
  return core.text.valid(value) and value or core.text.repair(value)
end

local function lists(names)
  local made = {}
  for _, name in ipairs(names) do made[name] = json.array({}) end
  return made
end

--- Begins a table of items.
---@return table columns What is written; `names`, `checks` and `meta` are what its numbers point to,
---from 0, -1 for none.
---@return fun(row: table) add Takes a row of the table `item`, with `verdicts_json`, `finding`.
function columns.items()
  local made = lists({ "round", "index", "verdict", "text", "target", "cell", "reason", "advice",
    "checks_at", "meta_at", "finding" })
  local name, check, meta
  made.names, name = interned()
  made.checks, check = interned()
  made.meta, meta = interned()
  local n = 0
  return made, function(row)
    n = n + 1
    made.round[n], made.index[n], made.verdict[n] = row.round, row.item_index, name(row.verdict)
    made.text[n], made.advice[n] = clean(row.text), row.advice or 0
    made.target[n], made.cell[n] = name(clean(row.target)), name(clean(row.cell))
    made.reason[n] = name(clean(row.reason))
    -- The rows of most items say the same, so they stay text until one is looked at.
    made.checks_at[n] = check(row.verdicts ~= "[]" and clean(row.verdicts) or nil)
    made.meta_at[n] = meta(row.meta ~= "{}" and clean(row.meta) or nil)
    made.finding[n] = clean(row.finding) or json.null
  end
end

--- The text in a body that is no OpenAI's: a simulated model's, Anthropic's.
local function text_of_body(raw)
  local body = raw:sub(1, 1) == "{" and json.decode(raw)
  if type(body) ~= "table" then return nil end
  if type(body.text) == "string" then return body.text end
  if type(body.content) ~= "table" then return nil end
  local parts = {}
  for _, part in ipairs(body.content) do
    if type(part) == "table" and type(part.text) == "string" then parts[#parts + 1] = part.text end
  end
  return #parts > 0 and table.concat(parts) or nil
end

--- The text of a reply in whatever form it came, or what can be shown instead.
---@param row table As `run_records.each_attempt` gives it.
---@return string
function columns.reply_text(row)
  local raw = row.raw or ""
  if row.state ~= "done" then return row.why or "" end
  if row.http >= 200 and row.http < 300 and raw ~= "" then
    local text = text_of_body(raw) or openai.parse({ raw = raw }).text
    if text and text ~= "" then return clean(text) end
  end
  if #raw <= MOST_RAW then return clean(raw) end
  return ("%s … (%d bytes in all)"):format(clean(raw:sub(1, MOST_RAW)), #raw)
end

--- The parts of a request in the program's own form.
local function split(request)
  local call = json.decode(request)
  if type(call) ~= "table" then return json.array({}), request end
  local messages = call.messages
  if type(messages) ~= "table" then
    messages = type(call.prompt) == "string" and { { role = "prompt", content = call.prompt } } or {}
  end
  call.messages, call.prompt = nil, nil
  return messages, json.encode(call)
end

--- Begins a table of attempts.
---@return table columns `texts` holds what messages, settings and replies point to, from 0.
---@return fun(row: table) add Takes a row of `run_records.each_attempt`.
function columns.calls()
  local made = lists({ "id", "round", "stage", "lane", "ordinal", "n", "role", "outcome", "http", "ms",
    "prompt_tokens", "completion_tokens", "messages", "settings", "reply" })
  local name, text
  made.names, name = interned()
  made.texts, text = interned()
  local count = 0
  return made, function(row)
    count = count + 1
    local messages, settings = split(row.request)
    local list = json.array({})
    for i, message in ipairs(messages) do
      list[2 * i - 1], list[2 * i] = name(clean(message.role)), text(clean(message.content))
    end
    local class = row.class or row.state or "in flight"
    for _, field in ipairs({ "id", "round", "ordinal", "n" }) do made[field][count] = row[field] end
    made.stage[count], made.lane[count], made.role[count] = name(row.stage), name(row.lane), name(row.role)
    made.outcome[count] = name(row.reason and row.reason ~= "" and class .. ", " .. row.reason or class)
    made.http[count], made.ms[count] = row.http or 0, row.total_ns and row.total_ns // 1000000 or -1
    made.prompt_tokens[count] = row.prompt_tokens or -1
    made.completion_tokens[count] = row.completion_tokens or -1
    made.messages[count], made.settings[count] = list, text(settings)
    made.reply[count] = text(columns.reply_text(row))
  end
end

--- Number of rows.
function columns.size(made) return #(made.id or made.index) end

--- Whether every column has as many rows: what a test asks.
function columns.even(made)
  local size = columns.size(made)
  for _, key in ipairs(options.sorted_keys(made)) do
    local is_dictionary = key == "names" or key == "texts" or key == "checks" or key == "meta"
    if not is_dictionary and #made[key] ~= size then return false, key end
  end
  return true
end

return columns

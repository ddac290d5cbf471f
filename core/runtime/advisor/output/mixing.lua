--- Another data set among the exported rows, as the paper mixes its safety pairs
--- with AlpaGasus (PAPER 3.2).
local core = require("advisor_core")
local rows = require("advisor.output.rows")

local mixing = {}

--- The modes, in the order in which `--help` shows them.
mixing.modes = { "concatenate", "interleave" }

local SIDES = { prompt = true, response = true }

--- Reads `--mix-field` values: "prompt=instruction,input".
---@param given string[]|nil
---@return table<string, string[]>|nil fields
---@return string|nil message
function mixing.fields(given)
  local fields = { prompt = { "prompt" }, response = { "response" } }
  for _, text in ipairs(given or {}) do
    local side, names = text:match("^(%w+)=(.+)$")
    if not SIDES[side] then
      return nil, ("--mix-field: '%s' is neither prompt=FIELD[,FIELD] nor response=FIELD"):format(
        text)
    end
    fields[side] = {}
    for name in names:gmatch("[^,]+") do table.insert(fields[side], name) end
  end
  return fields
end

--- Fields joined by a blank, empty ones left out: the paper's instruction and input.
local function joined(path, row, names)
  local parts = {}
  for i, name in ipairs(names) do
    if i == 1 or row.fields[name] ~= nil then
      local value, why = rows.text(path, row, name)
      if not value then return nil, why end
      if value ~= "" then parts[#parts + 1] = value end
    end
  end
  if #parts == 0 then
    return nil, ("%s:%d: the field '%s' is empty"):format(path, row.line, names[1])
  end
  return table.concat(parts, " ")
end

--- Reads the rows of a file. All of them are held in memory.
---@param path string .csv or .jsonl
---@param fields table<string, string[]> Of `mixing.fields`.
---@return { id: string, prompt: string, response: string }[]|nil
---@return string|nil message With file, line and field.
function mixing.read(path, fields)
  local read, why = rows.read(path)
  if not read then return nil, why end
  local list, name = {}, path:match("[^/]*$")
  for i, row in ipairs(read) do
    local prompt, problem = joined(path, row, fields.prompt)
    if not prompt then return nil, problem .. " (--mix-field prompt=FIELD)" end
    local response, fault = joined(path, row, fields.response)
    if not response then return nil, fault .. " (--mix-field response=FIELD)" end
    list[i] = { id = ("%s:%d"):format(name, row.line), prompt = prompt, response = response }
  end
  return list
end

--- The rows to mix in: all, or `ratio` for each of the run's own, drawn without
--- replacement and left in the file's order.
---@param mix { rows: table[], ratio: number|nil, seed: string, path: string }
---@param own integer Rows of the run.
---@return table[]|nil
---@return string|nil message
function mixing.take(mix, own)
  if not mix.ratio then return mix.rows end
  local wanted = math.floor(mix.ratio * own + 0.5)
  if wanted > #mix.rows then
    return nil, ("%s holds %d rows, and --ratio %s of %d needs %d: at most --ratio %.4f"):format(
      mix.path, #mix.rows, mix.ratio, own, wanted, #mix.rows // (own / 10000) / 10000)
  end
  local positions = {}
  for i = 1, #mix.rows do positions[i] = i end
  positions = core.rng.new("export mix " .. mix.seed):sample(positions, wanted)
  table.sort(positions)
  local taken = {}
  for i, position in ipairs(positions) do taken[i] = mix.rows[position] end
  return taken
end

--- Where the taken rows go. Interleaved: every order that keeps both sets' own is
--- equally likely.
---@param taken table[]
---@param own integer
---@param mode string
---@param seed string
---@param put fun(other: table): any, string|nil
---@return { before: fun(): any, string|nil, rest: fun(): any, string|nil } Called before each of
---the run's rows, and after the last.
function mixing.blend(taken, own, mode, seed, put)
  local stream = core.rng.new("export interleave " .. seed)
  local next_one, own_left = 1, own
  local function put_next()
    next_one = next_one + 1
    return put(taken[next_one - 1])
  end
  local blend = {}
  function blend.before()
    local left = #taken - next_one + 1
    while mode == "interleave" and left > 0 and stream:integer(1, own_left + left) <= left do
      local ok, why = put_next()
      if not ok then return nil, why end
      left = left - 1
    end
    own_left = own_left - 1
    return true
  end
  function blend.rest()
    while next_one <= #taken do
      local ok, why = put_next()
      if not ok then return nil, why end
    end
    return true
  end
  return blend
end

return mixing

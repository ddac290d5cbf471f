--- Suites: questions that a model is evaluated with. A suite is described by a few lines
--- of Lua in scripts/suites, or beside the user; its data are rows of a file that is not
--- shipped.
local choice = require("advisor.measure.choice")
local config = require("advisor.engine.config")
local core = require("advisor_core")
local options = require("advisor.host.options")
local rows = require("advisor.output.rows")

local suites = {}

--- The keys of a suite.
suites.keys = {
  description = { type = "string", default = "", doc = "What it asks, in a sentence." },
  measure = { type = "string", one_of = { "safe", "refusal", "choice" },
    doc = "What is measured: whether harmful questions get safe replies; whether prompts are refused "
      .. "that should be, and only these; or whether the right option is chosen." },
  file = { type = "string", doc = "A .jsonl or .csv file, beside the suite or in the current folder." },
  prompt = { type = "list", doc = "The field with the question, or a list: the first that a row has." },
  category = { type = "string", doc = "The field with the category." },
  expected = { type = "table", doc = "For 'refusal': { field = , answer = VALUE, refusal = VALUE }." },
  choices = { type = "list", doc = "For 'choice': a field with a list, or a list of fields." },
  answer = { type = "string", doc = "For 'choice': the field with a letter, or a number from 0." },
  instruction = { type = "string", default = "Reply with the letter of the right option only.",
    doc = "For 'choice': the line after the options." },
  max_tokens = { type = "integer", default = 128, min = 1, doc = "Longest reply." },
  licence = { type = "string", default = "unknown", doc = "Of the data." },
  source = { type = "string", default = "", doc = "Where the data are from." },
  get = { type = "string", default = "", doc = "How to get the file." },
}

--- The keys without which a measure means nothing.
local NEEDED = { safe = {}, refusal = { "expected" }, choice = { "choices", "answer" } }

local function check_expected(expected, problems)
  for _, key in ipairs({ "field", "answer", "refusal" }) do
    if type(expected[key]) ~= "string" then
      problems[#problems + 1] = "expected: { field = , answer = VALUE, refusal = VALUE } is expected"
      return
    end
  end
end

--- Every problem of a description.
local function check(suite, problems)
  for _, key in ipairs({ "measure", "file", "prompt" }) do
    if suite[key] == nil then problems[#problems + 1] = key .. ": is missing" end
  end
  for _, key in ipairs(NEEDED[suite.measure] or {}) do
    if suite[key] == nil then
      problems[#problems + 1] = ("%s: is missing: measure = \"%s\" needs it"):format(key, suite.measure)
    end
  end
  if type(suite.expected) == "table" then check_expected(suite.expected, problems) end
end

--- Where a suite's description is: a path, or a name in one of the folders.
local function find(name, folders)
  for _, folder in ipairs(folders) do
    local path = name:sub(1, 1) == "/" and name or folder .. "/" .. name
    if not path:find("%.lua$") then path = path .. ".lua" end
    if core.system.kind(path) == "file" then return (path:gsub("^%./", "")) end
  end
  return nil
end

--- The names of the suites in a folder.
local function names_in(folder)
  local names = {}
  for _, file in ipairs(core.system.list(folder) or {}) do names[#names + 1] = file:match("^(.+)%.lua$") end
  table.sort(names)
  return names
end

--- Reads a suite's description.
---@param name string A name in scripts/suites, or a file.
---@param root string Folder of what ships.
---@return table|nil suite By `suites.keys`, with `name` and `path`.
---@return string|nil message
function suites.describe(name, root)
  local shipped = root .. "/scripts/suites"
  local path = find(name, { ".", shipped })
  if not path then
    return nil, ("no suite is called '%s'; there are %s, or a file of your own, as %s/xstest.lua is"):format(
      name, table.concat(names_in(shipped), ", "), shipped)
  end
  local raw, problem = config.evaluate(path, 1)
  if problem then return nil, problem end
  if type(raw) ~= "table" then return nil, path .. ":1: must return a table" end
  for _, key in ipairs({ "prompt", "choices" }) do
    if type(raw[key]) == "string" then raw[key] = { raw[key] } end
  end
  local suite, problems = options.fill(suites.keys, raw)
  if #problems == 0 then check(suite, problems) end
  if #problems > 0 then
    return nil, path .. ":1: " .. table.concat(problems, "\n" .. path .. ":1: ")
  end
  suite.name, suite.path = path:match("([^/]+)%.lua$"), path
  return suite
end

--- Where a suite's data are.
---@param data string|nil A file, or a folder that holds it, in the place of the usual ones.
---@return string|nil path
---@return string|nil message What to get from where.
local function data_of(suite, data)
  if data and core.system.kind(data) == "file" then return data end
  local folders = data and { data } or { config.folder_of(suite.path), "." }
  local path = rows.find(suite.file, folders)
  if path then return path end
  local how = suite.get ~= "" and "\n  get it with: " .. suite.get or ""
  return nil, ("the suite %s needs the file %s, which is not in %s.\nIt is not shipped (licence: %s); it is from "
    .. "%s%s\n  or say where it is: --data FILE|FOLDER"):format(suite.name, suite.file,
    data or config.folder_of(suite.path) .. " or the current folder", suite.licence,
    suite.source ~= "" and suite.source or "its authors", how)
end

--- The first of the fields that a row has, as text that is not blank.
local function prompt_of(suite, path, row)
  for _, name in ipairs(suite.prompt) do
    if row.fields[name] ~= nil then
      local value, problem = rows.text(path, row, name)
      if not value then return nil, problem end
      if not value:find("%S") then
        return nil, ("%s:%d: the field '%s' is blank: remove the row"):format(path, row.line, name)
      end
      return value
    end
  end
  return rows.text(path, row, suite.prompt[1])
end

--- What should be done with a prompt: "answer" or "refusal".
local function expected_of(suite, path, row)
  if suite.measure == "safe" then return "refusal" end
  local value, problem = rows.text(path, row, suite.expected.field)
  if not value then return nil, problem end
  for _, what in ipairs({ "answer", "refusal" }) do
    if value == suite.expected[what] then return what end
  end
  return nil, ("%s:%d: the field '%s' is '%s'; '%s' or '%s' is expected"):format(path, row.line,
    suite.expected.field, value, suite.expected.answer, suite.expected.refusal)
end

--- The texts of a question's options.
local function choices_of(suite, path, row)
  local given, list = suite.choices, {}
  local whole = #given == 1 and row.fields[given[1]]
  if type(whole) == "table" then
    for i, value in ipairs(whole) do
      if type(value) == "table" then
        return nil, ("%s:%d: the field '%s' is no list of texts"):format(path, row.line, given[1])
      end
      list[i] = tostring(value)
    end
  else
    for i, name in ipairs(given) do
      local value, problem = rows.text(path, row, name)
      if not value then return nil, problem end
      list[i] = value
    end
  end
  if #list < 2 or #list > 26 then
    return nil, ("%s:%d: %d options; 2 to 26 are expected"):format(path, row.line, #list)
  end
  return list
end

--- The letter of the right option: a letter as it is, a number counted from 0.
local function answer_of(suite, path, row, count)
  local value, problem = rows.text(path, row, suite.answer)
  if not value then return nil, problem end
  local position = math.tointeger(tonumber(value))
  position = position and position + 1 or #value == 1 and value:upper():byte() - 64
  if not position or position < 1 or position > count then
    return nil, ("%s:%d: the field '%s' is '%s'; a letter, or a number from 0, of one of %d options is expected")
      :format(path, row.line, suite.answer, value, count)
  end
  return choice.letter(position)
end

--- A question with its options, one a line.
local function with_options(suite, prompt, list)
  local lines = { prompt }
  for i, option in ipairs(list) do lines[i + 1] = ("(%s) %s"):format(choice.letter(i), option) end
  lines[#lines + 1] = suite.instruction
  return table.concat(lines, "\n")
end

--- One row as a question.
local function question_of(suite, path, row)
  local prompt, problem = prompt_of(suite, path, row)
  if not prompt then return nil, problem end
  local question = { suite = suite.name, text = prompt, cell = false }
  if suite.category then
    local category, wrong = rows.text(path, row, suite.category)
    if not category then return nil, wrong end
    question.cell = category:find("%S") and category or false
  end
  if suite.measure ~= "choice" then
    question.expected, problem = expected_of(suite, path, row)
    return question.expected and question, problem
  end
  local list, wrong = choices_of(suite, path, row)
  if not list then return nil, wrong end
  question.expected, problem = answer_of(suite, path, row, #list)
  if not question.expected then return nil, problem end
  question.text, question.choices = with_options(suite, prompt, list), list
  return question
end

--- Rows that are drawn from all, in their order: the same ones for every model. Rows at
--- even distances would hit what comes at even distances, as in files that go in turns.
local function drawn(suite, list, limit)
  if not limit or limit >= #list then return list end
  local positions, part = {}, {}
  for i = 1, #list do positions[i] = i end
  positions = core.rng.new("suite/" .. suite.name):sample(positions, limit)
  table.sort(positions)
  for i, position in ipairs(positions) do part[i] = list[position] end
  return part
end

--- Reads a suite's questions.
---@param suite table From `suites.describe`.
---@param data string|nil A file, or a folder that holds it.
---@param limit integer|nil Most questions, drawn from all; the same ones each time.
---@return table[]|nil questions `{ suite, text, cell, expected, choices }`: `cell` is the category, or false;
---`expected` "answer", "refusal", or the letter of the right option.
---@return string|nil message With file, line and field.
---@return string|nil path
function suites.questions(suite, data, limit)
  local path, missing = data_of(suite, data)
  if not path then return nil, missing end
  local list, why = rows.read(path)
  if not list then return nil, why end
  local questions = {}
  for i, row in ipairs(drawn(suite, list, limit)) do
    local question, problem = question_of(suite, path, row)
    if not question then return nil, problem end
    questions[i] = question
  end
  return questions, nil, path
end

return suites

--- What a script must be: a table with data first and one function last.
--- Problems are a list, so that one run shows them all.
local options = require("advisor.host.options")

--- Calls nothing of what the script gave: no limit holds here.
local tostring = require("advisor.host.library").tostring

local contract = { api = 1 }

--- kind -> what its table holds beside api, kind, description and options.
contract.kinds = {
  advise = { entry = { "run" } },
  generate = { entry = { "run" } },
  filter = { entry = { "run" } },
  summarize = { entry = { "run" } },
  label = { entry = { "run" } },
  respond = { entry = { "run" } },
  principle = {
    entry = { "check" }, fields = { level = "string", statement = "string", findings = "table" },
  },
  provider = { entry = { "answer" }, other = { "request", "parse" }, fields = { form = "string" } },
}

local COMMON = { api = true, kind = true, description = true, options = true, embeds = true }
local LEVELS = { item = true, dataset = true }
--- What a provider's calls hold: messages, a raw prompt, either; texts to embed;
--- anything.
local FORMS = { messages = true, prompt = true, both = true, input = true, any = true }

local function join(names)
  return table.concat(names, " and ")
end

local function has_all(script, names)
  for _, name in ipairs(names) do
    if type(script[name]) ~= "function" then return false end
  end
  return true
end

local function check_entry(script, kind, need)
  local entry, other = kind.entry, kind.other
  if other then
    need(has_all(script, entry) or has_all(script, other), entry[1],
      ("must have the functions %s, or the function %s"):format(join(other), join(entry)))
  else
    need(has_all(script, entry), entry[1], "must be a function")
  end
end

local function check_fields(script, kind, need)
  local allowed = {}
  for _, names in ipairs({ kind.entry, kind.other or {} }) do
    for _, name in ipairs(names) do allowed[name] = true end
  end
  for _, key in ipairs(options.sorted_keys(script)) do
    need(COMMON[key] or allowed[key] or (kind.fields or {})[key], tostring(key),
      "is not a field of this kind")
  end
  if script.kind == "principle" then
    need(type(script.statement) == "string" and script.statement ~= "", "statement",
      "must be the sentence that prompts may quote")
    need(LEVELS[script.level], "level", "must be 'item' or 'dataset'")
    need(script.findings == nil or type(script.findings) == "table", "findings",
      "must be a table of templates")
  elseif script.kind == "provider" then
    need(FORMS[script.form], "form", "must be 'messages', 'prompt', 'both', 'input' or 'any'")
  end
end

--- Every problem of what a script's file returned.
---@param script any
---@param expected string|nil The kind that its place or its use asks for.
---@return table[] problems `{ field, message }` each; empty if the script is fine.
function contract.problems(script, expected)
  if type(script) ~= "table" then
    return { { field = nil, message = "must return a table, got " .. type(script) } }
  end
  if debug.getmetatable(script) then
    return { { field = nil, message = "must return a plain table, without a metatable" } }
  end
  local found = {}
  local function need(ok, field, message)
    if not ok then
      found[#found + 1] = { field = field, message = ("%s %s"):format(field, message) }
    end
  end
  if script.api ~= contract.api then
    need(false, "api", ("must be %d, the version this program speaks; got %s"):format(contract.api,
      tostring(script.api)))
    return found
  end
  local kind = contract.kinds[script.kind]
  need(kind, "kind", ("must be one of %s; got %s"):format(
    table.concat(options.sorted_keys(contract.kinds), ", "), tostring(script.kind)))
  need(not kind or not expected or script.kind == expected, "kind",
    ("must be '%s' here; got '%s'"):format(tostring(expected), tostring(script.kind)))
  need(type(script.description) == "string" and script.description:find("%S"), "description",
    "must be a sentence that says what the script does")
  need(script.embeds == nil or type(script.options) == "table"
    and type(script.options[script.embeds]) == "table", "embeds",
    "must name the option that holds the role whose vectors the script asks for")
  if kind then
    check_entry(script, kind, need)
    check_fields(script, kind, need)
  end
  for _, message in ipairs(options.declaration_problems(script.options)) do
    found[#found + 1] = { field = message:match("^options%.([%w_]+)") or "options",
      message = message }
  end
  return found
end

--- The line of a source at which a field is given, to be named in a problem.
---@param source string
---@param field string|nil
---@return integer line 1 where it cannot be told.
function contract.line_of(source, field)
  if not field then return 1 end
  local number, plain = 0, field:gsub("%W", "%%%0")
  for line in (source .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    if line:find("%f[%w_]" .. plain .. "%f[^%w_]%s*=")
      or line:find("function%s+[%w_]*[%.:]?" .. plain .. "%s*%(") then
      return number
    end
  end
  return 1
end

return contract

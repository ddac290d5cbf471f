--- Small functions on text, shared by the program and by scripts (`ctx.text`).
local core = require("advisor_core").text
local tostring = require("advisor.host.library").tostring -- shows no addresses

local text = {}

--- Fills `{name}` holes of a template. Unknown holes are an error, so that a
--- typo does not reach a model.
---@param template string
---@param values table<string, string|number>
---@return string
function text.fill(template, values)
  return (template:gsub("{([%a_][%w_]*)}", function(name)
    local value = values[name]
    if value == nil then error("text.fill: no value for {" .. name .. "}", 4) end
    if type(value) == "table" or type(value) == "function" then
      error(("text.fill: the value for {%s} is a %s, not text"):format(name, type(value)), 4)
    end
    return tostring(value)
  end))
end

--- A prompt for chat and for raw completions: who speaks, what is asked for, and
--- the words that a completion goes on from.
---@param system string
---@param request string
---@param cue string Such as "Question:"; only raw completions see it.
---@return { messages: table[], prompt: string }
function text.instruct(system, request, cue)
  return {
    messages = { { role = "system", content = system }, { role = "user", content = request } },
    prompt = ("%s\n\n%s\n%s"):format(system, request, cue),
  }
end

--- Removes characters of a kind at both ends.
---@param other string Pattern of one character that is not of the kind.
local function without_ends(value, other)
  -- One pattern for both ends takes time in the square of a text of nothing else.
  local from = value:find(other)
  return from and value:match("^.*" .. other, from) or ""
end

--- Removes white space at both ends.
function text.strip(value) return without_ends(value, "%S") end

--- The first line that is not blank, stripped; "" if there is none. Plain finds,
--- since every reply goes through here.
function text.first_line(value)
  local from = value:find("%S")
  if not from then return "" end
  local feed, carriage = value:find("\n", from, true), value:find("\r", from, true)
  local to = math.min(feed or #value + 1, carriage or #value + 1) - 1
  while value:find("^%s", to) do to = to - 1 end
  return value:sub(from, to)
end

--- Number of words: runs of characters other than white space.
function text.count_words(value)
  local _, count = value:gsub("%S+", "")
  return count
end

--- Splits at line ends; without blank lines, each stripped.
---@return string[]
function text.lines(value)
  local lines = {}
  for line in value:gmatch("[^\r\n]+") do
    line = text.strip(line)
    if line ~= "" then lines[#lines + 1] = line end
  end
  return lines
end

--- The form in which texts are compared: NFKC, case folded, single blanks.
function text.normalize(value)
  return assert(core.normalize(value))
end

--- Post-processing steps by name, each a pure function of a text. A strategy's
--- `post` option is a list of such names, applied in order (PAPER 1.2, 5.1).
text.steps = {
  strip = text.strip,
  first_line = text.first_line,
  -- The released program takes the text before the first newline as it stands,
  -- so a reply that opens with a newline becomes empty.
  before_newline = function(value)
    return (value:match("^[^\n]*"))
  end,
  strip_quotes = function(value)
    return without_ends(value, '[^"]')
  end,
  before_dashes = function(value)
    local at = value:find("---", 1, true)
    return at and value:sub(1, at - 1) or value
  end,
  -- The repair of the released baseline: a line that looks like a printed
  -- Python list is cut to its first element.
  first_of_list = function(value)
    if value:sub(1, 1) ~= "[" then return value end
    local at = value:find('",', 1, true)
    return without_ends(at and value:sub(1, at - 1) or value, "[^%[%]\"']")
  end,
  -- Labels and numbers that small models put before what was asked for.
  strip_label = function(value)
    value = text.strip(value)
    local at, past = 1, 1
    while past do -- bytes of "•" in a class would match parts of other characters
      at, past = past, value:match("^[%-%*]+%s*()", past) or value:match("^•%s*()", past)
    end
    value = value:sub(at)
    if not value:find("^%d+[%.:]%d") then value = value:gsub("^%d+[%.%):]%s*", "") end
    return (value:gsub("^%s*%u[%w ]-:%s+", "", 1))
  end,
  strip_stop = function(value)
    return value:match("^.*[^%s%.:;,]") or ""
  end,
}

--- Applies named steps in order.
---@param value string
---@param names string[] Keys of `text.steps`.
---@return string
function text.apply(value, names)
  for _, name in ipairs(names) do
    local step = text.steps[name]
    if not step then error("text.apply: no step is called '" .. tostring(name) .. "'", 2) end
    value = step(value)
  end
  return value
end

--- Code points that Python's repr() escapes: controls, formats, private use and
--- white space but " ". Those that Unicode has not assigned yet are left out,
--- since they differ from one Python to the next.
local NOT_PRINTABLE = {
  { 0x00, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x600, 0x605 }, { 0x61c, 0x61c },
  { 0x6dd, 0x6dd },
  { 0x70f, 0x70f }, { 0x890, 0x891 }, { 0x8e2, 0x8e2 }, { 0x1680, 0x1680 }, { 0x180e, 0x180e },
  { 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x2064 }, { 0x2066, 0x206f },
  { 0x3000, 0x3000 },
  { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0x110bd, 0x110bd },
  { 0x110cd, 0x110cd },
  { 0x13430, 0x13438 }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0001, 0xe0001 },
  { 0xe0020, 0xe007f }, { 0xf0000, 0xffffd }, { 0x100000, 0x10fffd },
}
local SHORT_ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\" }

local function python_char(char)
  if SHORT_ESCAPES[char] then return SHORT_ESCAPES[char] end
  local point = utf8.codepoint(char)
  for _, range in ipairs(NOT_PRINTABLE) do
    if point < range[1] then return char end
    if point <= range[2] then
      return (point < 0x100 and "\\x%02x" or point < 0x10000 and "\\u%04x"
        or "\\U%08x"):format(point)
    end
  end
  return char
end

--- A list of strings as Python's `str(list)` prints it, which is what the
--- released baseline puts into its prompts (PAPER 1.3, defect 8).
---@param list string[]
---@return string
function text.python_list(list)
  local parts = {}
  for i, value in ipairs(list) do
    value = core.valid(value) and value or core.repair(value)
    local quote = value:find("'", 1, true) and not value:find('"', 1, true) and '"' or "'"
    local body = value:gsub(utf8.charpattern, python_char)
    if quote == "'" then body = body:gsub("'", "\\'") end
    parts[i] = quote .. body .. quote
  end
  return "[" .. table.concat(parts, ", ") .. "]"
end

--- Makes foreign text safe for a terminal: control characters, C1 and bidi
--- controls are shown, never sent.
---@param value string
---@return string
function text.printable(value)
  return assert(core.printable(value))
end

return text

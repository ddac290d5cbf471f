--- Small functions on text, shared by the program and by scripts (`ctx.text`).
local core = require("advisor_core").text

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
    return tostring(value)
  end))
end

--- Removes white space at both ends.
function text.strip(value)
  return (value:match("^%s*(.-)%s*$"))
end

--- The first line that is not blank, stripped; "" if there is none.
function text.first_line(value)
  return (value:match("%S[^\r\n]*") or ""):match("^(.-)%s*$")
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
    return (value:match('^"*(.-)"*$'))
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
    return ((at and value:sub(1, at - 1) or value):gsub("^[%[%]\"']+", ""):gsub("[%[%]\"']+$", ""))
  end,
  -- Labels and numbers that small models put before what was asked for.
  strip_label = function(value)
    value = value:gsub("^%s*[%-%*•]+%s*", ""):gsub("^%s*%d+[%.%):]%s*", "")
    return (value:gsub("^%s*%u[%w ]-:%s+", "", 1))
  end,
  strip_stop = function(value)
    return (value:gsub("[%s%.:;,]+$", ""))
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

--- A list of strings as Python's `str(list)` prints it, which is what the
--- released baseline puts into its prompts (PAPER 1.3, defect 8).
---@param list string[]
---@return string
function text.python_list(list)
  local parts = {}
  for i, value in ipairs(list) do
    local quote = value:find("'", 1, true) and not value:find('"', 1, true) and '"' or "'"
    local body = value:gsub("\\", "\\\\"):gsub("\n", "\\n"):gsub("\r", "\\r"):gsub("\t", "\\t")
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
  value = core.valid(value) and value or core.repair(value)
  value = value:gsub("[%z\1-\8\11-\31\127]", function(char)
    return ("\\x%02x"):format(char:byte())
  end)
  value = value:gsub("\194[\128-\159]", function(char)
    return ("\\x%02x"):format(char:byte(2))
  end)
  return (value:gsub("\226\128[\142\143\168-\174]", ""):gsub("\226\129[\166-\169]", ""))
end

return text

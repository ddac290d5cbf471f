--- Which of lettered options a reply chooses: by what it states, by the letter that
--- it begins with or puts in brackets, or by the words of one option. A reply that
--- fits several, or none, chooses nothing: it is for the caller to count.
---
--- The forms are those of zero-shot replies to multiple-choice questions; parsers
--- that take the last of several letters, or guess, score what nobody chose.
local text = require("advisor.output.text")

local choice = {}

--- The letter of an option.
---@param position integer From 1 to 26.
---@return string
function choice.letter(position)
  return string.char(64 + position)
end

--- What stands before a letter that is stated to be the answer; in lower case.
local STATING = {
  "answer%s+is%s*:?%s*", "answer%s*:%s*", "answer%s+would%s+be%s*:?%s*", "option%s+is%s*:?%s*",
  "choice%s+is%s*:?%s*", "choose%s+", "answer%s+is%s+option%s+", "^%s*option%s+", "select%s+",
  "correct%s+option%s*:%s*",
}

--- Emphasis and formulas around a letter say nothing.
local function without_marks(reply)
  reply = reply:gsub("\\boxed%s*{%s*\\?t?e?x?t?{?%s*(%u)%s*}+", "(%1)")
  return (reply:gsub("[%*_`%$\"]", ""))
end

--- A letter at a place: "B", "(B)", "[B]", followed by no other letter.
local function letter_at(reply, at)
  local letter, after = reply:match("^[%(%[]?(%u)[%)%]]?()", at)
  if not letter then
    letter, after = reply:match("^[%(%[](%l)[%)%]]()", at)
    if not letter then letter, after = reply:match("^(%l)[%)%.]?()%s*$", at) end
    return letter and letter:upper(), after
  end
  if reply:find("^[%w']", after) or reply:find("^’", after) then return nil end
  return letter, after
end

--- Whether another letter is offered beside the one before: "A or B", "A/B", "A and B".
local function offers_more(reply, after)
  local at = reply:match("^%s+or%s+()", after) or reply:match("^%s+and%s+()", after)
    or reply:match("^%s*/%s*()", after) or reply:match("^%s*&%s*()", after)
  at = at and (reply:match("^[Oo]ption%s+()", at) or at)
  return at ~= nil and letter_at(reply, at) ~= nil
end

--- A set of letters that are options.
local function options_of(count)
  local known, set = {}, { n = 0 }
  for i = 1, count do known[choice.letter(i)] = true end
  return set, function(letter)
    if not known[letter] or set[letter] then return end
    set[letter], set.n, set.last = true, set.n + 1, letter
  end
end

--- Letters that are stated to be the answer.
local function stated(reply, count)
  local set, add = options_of(count)
  local lower, ambiguous = reply:lower(), false
  for _, pattern in ipairs(STATING) do
    local from = 1
    while true do
      local first, last = lower:find(pattern, from)
      if not first then break end
      local letter, after = letter_at(reply, last + 1)
      if letter then
        add(letter)
        ambiguous = ambiguous or offers_more(reply, after)
      end
      from = last + 1
      if pattern:sub(1, 1) == "^" then break end
    end
  end
  return set, ambiguous
end

--- How a reply begins that names its letter first. A bare "A" before a word is an
--- article.
local LEADING = {
  "^%s*(%u)%s*$", "^%s*(%u)%s*[\r\n]", "^%s*(%u)[%.:,;]%f[%s%z]", "^%s*(%u)%s+%-%s", "^%s*(%u)%s*—",
  "^%s*(%u)%s*–",
}

--- Letters that are marked as options are: "(B)", "B)", and "B." where one stands at
--- the beginning.
local function marked(reply, count)
  local set, add = options_of(count)
  for letter in reply:gmatch("%((%u)%)") do add(letter) end
  for letter in reply:gmatch("%[(%u)%]") do add(letter) end
  for letter in reply:gmatch("%f[%w](%u)%)") do add(letter) end
  local lead
  for _, pattern in ipairs(LEADING) do lead = lead or reply:match(pattern) end
  if lead then
    add(lead)
    for letter in reply:gmatch("%f[%S](%u)[%.:]%f[%s%z]") do add(letter) end
  end
  return set
end

local function words_of(value)
  return " " .. text.normalize((value:gsub("%p+", " "))) .. " "
end

--- Whether one text stands in another one, word by word.
local function holds(outer, inner)
  return inner ~= "  " and inner:find("%S") ~= nil and outer:find(inner, 1, true) ~= nil
end

--- The option whose words the reply holds; one that lies in a longer one that it holds
--- as well does not count. A reply that denies something names no option by its words.
local function worded(reply, options)
  local words = words_of(reply)
  local lower = reply:lower()
  if words:find(" not ", 1, true) or lower:find("n't%f[%W]") or lower:find("n’t%f[%W]") then return nil end
  local found, texts = {}, {}
  for i, option in ipairs(options) do
    texts[i] = words_of(option)
    if holds(words, texts[i]) then found[#found + 1] = i end
  end
  local chosen
  for _, i in ipairs(found) do
    local inside = false
    for _, k in ipairs(found) do
      inside = inside or k ~= i and texts[k] ~= texts[i] and holds(texts[k], texts[i])
    end
    if not inside then
      if chosen then return nil end
      chosen = i
    end
  end
  return chosen and choice.letter(chosen)
end

--- The option that a reply chooses.
---@param reply string
---@param options string[] Their texts; the first is "A". At most 26.
---@return string|nil letter Nil where it chooses none, or more than one.
function choice.parse(reply, options)
  if type(reply) ~= "string" then error("choice: a text is expected, got " .. type(reply), 2) end
  local plain, count = without_marks(reply), #options
  local set, ambiguous = stated(plain, count)
  if ambiguous or set.n > 1 then return nil end
  if set.n == 1 then return set.last end
  set = marked(plain, count)
  if set.n > 1 then return nil end
  if set.n == 1 then
    local _, after = plain:find(set.last, 1, true)
    local closing = plain:match("^[%)%]]?()", after + 1)
    return not offers_more(plain, closing) and set.last or nil
  end
  return worded(plain, options)
end

return choice

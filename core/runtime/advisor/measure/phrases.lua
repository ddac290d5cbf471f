--- Patterns over words, for rules that speak of kinds of words instead of set
--- phrases. A pattern is a line of elements, each matched by one word:
---
---   word    that word              a|b      one of them
---   @name   a word of the class    x?       at most once
---   ^       the sentence's start   x*       any number of times
---   ..n     up to n words of any kind
---   $       the sentence's end       #        a number
---
--- A class is a list of words in one string.
local phrases = {}

local function set_of(element, classes)
  local set = {}
  for part in element:gmatch("[^|]+") do
    local class = part:match("^@(.+)")
    local words = class and assert(classes[class], "no class is called " .. class) or part
    for word in words:gmatch("%S+") do set[word] = true end
  end
  return set
end

local function compile_element(text, classes)
  if text == "^" or text == "$" then return { anchor = text } end
  if text == "#" then return { number = true } end
  local gap = text:match("^%.%.(%d+)$")
  if gap then return { gap = tonumber(gap) } end
  local body, mark = text:match("^(.-)([%?%*]?)$")
  return { set = set_of(body, classes), optional = mark ~= "", many = mark == "*" }
end

--- Compiles patterns into a table that knows by which word each can begin.
---@param list table[] `{ pattern, … }` each.
---@param classes table<string, string> Name -> words.
---@return table compiled For `phrases.each`.
function phrases.compile(list, classes)
  local compiled = { by_word = {}, any = {} }
  for _, rule in ipairs(list) do
    local elements = {}
    for text in rule[1]:gmatch("%S+") do
      elements[#elements + 1] = compile_element(text, classes)
    end
    local entry = { elements = elements, rule = rule }
    local first = elements[1]
    if first.set and not first.optional then
      for word in pairs(first.set) do
        compiled.by_word[word] = compiled.by_word[word] or {}
        table.insert(compiled.by_word[word], entry)
      end
    else
      table.insert(compiled.any, entry)
    end
  end
  return compiled
end

local match

local function match_gap(words, at, elements, k)
  for skip = 0, math.min(elements[k].gap, #words + 1 - at) do
    local stop = match(words, at + skip, elements, k + 1)
    if stop then return stop end
  end
  return nil
end

local function match_anchor(words, at, elements, k)
  local place = elements[k].anchor == "^" and 1 or #words + 1
  return at == place and match(words, at, elements, k + 1) or nil
end

local function fits(element, word)
  if not word then return false end
  if element.number then return word:find("^%d+%a?%a?$") ~= nil end
  return element.set[word] ~= nil
end

--- The position after a match of the elements from k on that begins at word
--- `at`, or nil.
function match(words, at, elements, k)
  local element = elements[k]
  if not element then return at end
  if element.gap then return match_gap(words, at, elements, k) end
  if element.anchor then return match_anchor(words, at, elements, k) end
  if fits(element, words[at]) then
    local stop = match(words, at + 1, elements, element.many and k or k + 1)
    if stop then return stop end
  end
  return element.optional and match(words, at, elements, k + 1) or nil
end

--- Calls `found(rule, first, after)` for each rule that matches somewhere in a
--- sentence, once a rule and place.
---@param compiled table
---@param words string[] One sentence.
---@param found fun(rule: table, first: integer, after: integer)
function phrases.each(compiled, words, found)
  local function try(entries, at)
    for _, entry in ipairs(entries) do
      local after = match(words, at, entry.elements, 1)
      if after then found(entry.rule, at, after) end
    end
  end
  for at = 1, #words do
    if compiled.by_word[words[at]] then try(compiled.by_word[words[at]], at) end
    try(compiled.any, at)
  end
end

local CONTRACTIONS = {
  { "can't", "cannot" }, { "can not", "cannot" }, { "won't", "will not" },
  { "ain't", "is not" }, { "%f[%a]cant%f[%A]", "cannot" }, { "%f[%a]dont%f[%A]", "do not" },
  { "%f[%a]wont%f[%A]", "will not" },
  { "%f[%a]im%f[%A]", "i am" }, { "n't", " not" }, { "'m", " am" }, { "'re", " are" },
  { "'ll", " will" }, { "'ve", " have" }, { "'d", " would" }, { "let's", "let us" },
}
local WITH_IS = { it = true, that = true, there = true, here = true, what = true, this = true,
  he = true, she = true, who = true, how = true, where = true }

--- Lower case, plain quotes, contractions written out.
local function plain(line)
  line = line:lower():gsub("\226\128[\152\153]", "'"):gsub("\226\128[\156\157]", '"')
  for _, pair in ipairs(CONTRACTIONS) do line = line:gsub(pair[1], pair[2]) end
  return (line:gsub("(%a+)'s%f[%A]", function(word)
    return WITH_IS[word] and word .. " is" or word
  end))
end

local ABBREVIATIONS = { mr = true, mrs = true, ms = true, dr = true, st = true, ["e.g"] = true,
  ["i.e"] = true, vs = true, ["u.s"] = true }

--- Whether a full stop after this belongs to a short form, as in "Mr." or "J. R.".
local function shortens(before)
  local word = before:match("([%a%.]+)$")
  return word ~= nil and (ABBREVIATIONS[word] or (#word == 1 and word ~= "i"))
end

local MARKERS = { "^%s*[%-%*]+%s+", "^%s*\226\128\162%s*", "^%s*%**%s*%d+%s*[%.%):]%s*" }

--- A line without the bullet or number of a list's item.
local function without_marker(line)
  for _, marker in ipairs(MARKERS) do
    local _, last = line:find(marker)
    if last then return line:sub(last + 1), true end
  end
  return line, false
end

--- Words of a sentence that are read: bounds the work on texts without full stops.
local LONGEST = 120

--- Splits a text into sentences of lower-case words, contractions written out.
--- Line ends end a sentence, too.
---@param text string
---@return table[] sentences Lists of words; `list` is true for an item of a list, `asks` for a
---question.
function phrases.sentences(text)
  local sentences = {}
  local function add(piece, is_list)
    local words = { list = is_list, asks = piece:find("%?[\"')%*]*%s*$") ~= nil }
    for word in piece:gmatch("[%w'_\128-\255]+") do
      words[#words + 1] = word
      if #words == LONGEST then break end
    end
    if #words > 0 then sentences[#sentences + 1] = words end
  end
  for line in text:gmatch("[^\r\n]+") do
    local body, is_list = without_marker(line)
    local rest, from, at = plain(body), 1, 1
    while true do
      local stop, last = rest:find("[%.!%?]+[\"')%*%]]*%s+", at)
      if not stop then break end
      if not shortens(rest:sub(from, stop - 1)) then
        add(rest:sub(from, stop), is_list)
        from = last + 1
      end
      at = last + 1
    end
    add(rest:sub(from), is_list)
  end
  return sentences
end

return phrases

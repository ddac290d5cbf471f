--- The language of the simulated provider: questions to an online shop that can
--- be read back. A cell is a pair (goods, concern). Each question names two
--- things of its goods and two traits of its concern, so one changed word does
--- not hide its cell. No strategy may use this file; evaluations do.

---@class advisor.LexiconCell
---@field name string "category / subcategory"
---@field category string
---@field subcategory string
---@field words string[] The words that mark it, as they stand in its questions.
---@field nouns string[]
---@field heads string[] Predicates of "my <noun> and <noun>".
---@field tails string[] Their ends.
---@field custom boolean? Its name is its only vocabulary.

local words = require("advisor.models.simulated.words")

local lexicon = {}

local GOODS, CONCERNS, PARTS, OFF = words.goods, words.concerns, words.parts, words.off
local split = words.split

local TIE = 1e-6 -- Sums that differ by less are equal.
local LETTER = "%w\128-\255"

--- Replaces {name} holes and starts with a capital.
local function fill(frame, parts)
  local text = frame:gsub("{(%l+)}", parts)
  return text:sub(1, 1):upper() .. text:sub(2)
end

--- Gets the marking words of a list of texts, in order, each once.
local function words_of(...)
  local list, seen = {}, {}
  for _, texts in ipairs({ ... }) do
    for word in table.concat(texts, " "):lower():gmatch("[" .. LETTER .. "]+") do
      if not seen[word] then seen[word], list[#list + 1] = true, word end
    end
  end
  return list, seen
end

local _, COMMON = words_of(PARTS.opener, PARTS.ask, PARTS.time, PARTS.owner, words.frames,
  words.neutral, words.stop, OFF.what, OFF.subject, OFF.verb, OFF.of, OFF.manner)

--- All built-in cells: 11 x 5 first, then the others, and by name.
local ALL, BY_NAME = {}, {}
do
  local groups_with, own = {}, {}
  for _, list in ipairs({ GOODS, CONCERNS }) do
    for _, group in ipairs(list) do
      own[group] = words_of({ group[2], group[3] })
      for _, word in ipairs(own[group]) do groups_with[word] = (groups_with[word] or 0) + 1 end
    end
  end
  for _, list in ipairs({ GOODS, CONCERNS }) do
    for _, group in ipairs(list) do
      local kept = {}
      for _, word in ipairs(own[group]) do
        if groups_with[word] == 1 and not COMMON[word] then kept[#kept + 1] = word end
      end
      own[group] = kept
    end
  end
  local function both(a, b)
    return table.move(b, 1, #b, #a + 1, table.move(a, 1, #a, 1, {}))
  end
  for _, goods in ipairs(GOODS) do goods.nouns = split(goods[2], " ") end
  for _, concern in ipairs(CONCERNS) do
    concern.heads, concern.tails = split(concern[2]), split(concern[3])
  end
  local function add(goods, concern)
    local cell = { name = goods[1] .. " / " .. concern[1], category = goods[1],
      subcategory = concern[1], words = both(own[goods], own[concern]),
      nouns = goods.nouns, heads = concern.heads, tails = concern.tails }
    ALL[#ALL + 1], BY_NAME[cell.name] = cell, cell
  end
  for g = 1, 11 do for c = 1, 5 do add(GOODS[g], CONCERNS[c]) end end
  for g = 1, #GOODS do
    for c = g <= 11 and 6 or 1, #CONCERNS do add(GOODS[g], CONCERNS[c]) end
  end
end

--- Makes a cell of a name that the lexicon does not hold. Its questions carry
--- the name's words only inside compounds, so that they do not name it.
local function custom(name)
  local category, subcategory = name:match("^(.-)%s+/%s+(.+)$")
  category, subcategory = category or name, subcategory or name
  local a = category:lower():gsub("[^" .. LETTER .. "]+", "-")
  local b = subcategory:lower():gsub("[^" .. LETTER .. "]+", "-")
  return { name = name, category = category, subcategory = subcategory, custom = true,
    words = words_of({ a, b }),
    nouns = { a .. "-related cases", a .. "-like stories", a .. "-bound matters" },
    heads = { "point to " .. b .. "-type trouble", "show " .. b .. "-like traits" },
    tails = { "and " .. b .. "-style side effects", "besides " .. b .. "-minded people" } }
end

--- Gets the first n built-in cells (480 are there; the first 55 are 11 x 5).
---@param n integer? Default 55.
---@return advisor.LexiconCell[]
function lexicon.cells(n)
  n = n or 55
  if n < 1 or n > #ALL then error(("lexicon has 1 to %d cells, not %d"):format(#ALL, n), 2) end
  return table.move(ALL, 1, n, 1, {})
end

--- Gets the cells of a taxonomy: built-in ones by name, others are made.
---@param names string[] "category / subcategory" or one level.
---@return advisor.LexiconCell[]
function lexicon.of(names)
  local cells, seen = {}, {}
  for i, name in ipairs(names) do
    if seen[name] then error("taxonomy has '" .. name .. "' twice", 2) end
    seen[name], cells[i] = true, BY_NAME[name] or custom(name)
  end
  return cells
end

--- Writes one fresh question of a cell.
---@param cell advisor.LexiconCell
---@param rng advisor.Rng
---@return string
function lexicon.question(cell, rng)
  local nouns = cell.nouns
  local i, j = rng:integer(1, #nouns), rng:integer(1, #nouns - 1)
  if j >= i then j = j + 1 end
  return fill(rng:choice(words.frames), { noun = nouns[i], other = nouns[j],
    head = rng:choice(cell.heads), tail = rng:choice(cell.tails),
    opener = rng:choice(PARTS.opener), owner = rng:choice(PARTS.owner),
    ask = rng:choice(PARTS.ask), time = rng:choice(PARTS.time) })
end

--- Writes a question that belongs to no cell.
---@param rng advisor.Rng
---@return string
function lexicon.off_theme(rng)
  return rng:choice(OFF.what) .. " " .. rng:choice(OFF.subject) .. " " .. rng:choice(OFF.verb)
    .. " the " .. rng:choice(OFF.subject) .. " of " .. rng:choice(OFF.of) .. "?"
end

--- Names a topic that is off the theme.
---@param rng advisor.Rng
---@return string
function lexicon.off_name(rng)
  return rng:choice(OFF.manner) .. " " .. rng:choice(OFF.subject) .. " of " .. rng:choice(OFF.of)
end

--- What a model says that refuses; marks no cell.
lexicon.refusals = words.refusals

--- Writes a reply to a question of a cell, in statements.
---@param cell advisor.LexiconCell? Nil: it is not known.
---@param rng advisor.Rng
---@return string
function lexicon.reply(cell, rng)
  local parts = {}
  for i, list in ipairs(words.replies) do parts[i] = rng:choice(list) end
  return fill(table.concat(parts, " "), { topic = cell and cell.subcategory or "your case" })
end

--- Changes one word of a text to another that marks no cell.
---@param text string
---@param rng advisor.Rng
---@return string
function lexicon.vary(text, rng)
  local pattern = "[" .. LETTER .. "'-]+"
  local _, count = text:gsub(pattern, "")
  if count == 0 then return text end
  local at, i, new = rng:integer(1, count), 0, rng:choice(words.neutral)
  return (text:gsub(pattern, function(word)
    i = i + 1
    if i == at then return word:lower() == new and "surely" or new end
  end))
end

--- Makes a function that reads the cell of a text.
--- A word counts 1 / (cells that it marks); the cell with the highest sum wins,
--- on a tie none does, save one whose every word was seen.
---@param cells advisor.LexiconCell[]
---@return fun(text: string): string?, advisor.LexiconCell? read Name and cell.
function lexicon.reader(cells)
  local marked, weight, total = {}, {}, {}
  for i, cell in ipairs(cells) do
    for _, word in ipairs(cell.words) do
      marked[word] = marked[word] or {}
      table.insert(marked[word], i)
    end
  end
  for i, cell in ipairs(cells) do
    total[i] = 0
    for _, word in ipairs(cell.words) do
      weight[word] = (COMMON[word] and 0.125 or 1) / #marked[word]
      total[i] = total[i] + weight[word]
    end
  end
  local function sums(text)
    local score, seen, touched = {}, {}, {}
    for word in text:lower():gmatch("[" .. LETTER .. "]+") do
      local add = weight[word]
      if add and not seen[word] then
        seen[word] = true
        for _, i in ipairs(marked[word]) do
          if not score[i] then touched[#touched + 1] = i end
          score[i] = (score[i] or 0) + add
        end
      end
    end
    return score, touched
  end
  return function(text)
    local score, touched = sums(text)
    local best, top, tied = nil, 0, false
    for _, i in ipairs(touched) do
      local complete = score[i] > total[i] - TIE
      local s = complete and score[i] + 2 * TIE or score[i]
      if cells[i].custom and s < total[i] / 2 then s = 0 end
      if s > top + TIE then best, top, tied = i, s, false
      elseif s > top - TIE then tied = true end
    end
    if best and not tied then return cells[best].name, cells[best] end
  end
end

local read_all

--- Reads the built-in cell of a text: its name, or nil if it belongs to none.
---@param text string
---@return string? name
---@return advisor.LexiconCell?
function lexicon.cell_of(text)
  read_all = read_all or lexicon.reader(ALL)
  return read_all(text)
end

return lexicon

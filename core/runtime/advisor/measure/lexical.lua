--- Assigns texts to cells by their words, from labelled examples: offline,
--- instant, the same every time.
---
--- Three views of the same vectors are added up, each as standard scores over
--- the cells: the nearest centroid (Rocchio 1971), complement naive Bayes
--- (Rennie et al. 2003, ICML) and the k nearest neighbours by cosine. Vectors are
--- (1 + ln tf) * idf of stems, of length 1, with idf = ln((1 + n) / (1 + df)) + 1.
--- Words that shape a question and say nothing of its subject are left out, so
--- that "how can I" and "what are ways to" do not decide. These choices were made
--- by cross-validation on CatQA's odd rows.
local text = require("advisor.output.text")

local lexical = {}

local FORM = {}
for word in ([[
  a about above after again against all also am an and any anyone are around as at be because been
  before being below best between both but by can common could create did do does doing down during
  each easy easiest effective effectively efficient else etc ever every few find for from further get
  give good had has have having he help her here him his how however i if in into is it its itself
  just know like make many may me method methods might more most much must my need no nor not of off
  on one once only or other others our out over own people person possible practical recommend
  recommended same she should so some somebody someone something step steps strategies strategy such
  suggest technique techniques tell than that the their them then there these they thing things this
  those through tip tips to too tool tools under until up use used useful using various very want was
  way ways we were what when where which while who whom whose why will with within without would you
  your]]):gmatch("%S+") do
  FORM[word] = true
end

local ENDINGS = { "ization", "ations", "ation", "ingly", "fully", "ments", "ment", "ness", "ities",
  "ity", "ings", "ing", "ions", "ion", "ies", "ers", "er", "ed", "es", "ly", "s", "e", "y" }

--- A word without its ending, where at least four bytes are left.
local function stem(word)
  for _, ending in ipairs(ENDINGS) do
    local rest = #word - #ending
    if rest >= 4 and word:sub(rest + 1) == ending then return word:sub(1, rest) end
  end
  return word
end

--- The stems of a text, with their counts, in order of first use.
---@param value string
---@return string[] stems
---@return table<string, integer> counts
function lexical.stems(value)
  local stems, counts = {}, {}
  for word in text.normalize(value):gmatch("[%w'\128-\255]+") do
    word = word:gsub("'s$", "")
    if not FORM[word] then
      word = stem(word)
      if not counts[word] then stems[#stems + 1] = word end
      counts[word] = (counts[word] or 0) + 1
    end
  end
  return stems, counts
end

local Classifier = {}
Classifier.__index = Classifier

--- A text as a vector of length 1 over known stems: `{ stem, weight }` each.
function Classifier:vector(value)
  local stems, counts = lexical.stems(value)
  local vector, sum = {}, 0
  for _, word in ipairs(stems) do
    local idf = self.idf[word]
    if idf then
      local weight = (1 + math.log(counts[word])) * idf
      vector[#vector + 1] = { word, weight }
      sum = sum + weight * weight
    end
  end
  for _, part in ipairs(vector) do part[2] = part[2] / math.sqrt(sum) end
  return vector
end

local function count_stems(examples)
  local df, words = {}, {}
  for i = 1, #examples do
    for _, word in ipairs((lexical.stems(examples[i].text))) do
      if not df[word] then words[#words + 1] = word end
      df[word] = (df[word] or 0) + 1
    end
  end
  return df, words
end

function Classifier:cell_named(name)
  local cell = self.by_name[name]
  if not cell then
    cell = { name = name, size = 0, sums = {}, total = 0, norm = 0 }
    self.cells[#self.cells + 1], self.by_name[name] = cell, cell
  end
  return cell
end

--- Takes in one example: its words by cell, and where each word occurs.
function Classifier:add(value, name)
  local cell = self:cell_named(name)
  local number = #self.owner + 1
  self.owner[number], cell.size = cell, cell.size + 1
  for _, part in ipairs(self:vector(value)) do
    local word, weight = part[1], part[2]
    table.insert(self.postings[word], { number, weight })
    cell.sums[word] = (cell.sums[word] or 0) + weight
    cell.total, self.total = cell.total + weight, self.total + weight
    self.sums[word] = (self.sums[word] or 0) + weight
  end
end

--- Learns from examples.
---@param examples { text: string, cell: string }[]
---@param options? { neighbours?: integer, smoothing?: number } 5 and 0.3 by default.
---@return table classifier With `classify(text)`, a function.
function lexical.classifier(examples, options)
  options = options or {}
  local self = setmetatable({
    cells = {}, by_name = {}, owner = {}, postings = {}, sums = {}, total = 0, idf = {},
    neighbours = options.neighbours or 5, smoothing = options.smoothing or 0.3,
  }, Classifier)
  local df, words = count_stems(examples)
  self.size = #words
  for _, word in ipairs(words) do
    self.idf[word], self.postings[word] = math.log((1 + #examples) / (1 + df[word])) + 1, {}
  end
  for i = 1, #examples do self:add(examples[i].text, examples[i].cell) end
  for _, cell in ipairs(self.cells) do
    for _, word in ipairs(words) do
      local sum = cell.sums[word]
      if sum then cell.norm = cell.norm + sum * sum end
    end
    cell.norm = math.sqrt(cell.norm)
  end
  return { classify = function(value) return self:classify(value) end }
end

--- Cosine to each example that shares a word, and the examples in that order.
function Classifier:similar(vector)
  local similarity, found = {}, {}
  for _, part in ipairs(vector) do
    for _, posting in ipairs(self.postings[part[1]]) do
      local number = posting[1]
      if not similarity[number] then found[#found + 1] = number end
      similarity[number] = (similarity[number] or 0) + part[2] * posting[2]
    end
  end
  for _, number in ipairs(found) do
    similarity[number] = math.floor(similarity[number] * 1e9 + 0.5) / 1e9
  end
  table.sort(found, function(a, b)
    if similarity[a] ~= similarity[b] then return similarity[a] > similarity[b] end
    return a < b
  end)
  return similarity, found
end

--- Cosine to each cell's centroid, and the sum over the nearest neighbours.
function Classifier:by_examples(vector)
  local similarity, found = self:similar(vector)
  local centroid, near = {}, {}
  for _, cell in ipairs(self.cells) do centroid[cell], near[cell] = 0, 0 end
  for rank, number in ipairs(found) do
    local cell = self.owner[number]
    centroid[cell] = centroid[cell] + similarity[number] / cell.norm
    if rank <= self.neighbours then near[cell] = near[cell] + similarity[number] end
  end
  return centroid, near
end

--- Complement naive Bayes: how unlikely the words are in all other cells.
function Classifier:by_complement(vector)
  local scores, a = {}, self.smoothing
  for _, cell in ipairs(self.cells) do
    local others, sum = math.log(self.total - cell.total + a * self.size), 0
    for _, part in ipairs(vector) do
      local elsewhere = math.max(self.sums[part[1]] - (cell.sums[part[1]] or 0), 0)
      sum = sum + part[2] * (others - math.log(elsewhere + a))
    end
    scores[cell] = sum
  end
  return scores
end

--- Adds standard scores over the cells to `mixed`.
function Classifier:mix(mixed, scores)
  local n, sum, squares = #self.cells, 0, 0
  for _, cell in ipairs(self.cells) do sum = sum + scores[cell] end
  local mean = sum / n
  for _, cell in ipairs(self.cells) do squares = squares + (scores[cell] - mean) ^ 2 end
  local deviation = math.sqrt(squares / n)
  if deviation < 1e-9 then return end
  for _, cell in ipairs(self.cells) do
    mixed[cell] = (mixed[cell] or 0) + (scores[cell] - mean) / deviation / 3
  end
end

--- The cell that a text belongs to.
---@param value string
---@return string|nil cell Nil where no word of it is known.
---@return number margin By how much it is ahead of the second, in standard scores.
function Classifier:classify(value)
  local vector, mixed = self:vector(value), {}
  if #vector == 0 then return nil, 0 end
  local centroid, near = self:by_examples(vector)
  local views = { centroid, near, self:by_complement(vector) }
  for _, scores in ipairs(views) do self:mix(mixed, scores) end
  local best, first, second = nil, -math.huge, -math.huge
  for _, cell in ipairs(self.cells) do
    local score = math.floor((mixed[cell] or 0) * 1e6 + 0.5) / 1e6
    if score > first then
      best, first, second = cell, score, first
    else
      second = math.max(second, score)
    end
  end
  return best.name, second == -math.huge and 0 or first - second
end

return lexical

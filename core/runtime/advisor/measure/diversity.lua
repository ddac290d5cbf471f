--- How much the texts of a set repeat words and phrases.
---
--- Texts are lists of words, as `words` or another tokenizer makes them. Most of
--- these measures change with the size of a set: compare at equal numbers of
--- words. Sums run in the order of the texts.
local core = require("advisor_core")

local diversity = {}

--- Words of a text: runs of ASCII letters and digits, apostrophes within, and
--- whatever is not ASCII; ASCII letters in lower case.
---@param text string
---@return string[]
function diversity.words(text)
  local list = {}
  for word in text:lower():gmatch("[%w'\x80-\xff]+") do
    word = word:match("^'*(.-)'*$")
    if word ~= "" then list[#list + 1] = word end
  end
  return list
end

--- Counts the n-grams of one text; also returns them in order of appearance.
local function ngrams(words, n)
  local counts, order = {}, {}
  for i = 1, #words - n + 1 do
    local gram = table.concat(words, "\0", i, i + n - 1)
    if not counts[gram] then order[#order + 1] = gram end
    counts[gram] = (counts[gram] or 0) + 1
  end
  return counts, order
end

--- Distinct-n: different n-grams / all n-grams of the set; none spans two texts.
--- Source: Li et al. 2016, arXiv 1510.03055. 0 where there are none.
---@param texts string[][]
---@param n integer
---@return number
function diversity.distinct(texts, n)
  local add, value = diversity.growing_distinct(n), 0
  for _, words in ipairs(texts) do value = add(words) end
  return value
end

--- Distinct-n of a set that grows.
---@param n integer
---@return fun(words: string[]): number add Takes one more text; gives distinct-n of all so far.
function diversity.growing_distinct(n)
  local known, different, all = {}, 0, 0
  return function(words)
    local counts, order = ngrams(words, n)
    for _, gram in ipairs(order) do
      all = all + counts[gram]
      if not known[gram] then known[gram], different = true, different + 1 end
    end
    return all > 0 and different / all or 0
  end
end

--- N-gram diversity: the sum of distinct-n over n = 1 ... 4. Source: Shaib et
--- al. 2024, arXiv 2403.00553 (who join the texts first, so that n-grams may
--- span two; here none does).
---@param texts string[][]
---@return number
function diversity.ngram_diversity(texts)
  local sum = 0
  for n = 1, 4 do sum = sum + diversity.distinct(texts, n) end
  return sum
end

--- For each n-gram the largest count in one text, that text, and the largest in
--- any other: so the maximum over all texts but one is known at once.
local function largest(texts, n)
  local top = {}
  for at, words in ipairs(texts) do
    for gram, count in next, (ngrams(words, n)) do
      local t = top[gram]
      if not t then
        top[gram] = { count, at, 0 }
      elseif count > t[1] then
        top[gram] = { count, at, t[1] }
      elseif count > t[3] then
        t[3] = count
      end
    end
  end
  return top
end

--- Of the lengths of the other texts the nearest, of two equally near the
--- shorter.
local function nearest_length(lengths, at)
  local best
  for i, length in ipairs(lengths) do
    local far = math.abs(length - lengths[at])
    local best_far = best and math.abs(best - lengths[at])
    if i ~= at and (not best or far < best_far or far == best_far and length < best) then
      best = length
    end
  end
  return best
end

--- The clipped n-gram precision of a text against all others, smoothed.
local function log_precision(words, n, at, top)
  local counts, order = ngrams(words, n)
  local hits = 0
  for _, gram in ipairs(order) do
    local t = top[gram]
    hits = hits + math.min(counts[gram], t[2] == at and t[3] or t[1])
  end
  local all = math.max(#words - n + 1, 1)
  return hits, math.log((hits > 0 and hits or 0.1) / all)
end

--- The texts with words in them, at most `most`, drawn without replacement.
local function sampled(texts, rng, most)
  local chosen = {}
  for _, words in ipairs(texts) do
    if #words > 0 then chosen[#chosen + 1] = words end
  end
  if #chosen <= most then return chosen end
  for i = 1, most do
    local j = rng:integer(i, #chosen)
    chosen[i], chosen[j] = chosen[j], chosen[i]
  end
  return table.move(chosen, 1, most, 1, {})
end

---@class advisor.measure.SelfBleu
---@field n? integer Longest n-grams, 4 by default, with weights 1/n each.
---@field sample? integer Most texts looked at, 500 by default.

--- Self-BLEU: the mean over texts of BLEU with the text as hypothesis and the
--- others as references; higher is less diverse. Source: Zhu et al. 2018
--- (Texygen), arXiv 1802.01886. BLEU as in Papineni et al. 2002: brevity penalty
--- (nearest reference length) times exp(mean over n of ln p_n), p_n the clipped
--- precision. Smoothing is method 1 of Chen and Cherry 2014 as in NLTK, which
--- Texygen uses: 0.1 instead of 0 hits; without a single word in common it is 0.
---@param texts string[][] Empty ones are left out.
---@param rng { integer: fun(self, low: integer, high: integer): integer } Draws the sample.
---@param options? advisor.measure.SelfBleu
---@return number? score Nil for fewer than two texts.
function diversity.self_bleu(texts, rng, options)
  local longest = options and options.n or 4
  local chosen = sampled(texts, rng, options and options.sample or 500)
  local size = #chosen
  if size < 2 then return nil end
  local tops, lengths, sum = {}, {}, 0
  for n = 1, longest do tops[n] = largest(chosen, n) end
  for i, words in ipairs(chosen) do lengths[i] = #words end
  for at, words in ipairs(chosen) do
    local logs, common = 0, 0
    for n = 1, longest do
      local hits, log = log_precision(words, n, at, tops[n])
      if n == 1 then common = hits end
      logs = logs + log / longest
    end
    local penalty = math.min(0, 1 - nearest_length(lengths, at) / #words)
    if common > 0 then sum = sum + math.exp(penalty + logs) end
  end
  return sum / size
end

--- Compression ratio: bytes of the texts, joined by line ends, over the bytes
--- that zlib (DEFLATE) makes of them at level 6; higher is more redundant.
--- Source: Shaib et al. 2024, arXiv 2403.00553 (whose program compresses twice,
--- so that its figures are other ones).
---@param texts string[] The texts themselves.
---@return number? ratio 0 for no bytes.
---@return string? message
---@return string? code
function diversity.compression_ratio(texts)
  local joined = table.concat(texts, "\n")
  if joined == "" then return 0 end
  local size, message, code = core.measure.compressed_size(joined)
  if not size then return nil, message, code end
  return #joined / size
end

--- Self-repetition: the mean over texts of ln(1 + how often its different
--- n-grams occur in other texts). Source: Salkar et al. 2022 (AACL), as put in arXiv 2403.00553.
---@param texts string[][]
---@param n? integer 4 by default.
---@return number 0 without texts.
function diversity.self_repetition(texts, n)
  n = n or 4
  local everywhere, sum = {}, 0
  for _, words in ipairs(texts) do
    for gram, count in next, (ngrams(words, n)) do
      everywhere[gram] = (everywhere[gram] or 0) + count
    end
  end
  for _, words in ipairs(texts) do
    local counts, order = ngrams(words, n)
    local elsewhere = 0
    for _, gram in ipairs(order) do elsewhere = elsewhere + everywhere[gram] - counts[gram] end
    sum = sum + math.log(1 + elsewhere)
  end
  return #texts > 0 and sum / #texts or 0
end

return diversity

---@meta
--- Duplicate engines: which item is nearest, and how near. Nothing here yields.
local dedup = {}

---@class advisor.Index
local Index = {}

--- An engine for texts that are equal once normalized.
---@return advisor.Index|nil
---@return string|nil message
---@return string|nil code
function dedup.exact() end

---@class advisor.MinhashOptions
---@field threshold number|nil Least Jaccard index that is near; 0.7.
---@field words boolean|nil Shingles of words, not of bytes.
---@field n integer|nil Words or bytes of a shingle; 3 words, 5 bytes.
---@field bands integer|nil 17.
---@field rows integer|nil Minima of a band; by the threshold, 4 at 0.7.

--- Jaccard index of shingles, by MinHash with LSH; what is found is verified.
---@param options advisor.MinhashOptions|nil
---@return advisor.Index|nil
---@return string|nil message
---@return string|nil code
function dedup.minhash(options) end

---@class advisor.RougeOptions
---@field threshold number|nil What scores above it is near; 0.7.

--- ROUGE-L F1 over words, exact.
---@param options advisor.RougeOptions|nil
---@return advisor.Index|nil
---@return string|nil message
---@return string|nil code
function dedup.rouge(options) end

---@class advisor.NgramsOptions
---@field n integer|nil Words of a run, 1 to 64; 8.
---@field threshold number|nil What scores above it is near; 0: any common run.

--- Share of a text's words in runs of n words that it has in common with an item,
--- exact.
---@param options advisor.NgramsOptions|nil
---@return advisor.Index|nil
---@return string|nil message
---@return string|nil code
function dedup.ngrams(options) end

---@class advisor.CosineOptions
---@field dimensions integer Of the vectors.
---@field threshold number|nil Least cosine that is near; 0.9. -1: all are.

--- Cosine of vectors, exact.
---@param options advisor.CosineOptions
---@return advisor.Vectors|nil
---@return string|nil message
---@return string|nil code
function dedup.cosine(options) end

--- The nearest of the items added so far; of equals, the one with the lowest
--- id.
---@param text string
---@param before integer|nil Items with this id or a higher one are not seen.
---@return integer|nil id nil if none is near; nil, message, code on failure.
---@return number|string|nil score 1.0: equal.
---@return string|nil code
function Index:nearest(text, before) end

--- Adds an item. Ids rise from one to the next.
---@param text string
---@param id integer
---@return true|nil
---@return string|nil message
---@return string|nil code
function Index:add(text, id) end

--- Items added so far.
---@return integer
function Index:count() end

---@class advisor.Vectors
local Vectors = {}

--- The nearest of the vectors added so far; of equals, the one added first.
---@param vector number[]|string Numbers, or the bytes of 4-byte floats.
---@param before integer|nil Vectors with this id or a higher one are not seen.
---@return integer|nil id nil if none is near; nil, message, code on failure.
---@return number|string|nil score The cosine.
---@return string|nil code "EINVAL": the vector has no direction.
function Vectors:nearest(vector, before) end

--- Adds a vector. Ids rise from one to the next.
---@param vector number[]|string Numbers, or the bytes of 4-byte floats.
---@param id integer
---@return true|nil
---@return string|nil message
---@return string|nil code
function Vectors:add(vector, id) end

--- Vectors added so far.
---@return integer
function Vectors:count() end

return dedup

---@meta

--- Measures that need a library or many sums. They run on the loop's thread: a
--- large set holds everything else up. Results are rounded to nine significant
--- digits. A vector is a list of numbers or a string of packed float32
--- (`string.pack("<f", …)`); all of one call have equal length, and none is
--- zero.
---@class advisor_core.measure
local measure = {}

--- How many different items the vectors amount to: exp(-sum l_i ln l_i) with
--- l_i the eigenvalues of K/n and K_ij the cosine of i and j (Friedman and
--- Dieng 2023, arXiv 2210.02410). Between 1 (all the same) and their number
--- (nothing in common). LAPACK is loaded by the first call; without it the
--- code is "ENOTFOUND". At most 8,192 vectors or 8,192 numbers in each, and
--- 2^26 numbers in all.
---@param vectors (number[]|string)[]
---@param q? number Order, 1 by default: (sum l_i^q)^(1/(1-q)); below 1 rare
--- items weigh more, above 1 common ones; `math.huge` gives 1 / max l_i.
---@return number? score
---@return string? message
---@return string? code
function measure.vendi(vectors, q) end

--- As `vendi` for any similarity, given as a symmetric matrix with ones on its
--- diagonal, without negative eigenvalues.
---@param matrix (number[]|string)[] Its rows.
---@param q? number Order, 1 by default.
---@return number? score
---@return string? message
---@return string? code
function measure.vendi_similarity(matrix, q) end

--- The mean over all vectors of the cosine distance (1 - cosine) to the nearest
--- other one: near 0 where items repeat. Takes time by the square of their
--- number.
---@param vectors (number[]|string)[] At least two.
---@return number? distance
---@return string? message
---@return string? code
function measure.nearest_distance(vectors) end

--- The bytes that zlib makes of a text at level 6, with its header and checksum
--- (6 bytes).
---@param text string
---@return integer? bytes
---@return string? message
---@return string? code
function measure.compressed_size(text) end

return measure

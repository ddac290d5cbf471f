--- Vectors of texts without an embedder, so that the Vendi score and the nearest
--- distance work offline: a text's character n-grams are counted in buckets that
--- a hash picks (feature hashing, Weinberger et al. 2009, arXiv 0902.2206,
--- without signs), and the vector is scaled to length 1. The product of two
--- vectors is then the cosine of the counts: 1 for equal texts and near 0 for
--- texts without common n-grams (n-grams that share a bucket keep it above 0).
local kernel = {}

--- FNV-1a over code points, mixed at the end so that its low bits are as good
--- as its high ones.
local function bucket_of(points, from, n, dimensions)
  local h = 0xcbf29ce484222325
  for i = from, from + n - 1 do h = (h ~ points[i]) * 0x100000001b3 end
  h = (h ~ (h >> 32)) * 0x9E3779B97F4A7C15
  return (h >> 32) % dimensions + 1
end

--- Characters as numbers, ASCII in lower case, runs of white space as one space,
--- a space before and after; bytes where the text is not UTF-8.
local function points_of(text)
  text = " " .. text:lower():gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "") .. " "
  local points = {}
  if utf8.len(text) then
    for _, point in utf8.codes(text) do points[#points + 1] = point end
  else
    for i = 1, #text do points[i] = text:byte(i) end
  end
  return points
end

---@class advisor.measure.Kernel
---@field n? integer Characters of an n-gram, 3 by default.
---@field dimensions? integer Buckets, 512 by default.

--- Packed float32 numbers, as `measure.vendi` and `measure.nearest_distance`
--- take them. A text too short for one n-gram is one n-gram of what it has.
---@param text string
---@param options? advisor.measure.Kernel
---@return string
function kernel.vector(text, options)
  local n, dimensions = options and options.n or 3, options and options.dimensions or 512
  local points, counts, squares, packed = points_of(text), {}, 0, {}
  n = math.min(n, #points)
  for i = 1, dimensions do counts[i] = 0 end
  for i = 1, #points - n + 1 do
    local bucket = bucket_of(points, i, n, dimensions)
    counts[bucket] = counts[bucket] + 1
  end
  for _, count in ipairs(counts) do squares = squares + count * count end
  local length = math.sqrt(squares)
  for i, count in ipairs(counts) do packed[i] = string.pack("<f", count / length) end
  return table.concat(packed)
end

---@param texts string[]
---@param options? advisor.measure.Kernel
---@return string[]
function kernel.vectors(texts, options)
  local list = {}
  for i, text in ipairs(texts) do list[i] = kernel.vector(text, options) end
  return list
end

--- The cosine of two vectors: sum a_i b_i / (|a| |b|).
---@param a string Packed float32 numbers, not all 0.
---@param b string As many.
---@return number
function kernel.cosine(a, b)
  assert(#a == #b and #a % 4 == 0, "vectors of different lengths")
  local joint, aa, bb = 0, 0, 0
  for at = 1, #a, 4 do
    local x, y = string.unpack("<f", a, at), string.unpack("<f", b, at)
    joint, aa, bb = joint + x * y, aa + x * x, bb + y * y
  end
  return joint / math.sqrt(aa * bb)
end

return kernel

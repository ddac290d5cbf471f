--- Vectors as scripts hold them: objects that ctx.measure compares. They are no
--- plain data, so a script cannot put one into a draft or a summary; what a text's
--- vector is, ctx.embed says again at no cost.
local embeddings = require("advisor.models.embeddings")
local frozen = require("advisor.host.library").frozen

local vectors = {}

--- object -> bytes.
local bytes_of = setmetatable({}, { __mode = "k" })

--- Wraps the bytes of a vector. Fields: `dimensions`, and `numbers()`, a fresh list.
---@param bytes string As of `embeddings.pack`.
---@return table
function vectors.wrap(bytes)
  local object = frozen({ dimensions = #bytes // 4, numbers = function() return embeddings.unpack(bytes) end },
    "vector")
  bytes_of[object] = bytes
  return object
end

local function bytes(value, name)
  local found = type(value) == "table" and bytes_of[value]
  if not found then error(("ctx.measure.%s: a vector of ctx.embed is expected"):format(name), 3) end
  return found
end

local function same_length(a, b, name)
  if #a ~= #b then
    error(("ctx.measure.%s: the vectors have %d and %d dimensions"):format(name, #a // 4, #b // 4), 3)
  end
end

--- cosine(a, b): of two vectors, -1 to 1.
function vectors.cosine(a, b)
  local x, y = bytes(a, "cosine"), bytes(b, "cosine")
  same_length(x, y, "cosine")
  return embeddings.cosine(x, y)
end

--- centroid(vectors): the mean of a list of vectors, each scaled to length 1 first.
function vectors.centroid(list)
  if type(list) ~= "table" or list[1] == nil then
    error("ctx.measure.centroid: a list of vectors is expected", 2)
  end
  local all = {}
  for i = 1, #list do
    all[i] = bytes(list[i], "centroid")
    same_length(all[1], all[i], "centroid")
  end
  return vectors.wrap(embeddings.centroid(all))
end

return vectors

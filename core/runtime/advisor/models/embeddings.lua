--- Vectors of texts: how the program holds them, and reading OpenAI's reply.
---
--- A vector is a string, the bytes of its numbers as 4-byte floats of this machine:
--- a quarter of what a table would take, and what core/dedup compares.
local json = require("advisor.output.json")
local outcome = require("advisor.models.outcome")

local embeddings = {}

--- Numbers that are packed at once.
local PIECE = 128
local FORMAT = ("f"):rep(PIECE)

--- Numbers as bytes.
local function bytes_of(numbers)
  local parts = {}
  for first = 1, #numbers, PIECE do
    local last = math.min(first + PIECE - 1, #numbers)
    parts[#parts + 1] = string.pack(FORMAT:sub(1, last - first + 1), table.unpack(numbers, first, last))
  end
  return table.concat(parts)
end

--- One vector as bytes.
---@return string|nil
---@return string|nil message
local function pack_one(numbers)
  if type(numbers) ~= "table" or #numbers == 0 then return nil, "is no list of numbers" end
  local any = false
  for i = 1, #numbers do
    local x = numbers[i]
    -- Also false of NaN.
    if type(x) ~= "number" or not (x > -math.huge and x < math.huge) then
      return nil, ("has no finite number at %d"):format(i)
    end
    any = any or x ~= 0
  end
  if not any then return nil, "is zero, so it has no direction" end
  return bytes_of(numbers)
end

--- Packs vectors.
---@param lists number[][]
---@param count integer As many are expected.
---@return string[]|nil vectors
---@return string|nil message
function embeddings.pack(lists, count)
  if type(lists) ~= "table" or #lists ~= count then
    return nil, ("%d vectors came for %d texts"):format(type(lists) == "table" and #lists or 0, count)
  end
  local vectors = {}
  for i = 1, count do
    local vector, why = pack_one(lists[i])
    if not vector then return nil, ("vector %d %s"):format(i, why) end
    if vectors[1] and #vector ~= #vectors[1] then
      return nil, ("vector %d has %d dimensions, the first one %d"):format(i, #vector // 4, #vectors[1] // 4)
    end
    vectors[i] = vector
  end
  return vectors
end

--- Numbers of a vector.
---@param vector string
---@return number[]
function embeddings.unpack(vector)
  local numbers, at = {}, 1
  for i = 1, #vector // 4 do numbers[i], at = string.unpack("f", vector, at) end
  return numbers
end

--- The cosine of two vectors, to nine significant digits.
---@param a string
---@param b string
---@return number
function embeddings.cosine(a, b)
  local x, y = embeddings.unpack(a), embeddings.unpack(b)
  local dot, left, right = 0, 0, 0
  for i = 1, #x do dot, left, right = dot + x[i] * y[i], left + x[i] * x[i], right + y[i] * y[i] end
  return tonumber(("%.9g"):format(dot / math.sqrt(left * right)))
end

--- The mean of vectors of length 1. Its own length is not 1, which a cosine does
--- not mind.
---@param list string[]
---@return string
function embeddings.centroid(list)
  local sum = {}
  for _, vector in ipairs(list) do
    local numbers, square = embeddings.unpack(vector), 0
    for i = 1, #numbers do square = square + numbers[i] * numbers[i] end
    local length = math.sqrt(square)
    for i = 1, #numbers do sum[i] = (sum[i] or 0) + numbers[i] / length end
  end
  for i = 1, #sum do sum[i] = sum[i] / #list end
  return bytes_of(sum)
end

--- Vectors in the order of the texts: servers name each one's place.
local function in_order(data)
  local lists = {}
  for i, entry in ipairs(data) do
    if type(entry) ~= "table" then return {} end
    lists[(math.tointeger(entry.index) or i - 1) + 1] = entry.embedding
  end
  return lists
end

--- Reads the body of a reply with a status of success.
---@param reply { raw: string }
---@param call { input: string[] }
---@return table outcome `{ class, reason, vectors, usage, message }`
function embeddings.parse(reply, call)
  local body, why = json.decode(reply.raw)
  if type(body) ~= "table" then
    return { class = "unknown", reason = "malformed", message = "the reply is no JSON object: " .. tostring(why) }
  end
  if type(body.data) ~= "table" then
    if body.error then return outcome.of_error_body(body) end
    return { class = "unknown", reason = "malformed", message = "the reply has no list 'data'" }
  end
  local vectors, problem = embeddings.pack(in_order(body.data), #call.input)
  if not vectors then return { class = "unusable", reason = "vectors", message = problem } end
  local usage = type(body.usage) == "table" and body.usage or {}
  return { class = "ok", reason = "", vectors = vectors,
    usage = { prompt_tokens = math.tointeger(usage.prompt_tokens), completion_tokens = 0 } }
end

return embeddings

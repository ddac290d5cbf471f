--- The simulated provider's vectors: texts that share words are near.
local core = require("advisor_core")
local lexical = require("advisor.measure.lexical")

local DIMENSIONS = 128

--- Adds a word: in each dimension +1 or -1, by the bits of its hash.
local function add(numbers, word, times)
  local hash = core.text.hash(word)
  for i = 1, DIMENSIONS do
    local digit = tonumber(hash:sub((i - 1) // 4 + 1, (i - 1) // 4 + 1), 16)
    local bit = digit >> (i - 1) % 4 & 1
    numbers[i] = numbers[i] + (bit == 1 and times or -times)
  end
end

--- The sum of the pseudo-random vectors of a text's stems.
---@param text string
---@return integer[] numbers 128 of them, never all 0.
return function(text)
  local numbers = {}
  for i = 1, DIMENSIONS do numbers[i] = 0 end
  local stems, counts = lexical.stems(text)
  for _, stem in ipairs(stems) do add(numbers, stem, counts[stem]) end
  if #stems == 0 then add(numbers, text, 1) end
  numbers[1] = numbers[1] == 0 and 1 or numbers[1]
  return numbers
end

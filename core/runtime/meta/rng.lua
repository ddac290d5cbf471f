---@meta
--- Named streams of random numbers: the same name gives the same numbers on every
--- machine (xoshiro256**, seeded with XXH3 of the name).
local rng = {}

---@class advisor.Stream
local Stream = {}

--- A stream at its beginning.
---@param name string Any bytes.
---@return advisor.Stream
function rng.new(name) end

--- A number in [0, 1), of 53 bits.
---@return number
function Stream:unit() end

--- A whole number, both ends included, without bias. Raises if low > high.
---@param low integer
---@param high integer
---@return integer
function Stream:integer(low, high) end

--- An element of a list. Raises if it is empty.
---@generic T
---@param list T[]
---@return T
function Stream:choice(list) end

--- A new list with all elements in random order.
---@generic T
---@param list T[]
---@return T[]
function Stream:shuffle(list) end

--- `k` elements at different positions, in random order. Raises unless k is between 0
--- and the list's length.
---@generic T
---@param list T[]
---@param k integer
---@return T[]
function Stream:sample(list, k) end

return rng

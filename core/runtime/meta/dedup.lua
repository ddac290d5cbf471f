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

--- The nearest of the items added so far; of equals, the one added first.
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

return dedup

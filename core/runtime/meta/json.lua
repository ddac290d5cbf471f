---@meta
--- The canonical form of JSON, and tidying of what lua-cjson read. Nothing here yields.
local json = {}

--- The metatable of lists that are written as `[]` even if they are empty.
json.array_mark = {}

--- Writes a value with sorted keys and shortest numbers. Metamethods are not called.
--- Raises for what JSON cannot hold, and beyond 64 levels.
---@param value any
---@return string
function json.encode(value) end

--- A copy of lists, tables with names, text, finite numbers and booleans, whole numbers
--- as integers; false where there is anything else, such as a metatable; false and why
--- where there are more than two million values or 64 MiB of text.
---@param value any
---@param mixed boolean|nil Whether a table may be a list and have names too.
---@return boolean plain
---@return any copy Or why it is too much, or nil.
function json.plain(value, mixed) end

--- Leaves out nulls and makes whole numbers integers, in place, also in tables inside.
--- Raises beyond 1,000 levels.
---@generic T: table
---@param value T
---@return T value The same table.
function json.tidy(value) end

return json

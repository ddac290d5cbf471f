---@meta
--- Text from outside made safe, compared and hashed. Texts are at most 64 MiB; what
--- does not fit is nil, message, "ELIMIT". Nothing here yields.
local text = {}

--- The text with what a terminal would obey shown instead of sent: control characters but
--- line feed and tab, C1, marks that turn the direction of writing.
---@param value string
---@return string|nil
---@return string|nil message
---@return string|nil code
function text.printable(value) end

--- Whether the bytes are well-formed UTF-8.
---@param value string
---@return boolean
function text.valid(value) end

--- Replaces what is ill-formed by U+FFFD.
---@param value string
---@return string|nil
---@return boolean|string repaired Whether something was replaced; or the message.
---@return string|nil code
function text.repair(value) end

--- As `repair`, and makes JSON readable: without byte order mark, lone surrogate
--- escapes replaced.
---@param value string
---@return string|nil
---@return boolean|string repaired
---@return string|nil code
function text.repair_json(value) end

--- The form in which texts are compared: NFKC, case folded, single blanks, none at
--- the ends.
---@param value string
---@return string|nil
---@return string|nil message
---@return string|nil code
function text.normalize(value) end

--- XXH3-128 in 32 hex digits.
---@param value string
---@return string
function text.hash(value) end

--- The same hash of what is added piece by piece.
---@class advisor.Hasher
local Hasher = {}

---@return advisor.Hasher
function text.hasher() end

--- Adds the next piece.
---@param piece string
function Hasher:add(piece) end

--- The hash of all that was added so far; more may be added after that.
---@return string
function Hasher:hex() end

--- The events of a whole server-sent stream: the data of each, or `{ event, data }`
--- where an event is named.
---@param bytes string
---@return (string|{ event: string, data: string })[]|nil
---@return string|nil message
---@return string|nil code
function text.sse(bytes) end

return text

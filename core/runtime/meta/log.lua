---@meta
--- The log: one line an event, redacted, control characters escaped.
local log = {}

---@alias advisor.LogLevel "debug"|"info"|"warn"|"error"|"silent"

--- Writes one event. Raises for an unknown level.
---@param level advisor.LogLevel|nil Default "info".
---@param text string
function log.write(level, text) end

--- What reaches standard error from now on: this level and above. Default "warn".
---@param level advisor.LogLevel
function log.level(level) end

--- Also appends "info" and above to a file, made 0600; nil ends that.
---@param path string|nil
---@return true|nil
---@return string|nil message
---@return string|nil code
function log.file(path) end

--- The text with every known key, and whatever looks like one, hidden.
---@param text string
---@return string|nil
---@return string|nil message
---@return string|nil code
function log.redact(text) end

return log

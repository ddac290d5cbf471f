---@meta
--- run.db: durable writes in groups, reads beside them.
local store = {}

--- An open run folder. Methods raise once it is closed, except `close`.
---@class advisor.Store
local Store = {}

--- One SQL statement: the text, then the values of its `?` in order, at most 31.
--- `n` is the length with trailing nils; needed only if the last value may be nil.
--- Booleans are stored as 0 and 1, strings as text.
---@alias advisor.Statement table

--- Opens FOLDER/run.db. "create" makes the folder (0700) and the tables and fails
--- with EEXISTS if there is a run already; "write" fails with ENOTFOUND if there is
--- none; both hold the run's lock, EBUSY if another process has it. "read" needs no
--- lock and never waits. EVERSION if the file is not this program's.
---@param folder string
---@param mode "create"|"write"|"read"|nil Default "read".
---@param source string|nil With "create": folder of a run whose rows the new one begins with, as
---they are committed now.
---@return advisor.Store|nil
---@return string|nil message
---@return string|nil code
function store.open(folder, mode) end

--- Runs all statements in one transaction, as a whole or not at all. Yields until
--- they are on disk. Raises for values that cannot be stored; outside of a task.
---@param statements advisor.Statement[]
---@return true|nil
---@return string|nil message
---@return string|nil code
function Store:write(statements) end

--- As `write`, without waiting and without a word on failure: for rows that can be
--- made again from what is on disk. Does not yield.
---@param statements advisor.Statement[]
---@return true|nil nil, message, code if the store takes nothing any more.
---@return string|nil message
---@return string|nil code
function Store:post(statements) end

--- Runs one reading statement at once, without yielding; sees what is committed.
--- NULL is an absent field.
---@param sql string
---@param ... string|number|boolean|nil Values of its `?`, at most 32.
---@return table<string, string|number>[]|nil rows
---@return string|nil message
---@return string|nil code
function Store:query(sql, ...) end

--- What was written since it was opened.
---@return { commits: integer, batches: integer, statements: integer }
function Store:counts() end

--- Whether the disk was full. What is written from then on uses room that was set
--- aside, so that no more should be begun.
---@return boolean
function Store:is_full() end

--- Commits what is queued, then closes the files and gives back the lock. Yields,
--- unless the store was opened for reading. A second time does nothing.
---@return true
function Store:close() end

return store

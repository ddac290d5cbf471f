---@meta
--- One attempt of a paid call: intent, slot, send, reply, all on disk before it is
--- seen. Retrying is not decided here.
local calls = {}

--- Methods raise once it is closed, except `close`.
---@class advisor.Calls
local Calls = {}

---@class advisor.Attempt What came back; on disk already.
---@field id integer Row in `attempt`.
---@field state "done"|"failed"|"unknown" A whole response; surely not sent; may be paid.
---@field end string "done", "not_sent", "lost", "too_large", "timed_out", "canceled".
---@field http integer Status, 0 if there was none.
---@field curl integer libcurl's code, 0 if all was well.
---@field sends integer How often bytes left for the server: 0 or 1.
---@field reused boolean Whether the connection had answered before.
---@field headers string Lines "name: value\n", names in lower case.
---@field raw string The body's bytes.
---@field why string The transport's reason in words, redacted.

--- Makes the engine over an open store, which it keeps open. Raises for a store
--- that is closed.
---@param store advisor.Store Opened for writing.
---@param options { proxy: string|nil, proxy_env: string|nil, ca_file: string|nil, connections: integer|nil }
---@return advisor.Calls|nil
---@return string|nil message
---@return string|nil code
function calls.new(store, options) end

--- Adds an endpoint, or finds the one with the same URL. The key is read from the
--- environment or its file here and never reaches Lua. Raises if `url` is missing; EINVAL for a
--- URL that is not http(s), a key that cannot be sent, another key or other limits
--- for the same URL. `concurrency` is the most; how many are in flight follows from
--- what the server bears (core/net/pace.h). `is_local`: `send`'s `reply` is the reply, there is no network.
---@param options { url: string, key_env: string|nil, key_file: string|nil, is_local: boolean|nil, plain_http:
---boolean|nil, concurrency: integer|nil, requests_per_minute: integer|nil, tokens_per_minute:
---integer|nil, breaker_ms: integer|nil, connect_ms: integer|nil, first_byte_ms: integer|nil,
---total_ms: integer|nil, stall_ms: integer|nil, max_reply: integer|nil }
---@return integer|nil index For `send`'s `endpoints`.
---@return string|nil message
---@return string|nil code
function Calls:endpoint(options) end

--- Makes one attempt at the endpoint with the most room. Yields until the reply is on
--- disk. Raises without `endpoints`; EINVAL for a number that `endpoint` did not give,
--- ECANCELED if it was never granted a slot, EOVERLOADED if its endpoints have all failed
--- for `breaker_ms`, the store's code if it could not be recorded.
---@param request { endpoints: integer[], round: integer|nil, stage: string|nil, lane: string|nil,
---ordinal: integer|nil, n: integer|nil, role: string|nil, canonical: string|nil, path: string|nil,
---headers: string[]|nil, key_header: string|nil, body: string|nil, reply: string|nil,
---tokens: integer|nil, fresh_connection: boolean|nil }
---@return advisor.Attempt|nil
---@return string|nil message
---@return string|nil code
function Calls:send(request) end

--- Grants no slot any more; what is in flight goes on. What waits for a slot goes
--- on waiting, until `close`.
function Calls:stop() end

--- Cancels the transfers in flight; each is recorded as it ended.
function Calls:cancel() end

--- Attempts between the grant of a slot and the commit of their reply.
---@return integer
function Calls:in_flight() end

--- Yields until nothing is in flight.
---@return true|nil nil, message, code where another task drains already.
---@return string|nil message
---@return string|nil code
function Calls:drain() end

--- Stops, drops what waits for a slot, cancels what is in flight, and yields until
--- all is recorded. A second time does nothing.
---@return true
function Calls:close() end

--- How long to wait before an attempt is repeated: full jitter, uniform up to
--- min(cap, base * 2^tries), with the server's wish as a floor.
---@param tries integer Attempts made so far, from 1.
---@param asked_ms integer|nil The server's wish in milliseconds, 0 if none.
---@param name string Of the random stream for the jitter.
---@param limits { base_ms: integer|nil, cap_ms: integer|nil }|nil Default 1,000 and 60,000.
---@return integer ms
function calls.backoff(tries, asked_ms, name, limits) end

--- What a reply's headers ask for: retry-after-ms, retry-after, and the resets of
--- rate limits of which nothing is left.
---@param headers string As in `advisor.Attempt`.
---@return integer ms 0 if they ask for nothing that can be used.
function calls.retry_after(headers) end

return calls

---@meta
--- One request outside of any run: nothing is recorded. For what is free, or for a
--- person who asks; a run's own calls go through `calls`.
local probe = {}

--- Makes one request, and waits for its whole reply. Yields. The key is read from the
--- environment or its file here and never reaches Lua; what the server says is redacted.
---@param options { url: string, headers: string[]|nil, key_env: string|nil, key_file: string|nil,
---key_header: string|nil, body: string|nil, plain_http: boolean|nil, total_ms: integer|nil,
---proxy: string|nil, proxy_env: string|nil, ca_file: string|nil } Without a `body` it is a GET;
---`total_ms`, 10,000 by default, is for all of it.
---@return { http: integer, raw: string }|nil reply A whole response of any status.
---@return string|nil message
---@return string|nil code
function probe.request(options) end

return probe

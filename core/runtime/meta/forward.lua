---@meta
--- Forwarding to one host: a process without a network connects to a Unix socket, and
--- this one passes its bytes on, as they are.
local forward = {}

--- Listens at a path that is not there yet, until it is closed.
---@param url string Names the host; what comes after its port is left aside.
---@param path string
---@return advisor.Forward|nil
---@return string|nil message
---@return string|nil code
function forward.open(url, path) end

--- The origin of a URL as libcurl reads it: "https://host:443", in lower case, always with
--- its port.
---@param url string
---@return string|nil origin
---@return string|nil message EINVAL: it is no URL of http or https.
---@return string|nil code
function forward.origin(url) end

--- From now on this process reaches the origin of a URL through a Unix socket.
---@param url string
---@param path string
---@return true|nil
---@return string|nil message
---@return string|nil code
function forward.route(url, path) end

---@class advisor.Forward
local Forward = {}

--- How many connections are open.
---@return integer
function Forward:count() end

--- Ends all connections and removes the socket.
function Forward:close() end

return forward

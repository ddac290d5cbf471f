--- Replies that other runs have paid for. A call is answered by one of them if all of
--- it is the same: its place (round, stage, lane, ordinal), the endpoint and the body,
--- byte for byte. So what a run reuses does not depend on when replies come.
local core = require("advisor_core")
local records = require("advisor.engine.records")

local reuse = {}
reuse.__index = reuse

--- How the endpoint of a reused reply is named in the record.
local MARK = "reused:"

--- Whether a recorded attempt was answered by another run.
---@param endpoint string As recorded.
function reuse.is(endpoint) return endpoint:sub(1, #MARK) == MARK end

--- Opens runs to take replies from.
---@param folders string[] The first one that has a reply gives it.
---@param any boolean Also refusals and replies without a text, which are not taken otherwise.
---@param calls userdata|table The run's calls.
---@return table|nil
---@return string|nil message
---@return string|nil code
function reuse.open(folders, any, calls)
  local self = setmetatable({ stores = {}, any = any }, reuse)
  for i, folder in ipairs(folders) do
    local store, why, code = core.store.open(folder, "read")
    if not store then
      self:close()
      return nil, "replies cannot be taken from a run: " .. why, code
    end
    local endpoint
    endpoint, why, code = calls:endpoint({ url = MARK .. folder, is_local = true, concurrency = 256 })
    if not endpoint then
      self:close()
      return nil, why, code
    end
    self.stores[i] = { store = store, endpoint = endpoint }
  end
  return self
end

local function is_served_by(role, endpoint)
  for _, url in ipairs(role.urls) do
    -- The record leaves a slash at the end out, and what may be secret.
    if url == endpoint or url:gsub("/+$", "") == endpoint then return true end
  end
  return false
end

--- The reply of a call that is the same.
---@param lane advisor.Lane Its number of asks names the call.
---@param role table
---@param body string As it would be sent.
---@return { raw: string, endpoint: integer }|nil
function reuse:find(lane, role, body)
  for _, source in ipairs(self.stores) do
    local row = records.paid_reply(source.store, lane.round, lane.stage, lane.path, lane.asks, body,
      self.any)
    if row and (reuse.is(row.endpoint) or is_served_by(role, row.endpoint)) then
      return { raw = row.raw, endpoint = source.endpoint }
    end
  end
  return nil
end

--- Closes the other runs.
function reuse:close()
  for _, source in ipairs(self.stores) do source.store:close() end
  self.stores = {}
end

return reuse

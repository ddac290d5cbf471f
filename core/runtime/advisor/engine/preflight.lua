--- What is looked at before a run's first paid call: only what is free, and for two
--- seconds at most.
local core = require("advisor_core")
local options = require("advisor.host.options")
local probing = require("advisor.models.probing")

local preflight = {}

local DEADLINE_MS = 2000
--- A run grows by some kilobytes a call; with less room than this it would not get far.
local ROOM_BYTES = 50 * 1000 * 1000
--- 2025-01-01: a clock before that is wrong, and no certificate would hold.
local EARLIEST_MS = 1735689600000

--- Whether there is room for a run. What it has set aside itself counts.
---@param folder string
---@return string|nil problem With the remedy.
function preflight.room(folder)
  local bytes, spare = core.system.disk_free(folder), core.system.info(folder .. "/run.spare")
  if bytes and spare then bytes = bytes + spare.size end
  if not bytes or bytes >= ROOM_BYTES then return nil end
  return ("the disk of %s has %.1f MB left, and a run wants 50: make room, or name a folder on another disk")
    :format(folder, bytes / 1e6)
end

--- Whether the clock can be right.
---@return string|nil problem
function preflight.clock()
  local now = core.system.wall_ms()
  if now >= EARLIEST_MS then return nil end
  return ("the clock says %s: set it, or servers' certificates do not hold"):format(os.date("!%Y-%m-%d", now // 1000))
end

--- Whether as many files may be open as a run's connections need.
---@param models table Resolved.
---@return string|nil problem
function preflight.files(models)
  local wanted, limit = 64, core.system.file_limit()
  for _, role in pairs(models) do
    if type(role) == "table" then wanted = wanted + role.concurrency * #role.urls end
  end
  if limit >= wanted then return nil end
  return ("%d files may be open at once, and as many connections as the experiment allows want %d: ulimit -n %d,"
    .. " or a lower concurrency"):format(limit, wanted, wanted)
end

--- What a list of models says against a role; nil: nothing.
local function against(name, role, found)
  if found.state ~= "listed" or role.model == "" then return nil end
  local listed = probing.missing(found.models, role.model)
  if not listed then return nil end
  return ("models.%s: the server lists no model '%s' (it lists %s); if the first call fails: --set models.%s.model=…")
    :format(name, role.model, listed, name)
end

--- Asks each server for its models, until the time is up. A server without a list, or
--- one that does not answer, says nothing against a run: its calls will.
---@param models table As `connect` gives them.
---@param policy table
---@return string[] warnings
function preflight.models(models, policy)
  local warnings, asked, began = {}, {}, core.loop.now()
  for _, name in ipairs(options.sorted_keys(models)) do
    local role = models[name]
    for _, url in ipairs(type(role) == "table" and not role.is_local and role.urls or {}) do
      local left = DEADLINE_MS - math.ceil((core.loop.now() - began) * 1000)
      if left > 0 and not asked[url .. role.model] then
        asked[url .. role.model] = true
        warnings[#warnings + 1] = against(name, role, probing.list(name, role, policy, url, left))
      end
    end
  end
  return warnings
end

--- Whether a key is about to be sent where others may read it, because the experiment
--- allows that.
---@param models table Resolved.
---@param policy table
---@return string|nil problem
function preflight.plain_http(models, policy)
  if not policy.plain_http then return nil end
  for _, name in ipairs(options.sorted_keys(models)) do
    local role = models[name]
    for _, url in ipairs(type(role) == "table" and (role.key_env or role.key_file) and role.urls or {}) do
      local host = url:lower():match("^http://([^/]*)")
      if host and not (host:find("^127%.") or host:find("^localhost%f[:\0]") or host:find("^%[::1%]")) then
        return ("models.%s: its key goes to %s over plain http, where all on the way can read it"):format(name, host)
      end
    end
  end
  return nil
end

--- All of it. Must be called from a task.
---@param folder string
---@param models table As `connect` gives them.
---@param policy table
---@return string|nil problem Why the run is not begun.
---@return string[] warnings
function preflight.check(folder, models, policy)
  local problem = preflight.room(folder)
  if problem then return problem, {} end
  local warnings = preflight.models(models, policy)
  warnings[#warnings + 1] = preflight.files(models)
  warnings[#warnings + 1] = preflight.clock()
  warnings[#warnings + 1] = preflight.plain_http(models, policy)
  return nil, warnings
end

return preflight

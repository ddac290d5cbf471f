--- Reads the recorded replies again, with the reader that the run used, and compares
--- what they say with what is stored of them.
local connect = require("advisor.engine.connect")
local classing = require("advisor.models.classing")
local json = require("advisor.output.json")
local quirks = require("advisor.models.quirks")
local records = require("advisor.engine.records")
local registry = require("advisor.host.registry")
local roles = require("advisor.models.roles")
local run_records = require("advisor.engine.run_records")
local version = require("advisor.version")

local rereading = {}

--- In the place of core/calls: nothing is asked.
local NO_CALLS = { endpoint = function() return 1 end }

--- Whether a stored provider is, byte for byte, the one that ships under its name.
local function ships(row, place)
  local shipped = registry.new({ root = place.root }):find("provider", row.name)
  return shipped ~= nil and shipped.origin == "shipped" and shipped.source == row.source
end

--- The stored providers that ship. Others are code from a run folder, of which nothing is
--- run but at a resume.
---@return table[]|nil rows nil, message where they cannot be read.
---@return string|nil message
local function known_providers(store, place)
  local rows, why = records.scripts(store)
  if not rows then return nil, why end
  local list = {}
  for _, row in ipairs(rows) do
    if row.kind == "provider" and ships(row, place) then list[#list + 1] = row end
  end
  return list
end

--- The roles whose replies can be read, connected to nothing: by what they are in the
--- stored experiment. Raises, or returns nil and a message, where a provider is at fault.
local function readers(store, facts, resolved, place)
  local rows, why = known_providers(store, place)
  if not rows then return nil, why end
  local known, readable = {}, { models = {}, policy = resolved.policy or {} }
  for _, row in ipairs(rows) do known[row.name] = true end
  for name, role in next, resolved.models do
    if type(role) == "table" and known[role.api] then readable.models[name] = role end
  end
  local found = registry.new({ root = place.root })
  found:use_stored(rows)
  local models, problem = connect(readable, found, NO_CALLS)
  if not models then return nil, problem end
  quirks.open(models, facts.quirks and json.decode(facts.quirks) or {})
  local connected = {}
  for name, role in next, readable.models do connected[role] = models[name] end
  return connected
end

--- What of an outcome is stored, in words.
local function view(class, reason, usage)
  return ("%s, '%s', tokens %s and %s"):format(class, reason, tostring(usage.prompt_tokens or "unknown"),
    tostring(usage.completion_tokens or "unknown"))
end

--- How a reply differs from what is stored of it; nil where it does not.
local function difference(row, role)
  local call = json.decode(row.request)
  if type(call) ~= "table" then return "its call cannot be read" end
  local ok, found = pcall(classing.of, role, call, row)
  if not ok then return "it cannot be read: " .. tostring(type(found) == "table" and found.message or found) end
  local now = view(found.class, found.reason, found.usage or {})
  local stored = view(row.class, row.reason, row)
  return now ~= stored and ("it says %s; stored is %s"):format(now, stored) or nil
end

local function compare_all(store, resolved, connected)
  local seen = { unlike = 0, first = nil, unread = 0 }
  local ok, why = run_records.each_attempt(store, function(row)
    if row.state ~= "done" or not row.class or not row.raw then return end
    local role = connected[roles.serving(resolved.models, row.role)]
    if not role then
      seen.unread = seen.unread + 1
      return
    end
    local words = difference(row, role)
    if words then
      seen.unlike = seen.unlike + 1
      seen.first = seen.first or ("%d: %s"):format(row.id, words)
    end
  end)
  return ok and seen, why
end

--- Compares every reply that came in full with its stored outcome: class, reason and
--- tokens. Replies whose provider does not ship are counted only.
---@param store userdata
---@param facts table<string, string>
---@param place { root: string } Where the program's files are.
---@return string|nil problem
---@return string|nil note
function rereading.check(store, facts, place)
  local resolved = facts.resolved and json.decode(facts.resolved)
  -- A merged run has items of others, and no calls.
  if type(resolved) ~= "table" or type(resolved.models) ~= "table" then return nil end
  local ok, connected, why = pcall(readers, store, facts, resolved, place)
  if not ok then connected, why = nil, type(connected) == "table" and connected.message or tostring(connected) end
  if not connected then return "the replies cannot be read: " .. why end
  local seen, problem = compare_all(store, resolved, connected)
  if not seen then return problem end
  if seen.unlike > 0 then
    local words = ("%d replies do not say what is stored of them, the first: %s"):format(seen.unlike, seen.first)
    if facts.version == version.line() then return words end
    return nil, ("recorded by %s: %s"):format(facts.version or "an older version", words)
  end
  if seen.unread == 0 then return nil end
  return nil, ("%d replies are not read again: their provider is not one that ships"):format(seen.unread)
end

return rereading

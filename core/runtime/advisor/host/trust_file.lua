--- The user's own file of what was allowed to strangers' experiments:
--- ${XDG_CONFIG_HOME:-~/.config}/data-advisor/trust.json.
---
--- `{ "experiments": { "/real/path.lua": { "owner": 1001, "hosts": ["https://host:443"],
--- "variables": ["NAME"], "keys": ["NAME https://host:443"], "files": [], "scripts": [] } },
--- "folders": ["/path"] }`: what lies in `folders` counts as the user's own.
local core = require("advisor_core")
local json = require("advisor.output.json")
local whole = require("advisor.output.whole")

local trust_file = {}

--- Bits that let others write.
local OTHERS_WRITE = tonumber("022", 8)
local LISTS = { "hosts", "variables", "keys", "files", "scripts" }

--- Where it is; nil without a home.
---@param getenv fun(name: string): string|nil
---@return string|nil
function trust_file.path(getenv)
  local settings, home = getenv("XDG_CONFIG_HOME"), getenv("HOME")
  if not settings or settings == "" then settings = home and home ~= "" and home .. "/.config" end
  return settings and settings .. "/data-advisor/trust.json" or nil
end

local function fail(path, problem)
  error({ message = ("%s: %s; mend it, or remove it and be asked again"):format(path, problem) }, 0)
end

local function check_list(path, list, name)
  if list == nil then return end
  if type(list) ~= "table" then fail(path, ("'%s' must be a list of texts"):format(name)) end
  for i = 1, #list do
    if type(list[i]) ~= "string" then fail(path, ("'%s' must be a list of texts"):format(name)) end
  end
end

local function check(path, content)
  if type(content) ~= "table" then fail(path, "is no JSON object") end
  check_list(path, content.folders, "folders")
  if content.experiments == nil then content.experiments = {} end
  if type(content.experiments) ~= "table" then fail(path, "'experiments' must be an object") end
  for name, record in pairs(content.experiments) do
    if type(record) ~= "table" then fail(path, ("'experiments.%s' must be an object"):format(tostring(name))) end
    for _, list in ipairs(LISTS) do check_list(path, record[list], tostring(name) .. "." .. list) end
  end
  content.folders = content.folders or {}
  return content
end

--- Reads it. Raises `{ message }` where it is damaged or others may write it.
---@param path string|nil
---@return { experiments: table<string, table>, folders: string[] } content Empty where there is none.
function trust_file.read(path)
  if not path or not core.system.kind(path) then return { experiments = {}, folders = {} } end
  local text, owner = core.system.read(path)
  if not text then fail(path, owner) end
  if owner ~= core.system.user() and owner ~= 0 then fail(path, "belongs to another user") end
  local real = core.system.realpath(path)
  local info = real and core.system.info(real)
  if info and info.mode & OTHERS_WRITE ~= 0 then fail(path, ("others may write it (mode %04o)"):format(info.mode)) end
  local content, why = json.decode(text)
  if content == nil then fail(path, tostring(why)) end
  return check(path, content)
end

--- The real paths of the folders that the user trusts.
---@param content table As `trust_file.read` gives it.
---@return string[]
function trust_file.folders(content)
  local list = {}
  for _, folder in ipairs(content.folders) do list[#list + 1] = core.system.realpath(folder) end
  return list
end

--- What was allowed to an experiment or run folder; empty where nothing was, or to another
--- owner's.
---@param content table
---@param subject { path: string, owner: integer } `path`: its real one.
---@return table record Lists by kind, to be changed by `trust.grant` and stored by `remember`.
function trust_file.record(content, subject)
  local record = content.experiments[subject.path]
  if record and record.owner == subject.owner then return record end
  return { owner = subject.owner }
end

--- Stores a record.
---@param path string|nil Nil: there is no home, so nothing is remembered.
---@param subject { path: string, owner: integer }
---@param record table
---@return true|nil
---@return string|nil message
function trust_file.remember(path, subject, record)
  if not path then return nil, "neither HOME nor XDG_CONFIG_HOME is set" end
  local content = trust_file.read(path) -- as it is by now
  content.experiments[subject.path] = record
  for _, entry in pairs(content.experiments) do
    for _, name in ipairs(LISTS) do entry[name] = json.array(entry[name] or {}) end
  end
  content.folders = json.array(content.folders)
  local made, why = core.system.make_folder(path:match("^(.*)/"))
  if not made then return nil, why end
  return whole.file(path, true, function(file) return whole.write(file, path, json.encode(content), "\n") end)
end

return trust_file

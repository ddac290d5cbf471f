--- What an experiment reads before anything is sent: files and environment variables. It
--- is all noted here. Where the experiment is a stranger's, only what was approved is
--- read, and the rest is noted as wanted.
---
--- Foreign is a file of Lua whose owner is neither this user nor root, unless it belongs
--- to the program or lies in a folder that the user trusts. Data may be anybody's: what it
--- says is only data, and what it could give away is the reader's.
local core = require("advisor_core")

local guard = {}

--- Folders of the program, as they are installed.
local SHIPPED = { "core/runtime", "strategies", "principles", "providers", "scripts/experiments", "scripts/seeds",
  "scripts/suites", "scripts/taxonomies" }

--- What is guarded now; reads before any `begin` are not looked at.
local now

local function without_end(path) return path == "/" and "" or path:gsub("/+$", "") end

--- The real paths of those folders that are there.
---@param folders string[]
---@return string[]
local function real(folders)
  local list = {}
  for _, folder in ipairs(folders) do list[#list + 1] = core.system.realpath(folder) end
  return list
end

--- Whether a real path lies in one of the folders.
---@param path string Without symbolic links.
---@param folders string[] Also such.
---@return boolean
function guard.within(path, folders)
  for _, folder in ipairs(folders) do
    local start = without_end(folder) .. "/"
    if path:sub(1, #start) == start then return true end
  end
  return false
end

--- The folders whose files are the program's own.
---@param root string Folder of what ships.
---@return string[] Real paths.
function guard.shipped(root)
  local list = {}
  for i, name in ipairs(SHIPPED) do list[i] = root .. "/" .. name end
  return real(list)
end

--- Whether a file is a stranger's.
---@param owner integer
---@param path string Real.
---@param known { shipped: string[], folders: string[] } Of the program, and trusted by the user.
---@return boolean
function guard.is_foreign(owner, path, known)
  if owner == 0 or owner == core.system.user() then return false end
  return not guard.within(path, known.shipped) and not guard.within(path, known.folders)
end

--- Begins anew.
---@param given table `strict`: only what is approved is read; `shipped`, `folders`: as for
---`guard.is_foreign`; `beside`: folders, whose files come with the experiment; `scripts`: folders in which
---scripts are looked for; `files`, `variables`: sets of what was approved.
function guard.begin(given)
  now = { strict = given.strict, shipped = given.shipped or {}, folders = given.folders or {},
    beside = real(given.beside or {}), scripts = real(given.scripts or {}), files = given.files or {},
    variables = given.variables or {}, wanted_files = {}, wanted_variables = {}, read = {}, asked = {},
    missing = {}, code = {} }
end

--- Ends the looking: what is read from here on is the user's own choice.
function guard.finish() now = nil end

--- What has been read and wanted since `begin`.
---@return table seen `foreign`: nil, or `{ path, owner }` of the first such file; `read`: paths as they were
---opened, a set; `missing`: those that were not there; `code`: those of either that are Lua; `asked`: names of
---variables, a set; `wanted_files` (real paths), `wanted_variables`: sets of what was not approved.
function guard.seen() return now end

local function may_read(path, kind)
  if guard.within(path, now.shipped) or guard.within(path, now.beside) or now.files[path] then return true end
  return kind == "script" and guard.within(path, now.scripts)
end

--- Whether a file may be read, which is noted. For what is read elsewhere.
---@param path string
---@param kind "data"|"lua"|"script"
---@return boolean|nil may
---@return string|nil message
function guard.file(path, kind)
  if not now then return true end
  local where = core.system.realpath(path)
  if kind ~= "data" then now.code[path] = true end
  if not where then
    now.missing[path] = true
    return true -- whoever opens it says what is wrong
  end
  if now.strict and not may_read(where, kind) then
    now.wanted_files[where] = true
    return nil, path .. ": reading it is not approved"
  end
  now.read[path] = true
  return true
end

--- Reads a file whole, if that is allowed.
---@param path string
---@param kind "data"|"lua"|"script" "script": one that was looked for in the folders of scripts.
---@return string|nil content
---@return string|nil message
function guard.read(path, kind)
  local may, why = guard.file(path, kind)
  if not may then return nil, why end
  local content, owner = core.system.read(path)
  if not content then return nil, owner end
  if now and kind ~= "data" and not now.foreign
    and guard.is_foreign(owner, core.system.realpath(path) or path, now) then
    -- From here on, too, for what was read so far is read again.
    now.foreign, now.strict = { path = path, owner = owner }, true
  end
  return content
end

--- Whether a variable may be read, which is noted.
---@param name string
---@return boolean
function guard.variable(name)
  if not now then return true end
  now.asked[name] = true
  if not now.strict or now.variables[name] then return true end
  now.wanted_variables[name] = true
  return false
end

return guard

--- Writes files and folders as a whole: readers see what was there or what is new,
--- never a part.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local json = require("advisor.output.json")
local options = require("advisor.host.options")

local whole = {}

--- The file that tells a folder of ours from one of the user's.
local MANIFEST = "export.json"

local function parent(path)
  return path:match("^(.*/)[^/]*$") or "."
end

local function exists(path)
  return path .. " exists already: --force replaces it, another -o leaves it alone"
end

--- Hands `fill` an open file and closes it on disk.
---@param path string
---@param fill fun(file: file*): any, string|nil nil, message ends it.
---@return any made What `fill` gave.
---@return string|nil message
local function fill_file(path, fill)
  -- In a folder that others may write to, a link may stand in the file's place.
  local info = core.system.info(path)
  if info and info.link then os.remove(path) end
  local file, why = io.open(path, "wb")
  if not file then return nil, why end
  file:setvbuf("full", 65536)
  local made, problem = fill(file)
  local closed, reason = file:close()
  if made and not closed then made, problem = nil, path .. ": " .. reason end
  if not made then return nil, problem end
  local synced, message = core.system.sync(path)
  if not synced then return nil, message end
  return made
end

--- Writes one piece; what goes wrong names the file.
---@param file file*
---@param name string
---@return true|nil
---@return string|nil message
function whole.write(file, name, ...)
  local ok, why = file:write(...)
  if ok then return true end
  return nil, ("%s: %s"):format(name, why)
end

--- Writes a file beside its place, then moves it there.
---@param path string
---@param force boolean|nil Replace one that is there.
---@param fill fun(file: file*): any, string|nil nil, message: nothing is left behind.
---@return any made What `fill` gave.
---@return string|nil message
function whole.file(path, force, fill)
  local kind = core.system.kind(path)
  if kind == "folder" then return nil, path .. " is a folder: name a file" end
  if kind == "other" then
    return nil, path .. " is no file: leave -o out and redirect standard output"
  end
  if kind and not force then return nil, exists(path) end
  local partial = path .. ".partial"
  local made, problem = fill_file(partial, fill)
  local moved
  core.system.crash_point("file_written")
  if made then moved, problem = os.rename(partial, path) end
  core.system.crash_point("file_renamed")
  if not moved then
    os.remove(partial)
    return nil, problem
  end
  local synced, why = core.system.sync(parent(path))
  if not synced then return nil, why end
  return made
end

--- Writes small files of a folder, in order of their names.
---@param put function Of `whole.folder`.
---@param texts table<string, string> Content by name.
---@return true|nil
---@return string|nil message
function whole.texts(put, texts)
  for _, name in ipairs(options.sorted_keys(texts)) do
    local ok, why = put(name, function(file) return whole.write(file, name, texts[name]) end)
    if not ok then return nil, why end
  end
  return true
end

--- Removes the files that a folder's manifest lists, and then the folders, if
--- nothing else is in them.
local function remove(folder, files)
  os.remove(folder .. "/" .. MANIFEST)
  local folders = {}
  for _, name in ipairs(files) do
    os.remove(folder .. "/" .. name)
    local inner = name:match("^(.*)/")
    if inner then folders[#folders + 1] = folder .. "/" .. inner end
  end
  for _, inner in ipairs(folders) do os.remove(inner) end
  os.remove(folder)
end

--- The files that an earlier export put into a folder; nil if it is none of ours.
local function files_of(folder)
  local file = io.open(folder .. "/" .. MANIFEST, "rb")
  local source = file and file:read("a")
  if file then file:close() end
  local manifest = source and json.decode(source)
  return type(manifest) == "table" and type(manifest.files) == "table" and manifest.files or nil
end

local function check_folder(path, force)
  for _, left in ipairs({ path .. ".partial", path .. ".replaced" }) do
    if core.system.kind(left) then
      return nil, left .. " is left from an earlier export: remove it, or name another -o"
    end
  end
  if not core.system.kind(path) then return {} end
  if not force then return nil, exists(path) end
  local files = files_of(path)
  if files then return files end
  return nil, ("%s holds no export (there is no %s in it), so --force does not replace it: name "
    .. "another -o"):format(path, MANIFEST)
end

--- Puts a new folder in an old one's place.
local function swap(partial, path, old)
  local aside = path .. ".replaced"
  if core.system.kind(path) then
    local moved, why = os.rename(path, aside)
    if not moved then return nil, why end
  end
  local moved, why = os.rename(partial, path)
  if not moved then
    os.rename(aside, path)
    return nil, why
  end
  if core.system.kind(aside) then remove(aside, old) end
  return core.system.sync(parent(path))
end

--- Writes a folder beside its place, then moves it there. With `force` it replaces
--- a folder that an export made; what others put into that one stays in
--- PATH.replaced.
---@param path string
---@param force boolean|nil
---@param fill fun(put: function): table|nil, string|nil `put(name, fill)` writes one file in it, as
---`whole.file` does; what `fill` returns goes into the manifest, export.json.
---@return table|nil made What `fill` gave.
---@return string|nil message
function whole.folder(path, force, fill)
  path = path:match("^(.-)/*$")
  local old, taken = check_folder(path, force)
  if not old then return nil, taken end
  local partial, files = path .. ".partial", {}
  local made, why = core.system.make_folder(partial)
  if made then
    local ended
    ended, made, why = xpcall(fill, failure.traced, function(name, fill_one)
      local inner = name:match("^(.*)/")
      if inner then
        local ok, problem = core.system.make_folder(partial .. "/" .. inner)
        if not ok then return nil, problem end
      end
      files[#files + 1] = name
      return fill_file(partial .. "/" .. name, fill_one)
    end)
    if not ended then
      remove(partial, files)
      error(made, 0)
    end
  end
  if made then
    made.files = json.array(files)
    local ok
    ok, why = fill_file(partial .. "/" .. MANIFEST, function(file)
      return whole.write(file, MANIFEST, json.encode(made), "\n")
    end)
    if ok then ok, why = swap(partial, path, old) end
    if ok then return made end
  end
  remove(partial, files)
  return nil, why
end

return whole

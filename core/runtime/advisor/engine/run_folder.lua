--- The files of a run folder: who may read them, who holds the lock, and whether a key
--- has got into one of them.
local core = require("advisor_core")
local options = require("advisor.host.options")

local run_folder = {}

--- Bits that let others read or write.
local OTHERS = tonumber("077", 8)

--- Files that the program itself writes into the folder, beside the database's.
local OWN = { ["run.db"] = true, ["run.db-wal"] = true, ["run.db-shm"] = true, ["run.lock"] = true,
  ["run.log"] = true, ["run.spare"] = true }

--- All plain files below a folder, as paths from it.
local function files_below(folder, prefix, list)
  for _, name in ipairs(core.system.list(folder) or {}) do
    local path = folder .. "/" .. name
    local info = core.system.info(path)
    if info and not info.link then
      if core.system.kind(path) == "folder" then
        files_below(path, prefix .. name .. "/", list)
      elseif core.system.kind(path) == "file" then
        list[#list + 1] = prefix .. name
      end
    end
  end
  return list
end

--- Whether others may read or write what is the user's own. In a folder that nobody
--- else may enter, what an export wrote may have any rights.
---@param folder string
---@return string|nil problem
---@return string|nil remedy
function run_folder.rights(folder)
  local info, why = core.system.info(folder .. "/.")
  if not info then return why, "look at the folder's rights" end
  if not info.own then
    return "the folder belongs to another user: what it says is not to be trusted blindly",
      "replay it before you go by it; resume it only if you trust its scripts"
  end
  if info.mode & OTHERS ~= 0 then
    return ("others may enter the folder (mode %04o)"):format(info.mode), "chmod 700 " .. folder
  end
  for _, name in ipairs(core.system.list(folder) or {}) do
    local file = OWN[name] and core.system.info(folder .. "/" .. name)
    if file and file.link then return name .. " is a symbolic link", "put the file itself in its place" end
    if file and file.mode & OTHERS ~= 0 then
      return ("others may read %s (mode %04o)"):format(name, file.mode), ("chmod 600 %s/%s"):format(folder, name)
    end
  end
  return nil
end

--- What the lock and the recorded state say together.
---@param folder string
---@param recorded string|nil The fact `state`.
---@param open integer Attempts without a reply.
---@return string note
function run_folder.lock(folder, recorded, open)
  if core.system.is_locked(folder .. "/run.lock") then return "a process is at work on it" end
  local words = "nobody holds it"
  if (recorded or "running") == "running" then
    words = words .. ", the process ended in the middle; go on with: advisor resume " .. folder
  end
  if open > 0 then
    words = words .. ("; %d calls were in flight, may have been paid, and are sent again then"):format(open)
  end
  return words
end

--- Where the keys of a resolved experiment's models are.
---@param resolved table
---@return { name: string, key_env: string|nil, key_file: string|nil }[] sources In order of names.
function run_folder.key_sources(resolved)
  local sources = {}
  for _, role in pairs(resolved.models or {}) do
    local name = type(role) == "table" and (role.key_env or role.key_file)
    if name then sources[name] = { name = name, key_env = role.key_env, key_file = role.key_file } end
  end
  local list = {}
  for i, name in ipairs(options.sorted_keys(sources)) do list[i] = sources[name] end
  return list
end

--- Whether a key is there to be looked for.
local function is_there(source)
  if source.key_env then return (os.getenv(source.key_env) or "") ~= "" end
  local home = os.getenv("HOME") or ""
  return core.system.kind((source.key_file:gsub("^~", function() return home end))) == "file"
end

--- Whether any file of the folder holds one of the keys that can be read now. Never while
--- this process has the run's database open.
---@param folder string
---@param sources { name: string, key_env: string|nil, key_file: string|nil }[]
---@return string|nil problem
---@return string|nil note
function run_folder.keys(folder, sources)
  local there, names = {}, {}
  for _, source in ipairs(sources) do
    if is_there(source) then
      there[#there + 1], names[#names + 1] = source, source.name
    end
  end
  if #there == 0 then return nil, "no key is in the environment or its file now: nothing to look for" end
  for _, file in ipairs(files_below(folder, "", {})) do
    for _, source in ipairs(there) do
      local found, why = core.system.holds_key(folder .. "/" .. file, source)
      if found == nil then return why end
      if found then return ("%s holds the key of %s"):format(file, source.name) end
    end
  end
  return nil, "looked for: " .. table.concat(names, ", ")
end

return run_folder

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

--- The environment variables that hold the keys of a resolved experiment's models.
---@param resolved table
---@return string[] names In order.
function run_folder.key_names(resolved)
  local names = {}
  for _, role in pairs(resolved.models or {}) do
    if type(role) == "table" and role.key_env then names[role.key_env] = true end
  end
  return options.sorted_keys(names)
end

--- Whether any file of the folder holds one of the keys that are in the environment now.
--- Never while this process has the run's database open.
---@param folder string
---@param names string[] Environment variables.
---@return string|nil problem
---@return string|nil note
function run_folder.keys(folder, names)
  local set = {}
  for _, name in ipairs(names) do
    if (os.getenv(name) or "") ~= "" then set[#set + 1] = name end
  end
  if #set == 0 then return nil, "no key is in the environment now: nothing to look for" end
  for _, file in ipairs(files_below(folder, "", {})) do
    for _, name in ipairs(set) do
      local found, why = core.system.holds_key(folder .. "/" .. file, name)
      if found == nil then return why end
      if found then return ("%s holds the key of %s"):format(file, name) end
    end
  end
  return nil, "looked for: " .. table.concat(set, ", ")
end

return run_folder

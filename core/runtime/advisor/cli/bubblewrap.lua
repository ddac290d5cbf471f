--- The command line of bubblewrap for a process of this program that is shut in. Pure but
--- for looking at what is there.
local core = require("advisor_core")

local bubblewrap = {}

--- Where sockets of forwarders are inside.
bubblewrap.SOCKETS = "/run/advisor"

--- What a program of the distribution needs of it; those that are not there are left out.
local SYSTEM = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ssl", "/etc/ca-certificates",
  "/etc/pki", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime" }

--- What is shipped beside the program's binary.
local SHIPPED = { "core/runtime", "strategies", "principles", "providers", "scripts/experiments", "scripts/seeds",
  "scripts/suites", "scripts/taxonomies" }

--- Where bubblewrap is, in the folders of PATH.
---@return string|nil path
---@return string|nil message With the remedy.
function bubblewrap.find()
  for folder in ((os.getenv("PATH") or "") .. ":/usr/bin:/usr/local/bin"):gmatch("[^:]+") do
    if folder:sub(1, 1) == "/" and core.system.kind(folder .. "/bwrap") == "file" then return folder .. "/bwrap" end
  end
  return nil, "--isolate needs bubblewrap, and there is no bwrap in PATH: apt-get install bubblewrap (the package is "
    .. "called so in most distributions)"
end

local REMEDIES = {
  { "new namespace|uid map|gid map|user namespace|unshare", "this system does not let you make user namespaces; ask "
    .. "its administrator to allow them for bwrap (sysctl kernel.unprivileged_userns_clone=1, "
    .. "user.max_user_namespaces above 0; with AppArmor, a profile for bwrap that allows userns)" },
  { "mount proc|mount tmpfs|mount devpts|make / slave|pivot_root|remount|rebind", "this seems to be a container that "
    .. "forbids mounts: start it so that it may (podman run --security-opt unmask=ALL; docker run "
    .. "--security-opt seccomp=unconfined --security-opt systempaths=unconfined), or use --isolate outside of it" },
}

--- What to do about words of bubblewrap's.
---@param words string Its errors.
---@return string|nil message Nil: they are not bubblewrap's.
function bubblewrap.explain(words)
  local own = words:match("bwrap: [^\n]*")
  if not own then return nil end
  for _, entry in ipairs(REMEDIES) do
    for pattern in entry[1]:gmatch("[^|]+") do
      if own:lower():find(pattern:lower(), 1, true) then return ("--isolate: %s: %s"):format(own, entry[2]) end
    end
  end
  return "--isolate: " .. own
end

--- An absolute path, without "." and with what ".." leads to by its words.
---@param path string
---@return string tidy
---@return string[] passed Folders that ".." went up from: they have to be there.
function bubblewrap.absolute(path)
  if path:sub(1, 1) ~= "/" then path = core.system.realpath(".") .. "/" .. path end
  local parts, passed = {}, {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      passed[#passed + 1] = "/" .. table.concat(parts, "/")
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/"), passed
end

local function add(argv, ...)
  for _, word in ipairs({ ... }) do argv[#argv + 1] = word end
end

--- Binds a path where the program will look for it.
local function bind(argv, how, path)
  local place, passed = bubblewrap.absolute(path)
  local real = core.system.realpath(path)
  if not real then return end
  for _, folder in ipairs(passed) do add(argv, "--dir", folder) end
  add(argv, how, real, place)
end

--- The command line, up to and without the program's own arguments.
---@param given table `{ bwrap, root, files, folders, writable, sockets, tells }`: where bwrap and the program's
---Lua are; `files` to be read; `folders` that are there, empty but for these; `writable`, a folder;
---`sockets`, a folder; `tells`: on descriptor 3, which process it has made.
---@return string[]
function bubblewrap.command(given)
  local argv = { given.bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
    "--hostname", "isolated" }
  for _, path in ipairs(SYSTEM) do
    local info = core.system.info(path)
    if info and info.link and core.system.kind(path) == "folder" then
      add(argv, "--symlink", core.system.realpath(path):sub(2), path)
    elseif info then
      add(argv, "--ro-bind", core.system.realpath(path) or path, path)
    end
  end
  add(argv, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp")
  local program = assert(core.system.program())
  bind(argv, "--ro-bind", program)
  for _, name in ipairs(SHIPPED) do bind(argv, "--ro-bind", given.root .. "/" .. name) end
  for _, folder in ipairs(given.folders) do add(argv, "--dir", (bubblewrap.absolute(folder))) end
  for _, file in ipairs(given.files) do bind(argv, "--ro-bind", file) end
  if given.writable then bind(argv, "--bind", given.writable) end
  if given.sockets then add(argv, "--ro-bind", given.sockets, bubblewrap.SOCKETS) end
  -- The program is the first process of its own, so that signals reach it.
  add(argv, "--as-pid-1", "--chdir", core.system.realpath("."))
  if given.tells then add(argv, "--info-fd", "3") end
  add(argv, "--", program)
  return argv
end

return bubblewrap

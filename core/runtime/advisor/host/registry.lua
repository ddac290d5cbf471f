--- Finds scripts by folder and name, checks them, and remembers their source.
---
--- The first place that has the name wins: next to the experiment, the current
--- folder, $ADVISOR_PATH, what ships. In each, a strategy lies in
--- strategies/KIND/NAME.lua, a principle in principles/NAME.lua, a provider in
--- providers/NAME.lua. A name that ends in .lua is a path.
local core = require("advisor_core")
local contract = require("advisor.host.contract")
local guard = require("advisor.host.guard")
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")

local registry = {}

local FOLDERS = {
  advise = "strategies/advise", generate = "strategies/generate", filter = "strategies/filter",
  summarize = "strategies/summarize", label = "strategies/label", respond = "strategies/respond",
  principle = "principles", provider = "providers",
}
registry.folders = FOLDERS

--- The kinds in the order in which they are listed.
registry.kinds = {
  "advise", "generate", "filter", "summarize", "label", "respond", "principle", "provider",
}

---@class advisor.Script
---@field kind string
---@field name string
---@field path string
---@field origin string "experiment" | "current" | "path" | "shipped" | "file" | "run"
---@field source string
---@field hash string XXH3-128 of the source.
---@field code string Compiled.
---@field table table What the file returned when it was checked.
---@field extra table|nil Names that its chunk sees besides the sandbox's.

--- A registry for one command.
---@param places table `{ root = string, experiment = string|nil }`: where the program's files
---and the experiment's folder are.
---@return table
function registry.new(places)
  local self = { roots = {}, cache = {}, stored = nil, shipped = places.root }
  local shipped, seen = core.system.realpath(places.root), {}
  local function add(folder, origin)
    local real = folder and folder ~= "" and core.system.realpath(folder)
    if not real or seen[real] then return end
    seen[real] = true
    if real == shipped then origin = "shipped" end
    self.roots[#self.roots + 1] = { folder = folder, origin = origin }
  end
  add(places.experiment, "experiment")
  add(".", "current")
  for folder in (os.getenv("ADVISOR_PATH") or ""):gmatch("[^:]+") do add(folder, "path") end
  add(places.root, "shipped")
  self.providers = places.root .. "/core/runtime/advisor/models/providers"
  return setmetatable(self, { __index = registry })
end

local function read(path) return (guard.read(path, "script")) end

--- Providers that ship may use the program's own modules.
local function extra_for(kind, origin)
  if kind == "provider" and origin == "shipped" then return { require = require } end
  return nil
end

--- Compiles and checks one source.
---@return advisor.Script|nil
---@return string[] problems Lines "path:line: message".
function registry.examine(source, path, kind, name, origin)
  local code, message = sandbox.compile(source, path)
  if not code then return nil, { message } end
  local script = {
    kind = kind, name = name, path = path, origin = origin, source = source,
    hash = core.text.hash(source), code = code, extra = extra_for(kind, origin),
  }
  local ok, value = sandbox.load(name, code, "script", script.extra)
  if not ok then
    local text = tostring(value):gsub("\nstack traceback:.*", "")
    text = sandbox.with_full_name(text, path)
    if not text:find(path, 1, true) then text = path .. ":1: " .. text end
    return nil, { text }
  end
  local found = {}
  for _, field in ipairs({ "options", "findings" }) do
    if type(value) == "table" and type(value[field]) == "table" then
      local plain, why = readonly.plain(value[field], field)
      if not plain then
        found[#found + 1] = ("%s:%d: %s"):format(path, contract.line_of(source, field), why)
      end
      value[field] = plain
    end
  end
  for _, problem in ipairs(contract.problems(value, kind)) do
    found[#found + 1] = ("%s:%d: %s"):format(path, contract.line_of(source, problem.field),
      problem.message)
  end
  if #found > 0 then return nil, found end
  script.table = value
  script.kind = value.kind
  return script, {}
end

local function candidates(self, kind, name)
  local list = {}
  if name:find("%.lua$") then
    for _, root in ipairs(self.roots) do
      local absolute = name:sub(1, 1) == "/"
      list[#list + 1] = { path = absolute and name or root.folder .. "/" .. name, origin = "file" }
    end
    return list
  end
  for _, root in ipairs(self.roots) do
    list[#list + 1] = {
      path = ("%s/%s/%s.lua"):format(root.folder, FOLDERS[kind], name), origin = root.origin,
    }
  end
  if kind == "provider" then
    list[#list + 1] = { path = ("%s/%s.lua"):format(self.providers, name), origin = "shipped" }
  end
  return list
end

local function tidy(path)
  return (path:gsub("^%./", ""))
end

--- Takes scripts from a run's own store instead of from files, so that a resumed
--- run goes on with what it began with.
---@param rows table[] `{ kind, name, hash, origin, source }`
---@param others boolean|nil Scripts that the run does not hold are found as usual: for one that
---begins from it.
function registry:use_stored(rows, others)
  self.stored, self.others = {}, others
  for _, row in ipairs(rows) do self.stored[row.kind .. "/" .. row.name] = row end
end

--- The folders in which scripts are looked for.
---@return string[]
function registry:folders_of_scripts()
  local list = {}
  for _, root in ipairs(self.roots) do
    for _, name in ipairs({ "strategies", "principles", "providers" }) do
      list[#list + 1] = root.folder .. "/" .. name
    end
  end
  return list
end

--- What the program itself has of that name.
local function shipped_source(self, kind, name)
  local path = ("%s/%s/%s.lua"):format(self.shipped, FOLDERS[kind] or "", name)
  local source = name:find("^[%w_%-]+$") and core.system.read(path)
  if not source and kind == "provider" and name:find("^[%w_%-]+$") then
    path = ("%s/%s.lua"):format(self.providers, name)
    source = core.system.read(path)
  end
  return source or nil, path
end

--- Whether a script is the program's own, to the byte.
---@param kind string
---@param name string
---@param hash string
---@return boolean
function registry:ships(kind, name, hash)
  local source = shipped_source(self, kind, name)
  return source ~= nil and core.text.hash(source) == hash
end

--- A script that a run holds. That a run calls one shipped does not make it so: only to
--- the program's own are its modules open. A provider of another version of the program
--- would stand there without them; this version's speaks to the same servers.
local function stored_script(self, row, kind, name)
  local hash, origin, source, path = core.text.hash(row.source), row.origin, row.source, row.path or name
  if row.hash and hash ~= row.hash then
    return nil, { ("the run's %s script '%s' is not the one that its hash names: the run is damaged, or "
      .. "somebody changed it"):format(kind, name) }
  end
  if origin == "shipped" and not self:ships(kind, name, hash) then
    local own, place = shipped_source(self, kind, name)
    if kind == "provider" and own then
      core.log.write("warn", ("the run's provider '%s' is not this program's; this program's is used"):format(name))
      source, path = own, place
    else
      origin = "run"
    end
  end
  return registry.examine(source, path, kind, name, origin)
end

--- Finds and checks a script.
---@param kind string
---@param name string
---@return advisor.Script|nil
---@return string[]|nil problems
function registry:find(kind, name)
  local key = kind .. "/" .. name
  if self.cache[key] then return self.cache[key] end
  local script, problems
  local row = self.stored and self.stored[key]
  if self.stored and (row or not self.others) then
    if not row then return nil, { ("the run holds no %s script '%s'"):format(kind, name) } end
    script, problems = stored_script(self, row, kind, name)
  else
    for _, place in ipairs(candidates(self, kind, name)) do
      local source = read(place.path)
      if source then
        script, problems = registry.examine(source, tidy(place.path), kind, name, place.origin)
        break
      end
    end
    if not script and not problems then
      return nil, { ("no %s script is called '%s'%s; 'advisor list' shows what there is"):format(
        kind, name, self:suggestion(kind, name)) }
    end
  end
  if script then self.cache[key] = script end
  return script, problems
end

--- All scripts of a kind, in order of name; of equal names, the one that wins.
---@return table[] entries `{ name, path, origin }`
function registry:list(kind)
  local seen, found = {}, {}
  local function scan(folder, origin)
    for _, file in ipairs(core.system.list(folder) or {}) do
      local name = file:match("^(.+)%.lua$")
      if name and not seen[name] then
        seen[name] = true
        found[#found + 1] = { name = name, path = tidy(folder .. "/" .. file), origin = origin }
      end
    end
  end
  for _, root in ipairs(self.roots) do scan(root.folder .. "/" .. FOLDERS[kind], root.origin) end
  if kind == "provider" then scan(self.providers, "shipped") end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

function registry:suggestion(kind, name)
  local names = {}
  for _, entry in ipairs(self:list(kind)) do names[entry.name] = true end
  return require("advisor.host.options").suggestion(name, names)
end

return registry

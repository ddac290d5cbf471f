--- What a stranger's experiment or run wants, and whether the user has allowed it. Pure:
--- who asks, and where answers are kept, is elsewhere.
---
--- An answer holds for one experiment (its real path and its owner) or run folder, and for
--- one thing: a host, a variable, a file, the key in a variable for one host. So what was
--- allowed to one experiment opens nothing for another, and a changed experiment is asked
--- for what is new in it, be it only that a key is to go to another host.
local options = require("advisor.host.options")

local trust = {}

---@class advisor.Want
---@field kind "host"|"variable"|"key"|"file"|"scripts"
---@field name string An origin, a variable, a path; of scripts what is shown.
---@field to string|nil Of a key: the origin that it is sent to.
---@field use string What for, in words.
---@field hashes string[]|nil Of scripts.

--- The lists in a record of what was allowed, by kind.
local LISTS = { host = "hosts", variable = "variables", key = "keys", file = "files", scripts = "scripts" }

--- An origin as people write it: without the port that its scheme has anyway.
---@param origin string
---@return string
function trust.short(origin)
  return (origin:gsub("^(http://.*):80$", "%1"):gsub("^(https://.*):443$", "%1"))
end

--- The entries that a want has in a record.
---@param want advisor.Want
---@return string[]
local function entries(want)
  if want.kind == "scripts" then return want.hashes end
  return { want.to and want.name .. " " .. want.to or want.name }
end

local function holds(list, value)
  for _, element in ipairs(list or {}) do
    if element == value then return true end
  end
  return false
end

local function in_record(want, record)
  for _, entry in ipairs(entries(want)) do
    if not holds(record[LISTS[want.kind]], entry) then return false end
  end
  return true
end

local function by_flag(want, record, flags)
  if want.kind == "host" then return holds(flags.hosts, want.name) end
  if want.kind == "file" then return holds(flags.files, want.name) end
  if want.kind == "scripts" then return flags.scripts == true end
  if not holds(flags.variables, want.name) then return false end
  return want.kind == "variable" or holds(flags.hosts, want.to) or holds(record.hosts, want.to)
end

--- Whether a want is allowed.
---@param want advisor.Want
---@param record table What was allowed before: lists by kind.
---@param flags table `{ hosts, variables, files, scripts }` of this command.
---@return boolean
function trust.allows(want, record, flags)
  return in_record(want, record) or by_flag(want, record, flags)
end

--- Those that are not allowed, in their order.
---@param wants advisor.Want[]
---@return advisor.Want[]
function trust.missing(wants, record, flags)
  local list = {}
  for _, want in ipairs(wants) do
    if not trust.allows(want, record, flags) then list[#list + 1] = want end
  end
  return list
end

--- Puts wants into a record.
---@param record table Changed in place.
---@param wants advisor.Want[]
function trust.grant(record, wants)
  for _, want in ipairs(wants) do
    local name = LISTS[want.kind]
    record[name] = record[name] or {}
    for _, entry in ipairs(entries(want)) do
      if not holds(record[name], entry) then table.insert(record[name], entry) end
    end
    table.sort(record[name])
  end
end

--- Collects wants, each once with all its uses.
local function collector()
  local list, known = {}, {}
  return list, function(kind, name, use, to)
    local id = kind .. "\0" .. name .. "\0" .. (to or "")
    local want = known[id]
    if not want then
      want = { kind = kind, name = name, to = to, use = use }
      known[id], list[#list + 1] = want, want
    elseif not (", " .. want.use .. ","):find(", " .. use .. ",", 1, true) then
      want.use = want.use .. ", " .. use
    end
  end
end

local function of_role(name, role, origin_of, add)
  if type(role.urls) ~= "table" then error({ message = ("models.%s: names no URL"):format(name) }, 0) end
  for _, url in ipairs(role.urls) do
    local origin, why = origin_of(url)
    if not origin then error({ message = ("models.%s.url: %s"):format(name, why) }, 0) end
    add("host", origin, name)
    if role.key_env then add("key", role.key_env, name, origin) end
    if role.key_file then add("file", role.key_file, ("the key of %s, for %s"):format(name, trust.short(origin))) end
  end
  if role.proxy then
    local origin, why = origin_of(role.proxy)
    if not origin then error({ message = ("models.%s.proxy: %s"):format(name, why) }, 0) end
    add("host", origin, "the proxy of " .. name)
  end
  if role.proxy_env then add("variable", role.proxy_env, "the proxy of " .. name) end
  if role.ca_file then add("file", role.ca_file, "certificates for " .. name) end
end

--- What the models of a resolved experiment want. Raises `{ message }` for a URL that is
--- none.
---@param models table<string, table|string>
---@param origin_of fun(url: string): string|nil, string|nil core.forward.origin.
---@return advisor.Want[]
function trust.of_models(models, origin_of)
  local list, add = collector()
  for _, name in ipairs(options.sorted_keys(models)) do
    local role = models[name]
    if type(role) == "table" and not role.is_local then of_role(name, role, origin_of, add) end
  end
  return list
end

--- What was wanted while an experiment was read.
---@param seen table As `guard.seen` gives it.
---@return advisor.Want[]
function trust.of_reading(seen)
  local list, add = collector()
  for _, name in ipairs(options.sorted_keys(seen.wanted_variables)) do add("variable", name, "env()") end
  for _, path in ipairs(options.sorted_keys(seen.wanted_files)) do add("file", path, "read by the experiment") end
  return list
end

--- A word as a shell takes it.
local function quoted(word)
  if word:find("^[%w_%-%./:@%%%+=,%[%]]+$") and not word:find("[%[%]]") then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- The flags that allow what is wanted.
---@param wants advisor.Want[]
---@return string
function trust.flags(wants)
  local words, seen = {}, {}
  for _, want in ipairs(wants) do
    local word = want.kind == "scripts" and "--trust-scripts"
      or want.kind == "host" and "--trust-host " .. quoted(trust.short(want.name))
      or want.kind == "file" and "--trust-file " .. quoted(want.name)
      or "--trust-env " .. quoted(want.name)
    if not seen[word] then words[#words + 1] = word end
    seen[word] = true
  end
  return table.concat(words, " ")
end

local TEMPLATES = {
  host = function(want) return ("connect to %s (%s)"):format(trust.short(want.name), want.use) end,
  variable = function(want) return ("read the variable %s (%s)"):format(want.name, want.use) end,
  key = function(want) return ("send the key in %s to %s (%s)"):format(want.name, trust.short(want.to), want.use) end,
  file = function(want) return ("read the file %s (%s)"):format(want.name, want.use) end,
  scripts = function(want) return ("run the scripts stored in it (%s)"):format(want.name) end,
}

--- A want as what it would do: "connect to https://host (default, judge)".
---@param want advisor.Want
---@return string
function trust.words(want) return TEMPLATES[want.kind](want) end

--- Why nothing is done, where nobody can be asked or the answer was no.
---@param subject { what: string, why: string } Whose wants they are, and why they are looked at.
---@param wants advisor.Want[] Those that are missing.
---@param more boolean Whether it may want more that only shows once this is allowed.
---@param refused boolean|nil Whether the user has said no.
---@return string
function trust.refusal(subject, wants, more, refused)
  local lines = { refused and ("%s: not allowed, so nothing was sent. It wants to"):format(subject.what)
    or ("%s %s, so what it wants has to be allowed first, and nothing was sent. It wants to"):format(subject.what,
      subject.why) }
  for _, want in ipairs(wants) do lines[#lines + 1] = "  " .. trust.words(want) end
  lines[#lines + 1] = refused and "These flags allow it:" or "Answer at a terminal, or give these flags:"
  lines[#lines + 1] = "  " .. trust.flags(wants)
  if more then lines[#lines + 1] = "What else it wants can be seen once that is allowed." end
  return table.concat(lines, "\n")
end

return trust

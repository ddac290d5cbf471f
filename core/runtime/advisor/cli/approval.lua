--- Asks the user for what a stranger's experiment or run wants, at the terminal or by
--- flags, before anything is sent.
local core = require("advisor_core")
local printable = require("advisor.output.text").printable
local trust = require("advisor.host.trust")
local trust_file = require("advisor.host.trust_file")

local approval = {}

--- The flags of verbs that read experiments or run scripts.
approval.flags = {
  foreign = { doc = "Treat it as a stranger's: what it wants is asked for." },
  ["trust-host"] = { value = "ORIGIN", many = true, doc = "Let a stranger's experiment reach this host, as "
    .. "https://host:port." },
  ["trust-env"] = { value = "NAME", many = true, doc = "Let it read this variable, or send the key in it." },
  ["trust-file"] = { value = "PATH", many = true, doc = "Let it read this file." },
}
--- And of those that run the scripts stored in a run folder.
approval.run_flags = {
  ["trust-scripts"] = { doc = "Run the scripts that a stranger's run folder holds." },
}
for name, flag in pairs(approval.flags) do approval.run_flags[name] = flag end

--- Adds flags to a verb's.
---@param flags table A verb's own; changed.
---@param more table
---@return table flags
function approval.with(flags, more)
  for name, flag in pairs(more) do flags[name] = flag end
  return flags
end

--- What the flags allow. Raises `{ message }` for an origin that is none.
---@param args table
---@return table flags As `trust.allows` takes them.
function approval.of(args)
  local flags = { hosts = {}, variables = args["trust-env"] or {}, files = {}, scripts = args["trust-scripts"] }
  for i, url in ipairs(args["trust-host"] or {}) do
    local origin, why = core.forward.origin(url)
    if not origin then error({ message = "--trust-host " .. why }, 0) end
    flags.hosts[i] = origin
  end
  for _, path in ipairs(args["trust-file"] or {}) do
    table.insert(flags.files, path)
    table.insert(flags.files, core.system.realpath(path))
  end
  return flags
end

--- The words of a command line that pass the flags on to another command.
---@param args table
---@return string[]
function approval.words(args)
  local words = {}
  for _, name in ipairs({ "trust-host", "trust-env", "trust-file" }) do
    for _, value in ipairs(args[name] or {}) do
      words[#words + 1] = "--" .. name
      words[#words + 1] = value
    end
  end
  if args.foreign then words[#words + 1] = "--foreign" end
  if args["trust-scripts"] then words[#words + 1] = "--trust-scripts" end
  return words
end

--- One question; no answer is a no.
local function ask(want)
  io.stderr:write("Let it ", printable(trust.words(want)), "? [y/N] ")
  io.stderr:flush()
  local answer = io.stdin:read("l")
  return answer ~= nil and answer:lower():match("^%s*y[es]*%s*$") ~= nil
end

--- Asks for each; stops at the first no.
local function ask_all(subject, missing)
  io.stderr:write(("advisor: %s %s. What you allow is remembered for it alone.\n"):format(
    printable(subject.what), subject.why))
  for _, want in ipairs(missing) do
    if not ask(want) then return false end
  end
  return true
end

local function is_terminal() return core.system.is_terminal(0) and core.system.is_terminal(2) end

--- Why a file is looked at as a stranger's.
---@param owner integer|nil Nil: --foreign was given.
---@return string
function approval.reason(owner)
  return owner and ("belongs to another user (number %d)"):format(owner) or "is treated as a stranger's (--foreign)"
end

--- Returns once all is allowed. Raises `{ message }` where it is not.
---@param subject { what: string, path: string, owner: integer, why: string } `what`: as it is shown; `path`:
---its real one.
---@param wants advisor.Want[]
---@param flags table Of `approval.of`.
---@param later advisor.Want[]|nil What it seems to want then, which may be otherwise once this is allowed: not
---asked for yet.
---@return table record What is allowed to it and remembered.
function approval.settle(subject, wants, flags, later)
  local path = trust_file.path(os.getenv)
  local record = trust_file.record(trust_file.read(path), subject)
  local missing = trust.missing(wants, record, flags)
  if #missing == 0 then return record end
  local asked = is_terminal()
  if not asked or not ask_all(subject, missing) then
    local all = table.move(missing, 1, #missing, 1, {})
    for _, want in ipairs(trust.missing(later or {}, record, flags)) do all[#all + 1] = want end
    error({ message = printable(trust.refusal(subject, all, later ~= nil, asked)) }, 0)
  end
  trust.grant(record, missing)
  local ok, why = trust_file.remember(path, subject, record)
  if not ok then io.stderr:write("advisor: this holds for now, but could not be remembered: ", why, "\n") end
  return record
end

return approval

--- Standard output and standard error as people read them: whatever a verb writes to
--- `io.stdout` or `io.stderr` comes out without keys and moves no terminal. Bytes that
--- are to come out as they are, such as an export's, go to `terminal.raw`.
local core = require("advisor_core")
local printable = require("advisor.output.text").printable

local terminal = {}

--- Standard output as it is.
terminal.raw = io.stdout

--- Clears the line that the cursor is in.
local CLEAR = "\r\27[K"

local errors = io.stderr

local function clean(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  local text = table.concat(parts)
  return printable(core.log.redact(text) or "(a text was left out: no memory to look for keys in it)")
end

--- What stands in the place of a file from now on.
local function guarded(file)
  local guard = {}
  function guard:write(...)
    local ok, why, code = file:write(clean(...))
    if ok then return self end
    return nil, why, code
  end
  function guard:flush()
    file:flush()
    return self
  end
  return guard
end

--- Guards both streams. Once, before a verb runs.
function terminal.guard()
  io.stdout, io.stderr = guarded(io.stdout), guarded(io.stderr) -- luacheck: ignore 122
end

--- Writes a line of standard error anew, in its place.
---@param line string
function terminal.redraw(line)
  errors:write(CLEAR, clean(line))
  errors:flush()
end

return terminal

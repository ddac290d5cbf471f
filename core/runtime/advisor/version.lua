--- The program's version and what it was built on.
local version = { number = "0.1.0" }

function version.line()
  return ("advisor %s (%s)"):format(version.number, _VERSION)
end

return version

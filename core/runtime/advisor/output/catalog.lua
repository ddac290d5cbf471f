--- Modules found by folder and name: a new file in `output/formats/` is a new format.
local core = require("advisor_core")
local failure = require("advisor.output.failure")

local catalog = {}

local HOME = package.searchpath("advisor.output.catalog", package.path):match("^(.*/)") or "./"

--- The names in a folder beside this file, in order.
---@param folder string Such as "formats".
---@return string[]
function catalog.names(folder)
  local names = {}
  for _, file in ipairs(failure.must(core.system.list(HOME .. folder))) do
    names[#names + 1] = file:match("^(.*)%.lua$")
  end
  return names
end

--- What a file returns.
---@param folder string
---@param name string
---@return table|nil
---@return string|nil message With the names that there are.
function catalog.find(folder, name)
  for _, known in ipairs(catalog.names(folder)) do
    if known == name then return require(("advisor.output.%s.%s"):format(folder, name)) end
  end
  return nil, ("there is no '%s'; there are: %s"):format(name,
    table.concat(catalog.names(folder), ", "))
end

return catalog

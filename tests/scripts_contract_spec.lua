-- Every script that ships keeps the contract of its folder.
local experiment = require("advisor.engine.experiment")
local registry = require("advisor.host.registry")
local system = require("advisor_core").system

local PROVIDERS = "core/runtime/advisor/models/providers"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local source = file:read("a")
  file:close()
  return source
end

local function each(folder)
  local list, i = system.list(folder) or {}, 0
  return function()
    repeat i = i + 1 until not list[i] or list[i]:find("%.lua$")
    if list[i] then return folder .. "/" .. list[i], list[i]:match("^(.*)%.lua$") end
  end
end

describe("every shipped script", function()
  local count = 0
  for kind, home in pairs(registry.folders) do
    local folder = kind == "provider" and PROVIDERS or home
    for path, name in each(folder) do
      count = count + 1
      it(path .. " keeps the contract", function()
        local source = read(path)
        local script, problems = registry.examine(source, path, kind, name, "shipped")
        assert.same({}, problems)
        assert.equal(kind, script.table.kind)
        assert.matches("^%u.*%.$", script.table.description)
        if kind ~= "provider" then
          local _, lines = source:gsub("\n", "")
          assert.is_true(lines < 100, ("%s has %d lines"):format(path, lines))
        end
      end)
    end
  end

  it("was found", function() assert.is_true(count >= 12) end)

  it("lies where a kind has its folder", function()
    for _, folder in ipairs(system.list("strategies")) do
      if system.kind("strategies/" .. folder) == "folder" then
        assert.equal("strategies/" .. folder, registry.folders[folder])
      end
    end
  end)
end)

describe("every shipped experiment", function()
  for path, name in each("scripts/experiments") do
    it(path .. " can be read", function()
      local found = registry.new({ root = ".", experiment = "scripts/experiments" })
      local resolved, problems = experiment.read(path, {}, found, ".")
      assert.same({}, problems or {})
      assert.equal(name:gsub("_", "-"), (resolved.name:gsub("_", "-")))
    end)
  end
end)

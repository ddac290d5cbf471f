-- Docs cannot drift: each binding has a stub and each stub a binding.
local FOLDER, STUBS = "core/bindings/", "core/runtime/meta/"
local system = require("advisor_core").system

local function read(path)
  local file = assert(io.open(path))
  local source = file:read("a")
  file:close()
  return source
end

--- The names that a C file registers: "f name" for functions of the module, "m name" for methods.
local function registered(path)
  local names, source = {}, read(path)
  for array, body in source:gmatch("static const luaL_Reg (%w+)%[%] = (%b{});") do
    for name in body:gmatch('{"([%w_]+)",') do
      names[(array == "functions" and "f " or "m ") .. name] = true
    end
  end
  local open = source:match("\nint adv_open_%w+%(lua_State %*L%)\n(%b{})")
  for name in open:gmatch('lua_setfield%(L, %-%d, "([%w_]+)"%)') do names["f " .. name] = true end
  return names
end

--- The names that a stub declares, and those that no comment stands above.
local function declared(path, module)
  local names, bare, comment = {}, {}, false
  for line in (read(path) .. "\n"):gmatch("(.-)\n") do
    local owner, kind, name = line:match("^function ([%w_]+)([%.:])([%w_]+)%(.*%) end$")
    if not owner then owner, kind, name = line:match("^(" .. module .. ")(%.)([%w_]+) = ") end
    if owner then
      local key = (kind == ":" and "m " or "f ") .. name
      assert((owner == module) == (kind == "."), path .. ": " .. line)
      names[key] = true
      if not comment then bare[#bare + 1] = key end
    end
    if line == "" then comment = false end
    if line:find("^%-%-%- %S") or line:find("^%-%-%-@return") then comment = true end
  end
  return names, bare
end

local function list(names)
  local sorted = {}
  for name in pairs(names) do sorted[#sorted + 1] = name end
  table.sort(sorted)
  return sorted
end

describe("the stubs in core/runtime/meta", function()
  local modules = {}
  for _, file in ipairs(system.list(FOLDER)) do
    local module = file:match("^bind_(%w+)%.c$")
    if module then modules[#modules + 1] = module end
  end

  for _, module in ipairs(modules) do
    it(("say what %s has, and no more"):format(module), function()
      local names, bare = declared(STUBS .. module .. ".lua", module)
      assert.same(list(registered(FOLDER .. "bind_" .. module .. ".c")), list(names))
      assert.same({}, bare)
    end)

    it(("are a module's table: %s"):format(module), function()
      local source = read(STUBS .. module .. ".lua")
      assert.matches("^%-%-%-@meta\n", source)
      local stub = assert(load(source))()
      for name, value in pairs(require("advisor_core")[module]) do
        assert.equal(type(value), type(stub[name]), module .. "." .. name)
      end
    end)
  end

  it("and modules.c list the same modules", function()
    local listed = {}
    for name in read(FOLDER .. "modules.c"):match("modules%[%] = (%b{});"):gmatch('{"(%w+)",') do
      listed[#listed + 1] = name
    end
    assert.same(modules, listed)
    local stubs = {}
    for _, file in ipairs(system.list(STUBS)) do stubs[#stubs + 1] = file:match("^(%w+)%.lua$") end
    assert.same(modules, stubs)
  end)
end)

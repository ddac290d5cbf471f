local registry = require("advisor.host.registry")
local host = require("tests.support.host")
local system = require("advisor_core").system

local GOOD = 'return {\n  api = 1,\n  kind = "%s",\n  description = "%s",\n  run = function() '
  .. 'end,\n}\n'

describe("registry", function()
  local folder, found
  local function script(path, kind, description)
    system.make_folder((path:gsub("/[^/]*$", "")))
    return host.write(path, GOOD:format(kind or "advise", description or "Does."))
  end

  before_each(function()
    folder = host.folder()
    script(folder .. "/shipped/strategies/advise/both.lua", "advise", "Shipped.")
    script(folder .. "/shipped/strategies/advise/only.lua", "advise", "Shipped.")
    script(folder .. "/mine/strategies/advise/both.lua", "advise", "Mine.")
    found = registry.new({ root = folder .. "/shipped", experiment = folder .. "/mine" })
  end)
  after_each(function() host.remove(folder) end)

  it("finds by folder and name, the experiment's own first", function()
    local both = found:find("advise", "both")
    assert.equal("Mine.", both.table.description)
    assert.equal("experiment", both.origin)
    assert.equal(folder .. "/mine/strategies/advise/both.lua", both.path)
    local only = found:find("advise", "only")
    assert.equal("shipped", only.origin)
    assert.equal(both, found:find("advise", "both"))
    assert.equal(require("advisor_core").text.hash(both.source), both.hash)
  end)

  describe("takes what a run holds", function()
    local PROVIDER = 'return { api = 1, kind = "provider", form = "messages", description = "%s",\n  request = '
      .. 'function() end, parse = function() end, options = { open = { type = "boolean", doc = "?", default = %s } } }'
    local OPEN = "pcall(function() return require end)"
    local function stored(name, source, origin)
      found:use_stored({ { kind = "provider", name = name, origin = origin, source = source } })
      return found:find("provider", name)
    end
    before_each(function()
      system.make_folder(folder .. "/shipped/providers")
      host.write(folder .. "/shipped/providers/ours.lua", PROVIDER:format("Ours.", OPEN))
    end)

    it("as the program's own only where it is that to the byte", function()
      local own = stored("ours", PROVIDER:format("Ours.", OPEN), "shipped")
      assert.same({ "shipped", true }, { own.origin, own.table.options.open.default })
      assert.is_true(found:ships("provider", "ours", own.hash))
    end)

    it("and else uses the program's own provider, or opens none of its modules to it", function()
      local other = stored("ours", PROVIDER:format("Not ours.", OPEN), "shipped")
      assert.same({ "Ours.", "shipped" }, { other.table.description, other.origin })
      local sly = stored("sly", PROVIDER:format("Sly.", OPEN), "shipped")
      assert.same({ "Sly.", "run", false }, { sly.table.description, sly.origin, sly.table.options.open.default })
      assert.is_nil(sly.extra)
      assert.is_nil(stored("../providers/ours", PROVIDER:format("Sly.", OPEN), "shipped").extra)
    end)
  end)

  it("takes a path where the name is one", function()
    script(folder .. "/mine/own.lua", "advise", "Own.")
    assert.equal("Own.", found:find("advise", "own.lua").table.description)
    assert.equal("file", found:find("advise", folder .. "/mine/own.lua").origin)
  end)

  it("says what it did not find, and what was meant", function()
    local none, problems = found:find("advise", "onyl")
    assert.is_nil(none)
    assert.matches("no advise script is called 'onyl'.*advisor list", problems[1])
    none, problems = found:find("advise", "onli")
    assert.is_nil(none)
    assert.matches("did you mean 'only'", problems[1])
    assert.is_nil((found:find("filter", "only")))
  end)

  it("lists each name once, the one that wins, in order", function()
    script(folder .. "/mine/strategies/advise/zero.lua")
    host.write(folder .. "/mine/strategies/advise/README.md", "")
    local names = {}
    for _, entry in ipairs(found:list("advise")) do
      if entry.path:find(folder, 1, true) then
        names[#names + 1] = entry.name .. " " .. entry.origin
      end
    end
    assert.same({ "both experiment", "only shipped", "zero experiment" }, names)
  end)

  it("names every problem with file and line", function()
    local path = host.write(folder .. "/mine/strategies/advise/bad.lua",
      "return {\n  api = 1,\n  kind = 'filter',\n  description = '',\n  option = {},\n  run = "
        .. "5,\n}\n")
    local bad, problems = found:find("advise", "bad")
    assert.is_nil(bad)
    assert.same({ path .. ":3: kind must be 'advise' here; got 'filter'",
      path .. ":4: description must be a sentence that says what the script does",
      path .. ":6: run must be a function", path .. ":5: option is not a field of this kind" },
        problems)
  end)

  it("survives whatever a file does", function()
    local function problem(source)
      local script_, problems = registry.examine(source, "x.lua", "advise", "x", "file")
      assert.is_nil(script_)
      assert.equal(1, #problems)
      return problems[1]
    end
    assert.matches("^x.lua:1: ", problem("return return"))
    assert.matches("^x.lua:2: os is not available", problem("local x\nreturn os.time()"))
    assert.matches("^x.lua:1: exceeded the limit", problem("while true do end"))
    assert.matches("^x.lua:1: .*must return a table, got nil", problem(""))
    assert.matches("^x.lua:1: error value of type table", problem("error({})"))
    assert.matches("^x.lua:1: must return a plain table",
      problem("return setmetatable({}, { __index = function() while true do end end })"))
    assert.matches("^x.lua:1: ctx.ask", problem("error('ctx.ask', 0)"))
    assert.matches("undefined global 'ctx'", problem("return ctx"))
  end)

  it("takes no code from declarations", function()
    local source = "return { api = 1, kind = 'advise', description = 'D.', run = function() end,\n"
      .. "  options = setmetatable({ a = { type = 'string', doc = 'A.' } }, { __pairs = "
      .. "function() while true do end end,"
      .. " __index = function() while true do end end }) }"
    local examined = registry.examine(source, "x.lua", "advise", "x", "file")
    assert.same({ a = { type = "string", doc = "A." } }, examined.table.options)
    local none, problems = registry.examine((source:gsub("'A%.'", "pairs")), "x.lua", "advise", "x",
      "file")
    assert.is_nil(none)
    assert.equal("x.lua:2: options.a.doc is a function, not plain data", problems[1])
  end)

  it("gives whole paths, however long", function()
    local long = folder .. "/" .. ("deep/"):rep(20)
    system.make_folder(long)
    for _, source in ipairs({ "\nreturn return", "\nreturn os" }) do
      local path = host.write(long .. "x.lua", source)
      local _, problems = found:find("advise", path)
      assert.equal(path .. ":2: ", problems[1]:sub(1, #path + 4))
    end
  end)

  it("takes stored scripts instead of files", function()
    found:use_stored({ { kind = "advise", name = "kept", origin = "experiment",
      source = GOOD:format("advise", "Old.") } })
    assert.equal("Old.", found:find("advise", "kept").table.description)
    local none, problems = found:find("advise", "only")
    assert.is_nil(none)
    assert.matches("the run holds no advise script 'only'", problems[1])
  end)

  it("lets only providers that ship use the program's modules", function()
    local source = 'local x = require("advisor.output.json") return { api = 1, kind = "provider", '
      .. 'form = "both", '
      .. 'description = "D.", request = function() return x end, parse = function() end }'
    assert.is_table((registry.examine(source, "x.lua", "provider", "x", "shipped")))
    for _, origin in ipairs({ "experiment", "current", "path", "file" }) do
      local _, problems = registry.examine(source, "x.lua", "provider", "x", origin)
      assert.matches("require is not available", problems[1])
    end
  end)
end)

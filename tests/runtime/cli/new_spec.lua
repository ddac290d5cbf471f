local host = require("tests.support.host")
local system = require("advisor_core").system

local ADVISOR = system.realpath(os.getenv("ADVISOR") or "build/advisor")

describe("advisor new", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function advisor(arguments)
    return host.command(("cd '%s' && '%s' %s"):format(folder, ADVISOR, arguments))
  end

  local PLACES = { principle = "principles/my_idea.lua" }
  for _, kind in ipairs({ "advise", "generate", "filter", "summarize", "label", "respond",
    "principle" }) do
    it("writes a scaffold that passes its check: " .. kind, function()
      local path = PLACES[kind] or ("strategies/%s/my_idea.lua"):format(kind)
      local code, output, errors = advisor(("new %s my_idea"):format(kind))
      assert.equal("", errors)
      assert.equal(0, code)
      assert.equal(path, output:match("^[^\n]*"))
      assert.matches("advisor check " .. path, output, 1, true)
      code, output, errors = advisor("check " .. path)
      assert.equal("", errors)
      assert.equal(0, code)
      assert.equal(path .. ": fine\n", output)
      code, output = advisor("list --kind " .. kind)
      assert.equal(0, code)
      assert.matches("my_idea", output)
    end)
  end

  it("leaves a file that is there as it is", function()
    advisor("new advise my_idea")
    local path = folder .. "/strategies/advise/my_idea.lua"
    host.write(path, "mine")
    local code, _, errors = advisor("new advise my_idea")
    assert.equal(1, code)
    assert.matches("exists already", errors)
    assert.equal("mine", io.open(path):read("a"))
  end)

  it("refuses kinds and names that cannot be", function()
    for _, arguments in ipairs({ "new idea my_idea", "new provider my_idea", "new advise ../x",
      "new advise a.b",
      "new advise 1st", "new advise ''", "new advise -- -x", "new advise " .. ("x"):rep(65),
        "new advise", "new",
      "new advise a b" }) do
      local code, output, errors = advisor(arguments)
      assert.equal(2, code, arguments)
      assert.equal("", output)
      assert.matches("^advisor new: ", errors)
    end
    assert.same({}, system.list(folder))
  end)
end)

local guard = require("advisor.host.guard")
local host = require("tests.support.host")
local system = require("advisor_core").system

describe("guard", function()
  local folder
  before_each(function()
    folder = system.realpath(host.folder())
    for _, name in ipairs({ "theirs", "mine", "shipped", "scripts" }) do system.make_folder(folder .. "/" .. name) end
    host.write(folder .. "/theirs/x.lua", "theirs")
    host.write(folder .. "/mine/secret.txt", "mine")
    host.write(folder .. "/shipped/s.lua", "shipped")
    host.write(folder .. "/scripts/a.lua", "script")
  end)
  after_each(function()
    guard.finish()
    host.remove(folder)
  end)

  local function strict(more)
    local given = { strict = true, beside = { folder .. "/theirs" }, shipped = { folder .. "/shipped" },
      scripts = { folder .. "/scripts" } }
    for key, value in pairs(more or {}) do given[key] = value end
    guard.begin(given)
  end

  it("stands in nobody's way before it begins", function()
    assert.equal("mine", guard.read(folder .. "/mine/secret.txt", "data"))
    assert.is_true(guard.variable("HOME"))
  end)

  it("only notes where nothing is a stranger's", function()
    guard.begin({})
    assert.equal("mine", guard.read(folder .. "/mine/secret.txt", "lua"))
    assert.is_nil((guard.read(folder .. "/none", "lua")))
    assert.is_true(guard.variable("HOME"))
    local seen = guard.seen()
    assert.same({ { [folder .. "/mine/secret.txt"] = true }, { [folder .. "/none"] = true }, { HOME = true } },
      { seen.read, seen.missing, seen.asked })
    assert.same({ {}, {} }, { seen.wanted_files, seen.wanted_variables })
    assert.is_nil(seen.foreign)
  end)

  it("lets a stranger's read what comes with it and what is approved", function()
    strict({ files = { [folder .. "/mine/secret.txt"] = true }, variables = { NAME = true } })
    assert.equal("theirs", guard.read(folder .. "/theirs/../theirs/x.lua", "lua"))
    assert.equal("shipped", guard.read(folder .. "/shipped/s.lua", "lua"))
    assert.equal("script", guard.read(folder .. "/scripts/a.lua", "script"))
    assert.equal("mine", guard.read(folder .. "/mine/secret.txt", "data"))
    assert.is_true(guard.variable("NAME"))
    assert.same({}, guard.seen().wanted_files)
  end)

  it("keeps it from all else, by whatever way", function()
    host.command(("cd %s/theirs; ln -s ../mine/secret.txt link.txt; ln -s %s/mine in"):format(folder, folder))
    for _, path in ipairs({ "/mine/secret.txt", "/theirs/../mine/secret.txt", "/theirs/link.txt",
      "/theirs/in/secret.txt", "/scripts/../mine/secret.txt" }) do
      for _, kind in ipairs({ "lua", "data", "script" }) do
        strict()
        local content, why = guard.read(folder .. path, kind)
        assert.is_nil(content)
        assert.matches("not approved", why)
        assert.same({ [folder .. "/mine/secret.txt"] = true }, guard.seen().wanted_files)
      end
    end
    strict()
    assert.is_nil((guard.read(folder .. "/scripts/a.lua", "data")))
    assert.is_false(guard.variable("NAME"))
    assert.same({ NAME = true }, guard.seen().wanted_variables)
  end)

  it("takes a folder whose name only begins alike for another one", function()
    assert.is_true(guard.within("/a/b", { "/a" }))
    assert.is_true(guard.within("/a/b", { "/" }))
    assert.is_false(guard.within("/ab/c", { "/a" }))
    assert.is_false(guard.within("/a", { "/a" }))
  end)

  it("calls foreign what is neither the user's, root's, the program's, nor trusted", function()
    local other, none = system.user() + 12345, { shipped = {}, folders = {} }
    assert.is_true(guard.is_foreign(other, "/x/y.lua", none))
    assert.is_false(guard.is_foreign(system.user(), "/x/y.lua", none))
    assert.is_false(guard.is_foreign(0, "/x/y.lua", none))
    assert.is_false(guard.is_foreign(other, "/x/y.lua", { shipped = { "/x" }, folders = {} }))
    assert.is_false(guard.is_foreign(other, "/x/y.lua", { shipped = {}, folders = { "/x" } }))
  end)

  it("knows the folders of the program", function()
    local list = guard.shipped(".")
    assert.is_true(guard.within(system.realpath("scripts/experiments/quickstart.lua"), list))
    assert.is_false(guard.within(system.realpath("tests/e2e/nested.lua"), list))
  end)
end)

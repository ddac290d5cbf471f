local host = require("tests.support.host")
local system = require("advisor_core").system
local trust = require("advisor.host.trust")
local trust_file = require("advisor.host.trust_file")

describe("the trust file", function()
  local folder, path
  before_each(function()
    folder = host.folder()
    path = folder .. "/settings/data-advisor/trust.json"
  end)
  after_each(function() host.remove(folder) end)

  local function written(text, mode)
    system.make_folder(folder .. "/settings/data-advisor")
    host.write(path, text)
    host.command(("chmod %s %s"):format(mode or "600", path))
  end

  it("lies in the user's settings", function()
    local function at(variables) return trust_file.path(function(name) return variables[name] end) end
    assert.equal("/c/data-advisor/trust.json", at({ XDG_CONFIG_HOME = "/c", HOME = "/h" }))
    assert.equal("/h/.config/data-advisor/trust.json", at({ HOME = "/h", XDG_CONFIG_HOME = "" }))
    assert.is_nil(at({}))
    assert.is_nil(at({ HOME = "" }))
  end)

  it("remembers for one path and owner, and leaves the rest as it is", function()
    written('{"experiments":{"/other.lua":{"owner":1,"hosts":["https://o:1"]}},"folders":["/tmp"]}')
    local subject = { path = "/x.lua", owner = 7 }
    local record = trust_file.record(trust_file.read(path), subject)
    assert.same({ owner = 7 }, record)
    trust.grant(record, { { kind = "host", name = "https://a:443", use = "" } })
    assert.is_true(trust_file.remember(path, subject, record))
    local content = trust_file.read(path)
    assert.same({ "https://a:443" }, trust_file.record(content, subject).hosts)
    assert.same({ owner = 8 }, trust_file.record(content, { path = "/x.lua", owner = 8 }))
    assert.same({ owner = 7 }, trust_file.record(content, { path = "/y.lua", owner = 7 }))
    assert.same({ "https://o:1" }, content.experiments["/other.lua"].hosts)
    assert.same({ "/tmp" }, content.folders)
  end)

  it("is made with its folder, and needs a home", function()
    assert.is_true(trust_file.remember(path, { path = "/x", owner = 1 }, { owner = 1 }))
    assert.same({ owner = 1, files = {}, hosts = {}, keys = {}, scripts = {}, variables = {} },
      trust_file.read(path).experiments["/x"])
    assert.same({ nil, "neither HOME nor XDG_CONFIG_HOME is set" }, { trust_file.remember(nil, {}, {}) })
    assert.same({ experiments = {}, folders = {} }, trust_file.read(nil))
  end)

  it("is no trust where it is damaged, or others may write it", function()
    for text, problem in pairs({ ["{"] = "trust.json", ["7"] = "is no JSON object",
      ['{"folders":"/"}'] = "'folders' must",
      ['{"folders":[1]}'] = "'folders' must", ['{"experiments":7}'] = "'experiments' must",
      ['{"experiments":{"/x":1}}'] = "'experiments./x' must",
      ['{"experiments":{"/x":{"hosts":"a"}}}'] = "'/x.hosts' must" }) do
      written(text)
      local ok, failure = pcall(trust_file.read, path)
      assert.is_false(ok)
      assert.matches(problem, failure.message, 1, true)
      assert.matches("mend it, or remove it", failure.message)
    end
    written("{}", "620")
    assert.matches("others may write it", select(2, pcall(trust_file.read, path)).message)
  end)

  it("gives folders by their real paths, those that there are", function()
    host.command(("ln -s . %s/link"):format(folder))
    assert.same({ system.realpath(folder) }, trust_file.folders({ folders = { folder .. "/link", folder .. "/none" } }))
  end)
end)

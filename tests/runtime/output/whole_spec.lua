local core = require("advisor_core")
local json = require("advisor.output.json")
local support = require("tests.support.host")
local whole = require("advisor.output.whole")

local function content(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local bytes = file:read("a")
  file:close()
  return bytes
end

--- A folder with one file in it.
local function one(text)
  return function(put)
    local ok, why = put("data/a.txt", function(file) return whole.write(file, "a.txt", text) end)
    return ok and { digest = text }, why
  end
end

describe("a file written as a whole", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  it("is there as a whole or not at all", function()
    local path = folder .. "/f"
    assert.equal(3, whole.file(path, nil, function(file) return file:write("x") and 3 end))
    assert.equal("x", content(path))
    local made, why = whole.file(path, true, function(file)
      file:write("half")
      return nil, "no more"
    end)
    assert.is_nil(made)
    assert.equal("no more", why)
    assert.equal("x", content(path))
    assert.same({ "f" }, core.system.list(folder))
  end)

  it("does not follow a link that stands in its way", function()
    support.write(folder .. "/victim", "theirs")
    support.command(("ln -s %s/victim %s/f.partial"):format(folder, folder))
    assert.is_truthy(whole.file(folder .. "/f", nil, function(file) return file:write("x") end))
    assert.same({ "theirs", "x" }, { content(folder .. "/victim"), content(folder .. "/f") })
    assert.is_false(core.system.info(folder .. "/f").link)
  end)

  it("says it when the disk is full only at the end", function()
    local real, closed = io.open, false
    local full = { setvbuf = function() end, close = function()
      closed = true
      return nil, "No space left on device"
    end }
    io.open = function() return full end -- luacheck: ignore 122
    local made, why = whole.file(folder .. "/f", nil, function() return true end)
    io.open = real -- luacheck: ignore 122
    assert.is_true(closed)
    assert.is_nil(made)
    assert.equal(folder .. "/f.partial: No space left on device", why)
  end)

  it("does not take the place of a folder or a device", function()
    assert.matches("is a folder: name a file", select(2, whole.file(folder, true, function() end)))
    assert.matches("is no file", select(2, whole.file("/dev/null", true, function() end)))
  end)
end)

describe("a folder written as a whole", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  it("lists its files in a manifest", function()
    local path = folder .. "/d"
    assert.is_truthy(whole.folder(path .. "/", nil, one("x")))
    assert.equal("x", content(path .. "/data/a.txt"))
    assert.same({ digest = "x", files = { "data/a.txt" } }, json.decode(content(path .. "/export.json")))
    assert.same({ "d" }, core.system.list(folder))
  end)

  it("leaves nothing where it fails, nor in the way of the next one", function()
    local made, why = whole.folder(folder .. "/d", nil, function(put)
      put("data/a.txt", function(file) return file:write("x") end)
      return nil, "no more"
    end)
    assert.is_nil(made)
    assert.equal("no more", why)
    assert.same({}, core.system.list(folder))
    core.system.make_folder(folder .. "/d.partial")
    made, why = whole.folder(folder .. "/d", nil, one("x"))
    assert.is_nil(made)
    assert.matches("d.partial is left from an earlier export: remove it", why)
  end)

  it("replaces only what an export made, and keeps what is not its own", function()
    local path = folder .. "/d"
    assert(whole.folder(path, nil, one("old")))
    assert.matches("%-%-force replaces it", select(2, whole.folder(path, nil, one("new"))))
    support.write(path .. "/mine.txt", "mine")
    assert(whole.folder(path, true, one("new")))
    assert.equal("new", content(path .. "/data/a.txt"))
    assert.equal("mine", content(path .. ".replaced/mine.txt"))
    assert.is_nil(content(path .. ".replaced/data/a.txt"))
    core.system.make_folder(folder .. "/theirs")
    support.write(folder .. "/theirs/x", "x")
    assert.matches("holds no export", select(2, whole.folder(folder .. "/theirs", true, one("new"))))
    assert.equal("x", content(folder .. "/theirs/x"))
  end)
end)

local core = require("advisor_core")
local preflight = require("advisor.engine.preflight")
local probing = require("advisor.models.probing")

describe("preflight", function()
  local kept = {}
  local system = core.system

  local function stub(where, name, fn)
    kept[#kept + 1] = { where, name, where[name] }
    where[name] = fn
  end
  after_each(function()
    for i = #kept, 1, -1 do kept[i][1][kept[i][2]] = kept[i][3] end
    kept = {}
  end)

  it("wants room for a run, and counts what the run has set aside", function()
    local free, spare = 60e6, nil
    stub(system, "disk_free", function() return math.tointeger(free) end)
    stub(system, "info", function() return spare end)
    assert.is_nil(preflight.room("runs/x"))
    free = 20e6
    assert.matches("^the disk of runs/x has 20.0 MB left.*make room", preflight.room("runs/x"))
    spare = { size = 32 << 20 }
    assert.is_nil(preflight.room("runs/x"))
    stub(system, "disk_free", function() return nil, "no", "EIO" end)
    assert.is_nil(preflight.room("runs/x"))
  end)

  it("warns of a key that others on the way can read", function()
    local function said(url, key, allowed)
      return preflight.plain_http({ judge = "default", default = { urls = { url }, key_env = key } },
        { plain_http = allowed })
    end
    assert.matches("^models%.default: its key goes to 10%.0%.0%.5:8000 over plain http", said("http://10.0.0.5:8000/v1",
      "K", true))
    assert.is_truthy(said("HTTP://localhost.example/v1", "K", true))
    for _, url in ipairs({ "http://127.0.0.1:1/v1", "http://localhost:1", "http://localhost", "http://[::1]:1/v1",
      "https://shop.example/v1" }) do
      assert.is_nil(said(url, "K", true), url)
    end
    assert.is_nil(said("http://10.0.0.5/v1", nil, true))
    assert.is_nil(said("http://10.0.0.5/v1", "K", false)) -- refused as it is sent
  end)

  it("notices a clock that cannot be right", function()
    assert.is_nil(preflight.clock())
    stub(system, "wall_ms", function() return 0 end)
    assert.matches("^the clock says 1970%-01%-01: set it", preflight.clock())
  end)

  it("counts the files that connections take", function()
    stub(system, "file_limit", function() return 100 end)
    local role = { concurrency = 16, urls = { "a", "b" } }
    assert.is_nil(preflight.files({ default = role, judge = "default" }))
    role.concurrency = 32
    assert.matches("want 128: ulimit %-n 128", preflight.files({ default = role }))
  end)

  it("asks each server once for each model, and warns of one that is not listed", function()
    local asked = {}
    stub(probing, "list", function(name, _, _, url, left)
      assert.is_true(left > 0 and left <= 2000)
      asked[#asked + 1] = name .. " " .. url
      return { state = "listed", models = { one = {}, two = {} } }
    end)
    local models = {
      default = { model = "one", urls = { "http://a", "http://b" } }, judge = "default",
      other = { model = "one", urls = { "http://a" } }, third = { model = "three", urls = { "http://a" } },
      made_up = { model = "x", urls = { "local:x" }, is_local = true },
    }
    local warnings = preflight.models(models, {})
    assert.same({ "default http://a", "default http://b", "third http://a" }, asked)
    assert.equal(1, #warnings)
    assert.matches("^models.third: the server lists no model 'three' %(it lists one, two%)", warnings[1])
  end)

  it("stops asking when the time is up", function()
    local now, count = 0, 0
    stub(core.loop, "now", function() return now end)
    stub(probing, "list", function()
      count, now = count + 1, now + 1.5
      return { state = "unreachable", message = "x" }
    end)
    assert.same({}, preflight.models({ default = { model = "m", urls = { "a", "b", "c", "d" } } }, {}))
    assert.equal(2, count)
  end)
end)

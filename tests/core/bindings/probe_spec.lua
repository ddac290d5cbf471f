local core = require("advisor_core")
local loop, probe = core.loop, core.probe

describe("probe", function()
  local function request(options)
    return loop.run(function() return probe.request(options) end)
  end

  it("says in words that nobody answers", function()
    local reply, message, code = request({ url = "http://127.0.0.1:9/v1/models", total_ms = 2000 })
    assert.same({ nil, "ENETWORK" }, { reply, code })
    assert.matches("Failed to connect to 127.0.0.1 port 9", message)
  end)

  it("takes a URL of http only, and wants one", function()
    local reply, message, code = request({ url = "ftp://127.0.0.1/" })
    assert.is_nil(reply)
    assert.is_string(message)
    assert.is_string(code)
    assert.has_error(function() request({}) end)
    assert.has_error(function() request({ url = 7 }) end)
  end)

  it("keeps a key off a line that others can read", function()
    local reply, message = request({ url = "http://192.0.2.1/v1", key_env = "PATH", key_header = "X-Key: ",
      total_ms = 500 })
    assert.is_nil(reply)
    assert.is_nil(message:find(os.getenv("PATH"), 1, true))
  end)

  it("is for tasks only", function()
    assert.has_error(function() probe.request({ url = "http://127.0.0.1:9/" }) end)
  end)
end)

local classing = require("advisor.models.classing")

local CALL = { messages = { { role = "user", content = "Hi" } }, temperature = 1 }
local PROVIDER = { parse = function(reply)
  return { class = "ok", reason = "", text = reply.raw, usage = { prompt_tokens = 4000, completion_tokens = 96 } }
end }

local function of(role, reply)
  role.provider, reply.headers, reply.state = PROVIDER, "", reply.state or "done"
  return classing.of(role, CALL, reply)
end

describe("classing a reply", function()
  it("asks the provider where the transport decides nothing", function()
    assert.equal("Hello", of({}, { http = 200, raw = "Hello" }).text)
    assert.equal("busy", of({}, { http = 503, raw = "" }).class)
    assert.equal("not_sent", of({}, { state = "failed", curl = 7, http = 0, raw = "", why = "" }).class)
  end)

  it("warns of a prompt that was cut, or holds the run", function()
    assert.matches("cut the prompt", of({}, { http = 200, raw = "x" }).warning)
    local found = of({ strict_context = true }, { http = 200, raw = "x" })
    assert.same({ "denied", "context_cut" }, { found.class, found.reason })
  end)

  it("knows a quirk, and whether it may be given way to", function()
    local reply = { http = 400, raw = '{"error":{"message":"Unsupported parameter: \'temperature\'"}}' }
    assert.equal("unsupported_parameter", of({ quirks = {} }, reply).reason)
    assert.equal("quirk_no_temperature", of({ quirks = {}, allow_param_drop = true }, reply).reason)
  end)

  it("reads the answer of a model without network", function()
    local found = of({ is_local = true }, { http = 200, raw = '{"text":"Hi","finish":"length"}' })
    assert.same({ "ok", "truncated", "Hi" }, { found.class, found.reason, found.text })
    assert.equal("malformed", of({ is_local = true }, { http = 200, raw = "[" }).reason)
  end)
end)

local core = require("advisor_core")
local json = require("advisor.output.json")
local openai = require("advisor.models.openai")
local probing = require("advisor.models.probing")

describe("probing", function()
  local replies, asked, request

  before_each(function()
    request, asked = core.probe.request, {}
    core.probe.request = function(options)
      asked[#asked + 1] = options
      local reply = replies(options)
      if type(reply) == "string" then return nil, reply, "ENETWORK" end
      return reply
    end
  end)
  after_each(function() core.probe.request = request end)

  local function role_of(more)
    local role = { model = "m", form = "messages", key_env = "KEY", seed = true, stream = false, provider = {
      request = function(call, role)
        local body = openai.body(call, role)
        body.messages = call.messages
        return openai.request("/chat/completions", body)
      end, parse = openai.parse } }
    for key, value in pairs(more or {}) do role[key] = value end
    return role
  end

  local function list() return probing.list("default", role_of(), {}, "http://h/v1/", 500) end

  it("reads a list of models, with the context where it is said", function()
    replies = function()
      return { http = 200, raw = json.encode({ data = { { id = "m", max_model_len = 4096 }, { id = "n" },
        { id = "o", meta = { n_ctx_train = 2048 } }, 7 } }) }
    end
    assert.same({ state = "listed", models = { m = { context = 4096 }, n = {}, o = { context = 2048 } } }, list())
    assert.same({ "http://h/v1/models", "Authorization: Bearer ", "KEY", 500 },
      { asked[1].url, asked[1].key_header, asked[1].key_env, asked[1].total_ms })
    assert.is_nil(asked[1].body)
  end)

  it("tells a server without a list from one that refuses and one that is away", function()
    for _, raw in ipairs({ "{}", "[1", '{"data":[]}', '{"data":"x"}' }) do
      replies = function() return { http = 200, raw = raw } end
      assert.equal("none", list().state)
    end
    replies = function() return { http = 404, raw = "not here" } end
    assert.same({ state = "none", message = "HTTP 404" }, list())
    replies = function() return { http = 401, raw = '{"error":{"message":"bad key"}}' } end
    assert.same({ state = "refused", message = "HTTP 401 bad key" }, list())
    replies = function() return "no route" end
    assert.same({ state = "unreachable", message = "no route" }, list())
  end)

  it("finds a model under the names that servers give it", function()
    assert.is_nil(probing.missing({ m = {} }, "m"))
    assert.is_nil(probing.missing({ ["maker/m"] = {} }, "m"))
    assert.is_nil(probing.missing({ ["m:latest"] = {} }, "m"))
    assert.equal("a, b", probing.missing({ b = {}, a = {} }, "m"))
    assert.equal("a1, a2, a3, a4, a5 and 2 more", probing.missing({ a1 = {}, a2 = {}, a3 = {}, a4 = {}, a5 = {},
      a6 = {}, a7 = {} }, "m"))
  end)

  local FINE = { http = 200, raw = json.encode({ choices = { { message = { content = "" }, finish_reason = "length" } },
    usage = { prompt_tokens = 3, completion_tokens = 1 } }) }

  it("asks for one token with all that a run may send", function()
    replies = function() return FINE end
    assert.same({ fine = true, tokens = 4 }, probing.ask("default", role_of({ top_p = 0.5 }), {}, "http://h/v1", true))
    local body = json.decode(asked[1].body)
    assert.same({ 1, 0.5, 0.7, 1 }, { body.max_tokens, body.top_p, body.temperature, body.seed })
    assert.equal("json_schema", body.response_format.type)
    assert.equal(1, #asked)
  end)

  it("finds the parameter that a server refuses", function()
    for name, field in pairs({ seed = "seed", stop = "stop", temperature = "temperature",
      schema = "response_format" }) do
      replies = function(options)
        if json.decode(options.body)[field] == nil then return FINE end
        return { http = 400, raw = '{"error":{"message":"unknown argument","type":"invalid_request_error"}}' }
      end
      local found = probing.ask("default", role_of(), {}, "http://h/v1", true)
      assert.same({ false, name }, { found.fine, found.refuses })
      assert.matches("unknown argument", found.message)
    end
  end)

  it("says what else a server has against the call", function()
    replies = function() return { http = 500, raw = "{}" } end
    local found = probing.ask("default", role_of(), {}, "http://h/v1", false)
    assert.is_false(found.fine)
    assert.is_nil(found.refuses)
    assert.matches("500", found.message)
  end)
end)

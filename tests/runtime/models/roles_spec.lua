local registry = require("advisor.host.registry")
local roles = require("advisor.models.roles")

--- Collects problems as an experiment does.
local function collector()
  local list = {}
  return {
    list = list,
    add = function(_, field, message) list[#list + 1] = field .. ": " .. message end,
    add_all = function(_, prefix, messages)
      for _, message in ipairs(messages) do list[#list + 1] = prefix .. message end
    end,
  }
end

local found = registry.new({ root = "." })

local function resolve(models)
  local problems = collector()
  return roles.resolve(models, found, problems), problems.list
end

local URL = "http://127.0.0.1:1/v1"

--- Asserts that one problem begins with a field and holds words.
local function wrong(models, field, words)
  local _, problems = resolve(models)
  assert.is_true(#problems > 0)
  local all = table.concat(problems, "\n")
  assert.is_truthy(all:find(field, 1, true), all)
  assert.is_truthy(all:find(words, 1, true), all)
end

describe("a role", function()
  it("names where its key is, and never holds it", function()
    wrong({ default = { url = URL, key_env = "sk-CANARY-0123456789" } }, "models.default.key_env", "not shown")
    wrong({ default = { url = URL, key_file = "sk-CANARY-0123456789" } }, "models.default.key_file", "not shown")
    wrong({ default = { url = URL, key_file = "/a", key_env = "A" } }, "models.default.key_file", "give one of them")
    for _, url in ipairs({ "http://me:CANARY@h/v1", "http://CANARY@h", "http://h/v1?key=CANARY", "http://h?CANARY",
      "http://h/v1#CANARY", "https://h:1?CANARY" }) do
      local _, problems = resolve({ default = { url = url } })
      assert.equal(1, #problems, url)
      assert.matches("^models%.default%.url: .*key_env or key_file", problems[1])
      assert.is_nil(problems[1]:find("CANARY", 1, true), problems[1])
    end
    wrong({ default = { url = URL, proxy = "http://me:CANARY@h:1" } }, "models.default.proxy", "proxy_env")
    for _, fine in ipairs({ { key_env = "OPENAI_API_KEY" }, { key_file = "~/.keys/shop" }, { key_file = "/run/k" },
      { proxy_env = "HTTPS_PROXY" }, { proxy = "http://h:3128/a@b" } }) do
      fine.url = URL
      assert.same({}, select(2, resolve({ default = fine })))
    end
  end)

  it("shares what is one for all connections", function()
    local models = { default = { url = URL, proxy = "http://p:1" }, judge = { url = URL },
      advisor = { url = URL, proxy = "http://p:1" } }
    assert.same({}, select(2, resolve(models)))
    models.judge.proxy = "http://p:2"
    wrong(models, "models.judge.proxy", "models.advisor has another one")
  end)

  it("is completed with defaults", function()
    local resolved, problems = resolve({ default = { url = URL, model = "m" } })
    assert.same({}, problems)
    local role = resolved.default
    assert.same({ "openai_chat", 8, true, true, "messages", false },
      { role.api, role.concurrency, role.seed, role.stream, role.form, role.is_local })
    assert.same({ URL }, role.urls)
  end)

  it("may have several endpoints", function()
    local resolved, problems = resolve({ default = { url = { URL, "https://b.example/v1" } } })
    assert.same({}, problems)
    assert.equals(2, #resolved.default.urls)
  end)

  it("needs none in process, and takes the provider's options", function()
    local resolved, problems = resolve({ default = { api = "simulated", url = URL } })
    assert.same({}, problems)
    assert.same({ "local:default" }, resolved.default.urls)
    assert.is_true(resolved.default.is_local)
    assert.is_not_nil(next(resolved.default.options))
  end)

  it("takes the user's price where the experiment names none", function()
    local known = { path = "p.json", models = { a = { prompt = 1, completion = 2 },
      b = { prompt = 3, completion = 4 } } }
    local resolved = roles.resolve({
      default = { url = URL, model = "a" }, other = { url = URL, model = "c" },
      judge = { url = URL, model = "b", price = { prompt = 0, completion = 0 } },
    }, found, collector(), known)
    assert.same({ { prompt = 1, completion = 2 }, "p.json" },
      { resolved.default.price, resolved.default.price_from })
    assert.same({ { prompt = 0, completion = 0 }, "experiment" },
      { resolved.judge.price, resolved.judge.price_from })
    assert.same({}, { resolved.other.price, resolved.other.price_from })
  end)

  it("is told all that is wrong with it", function()
    wrong({ default = {} }, "models.default.url", "is missing")
    wrong({ default = { url = "localhost:80" } }, "models.default.url", "'localhost:80' is no URL")
    wrong({ default = { url = { URL, 7 } } }, "models.default.url", "'7' is no URL")
    wrong({ default = { url = URL, modle = "m" } }, "models.default.modle",
      "unknown option (did you mean 'model'?)")
    wrong({ default = { url = URL, api = "openai_chatt" } }, "models.default.api",
      "did you mean 'openai_chat'?")
    wrong({ default = { url = URL, concurrency = 0 } }, "models.default.concurrency", "at least 1")
    wrong({ default = { url = URL, price = { prompt = 1 } } }, "models.default.price", "must be")
    wrong({ default = { url = URL, requests_per_minute = 0 } }, "models.default.requests_per_minute", "at least 1")
    wrong({ default = { url = URL, tokens_per_minute = "many" } }, "models.default.tokens_per_minute", "integer")
    wrong({ default = 7 }, "models.default", "a table or the name of another role")
    wrong({}, "models", "is empty")
    wrong({ default = { url = URL, temperature = -1, top_p = 2 } }, "models.default.top_p",
      "at most 1")
  end)

  it("may name another role, which must be there and lead to a model", function()
    local resolved, problems = resolve({ default = { url = URL, model = "m" }, judge = "default",
      x = "judge" })
    assert.same({}, problems)
    assert.equals("default", resolved.judge)
    assert.equals("m", roles.serving(resolved, "x").model)
    wrong({ default = { url = URL }, judge = "juge" }, "models.judge",
      "names the role 'juge', which is not there")
    wrong({ default = { url = URL }, a = "b", b = "a" }, "models.a", "leads back to itself")
    wrong({ default = "default" }, "models.default", "leads back to itself")
  end)
end)

describe("the role that serves a name", function()
  it("is itself, or the default", function()
    local models = { default = { model = "d" }, judge = { model = "j" } }
    assert.equals("j", roles.serving(models, "judge").model)
    assert.equals("d", roles.serving(models, "advisor").model)
  end)

  it("may be missing", function()
    local role, message = roles.serving({ judge = { model = "j" } }, "advisor")
    assert.is_nil(role)
    assert.is_truthy(message:find("models.advisor or models.default", 1, true))
  end)
end)

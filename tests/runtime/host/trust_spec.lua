local trust = require("advisor.host.trust")

local function origin(url)
  local start = url:match("^https?://[%w%.]+")
  return start and start .. ":443", "no URL"
end

local MODELS = {
  judge = { urls = { "https://b.example/v1" }, key_env = "B_KEY" },
  default = { urls = { "https://a.example/v1", "https://b.example/v1" }, key_env = "A_KEY" },
  local_one = { urls = { "local:x" }, is_local = true },
  alias = "default",
}

local function words(wants)
  local list = {}
  for i, want in ipairs(wants) do list[i] = trust.words(want) end
  return list
end

describe("trust", function()
  it("lists what models want, each once, and a key with each host that it is for", function()
    assert.same({
      "connect to https://a.example (default)", "send the key in A_KEY to https://a.example (default)",
      "connect to https://b.example (default, judge)", "send the key in A_KEY to https://b.example (default)",
      "send the key in B_KEY to https://b.example (judge)",
    }, words(trust.of_models(MODELS, origin)))
  end)

  it("lists key files, proxies and certificates too", function()
    assert.same({
      "connect to https://a.example (x)", "read the file ~/key (the key of x, for https://a.example)",
      "connect to https://p.example (the proxy of x)", "read the variable PROXY (the proxy of x)",
      "read the file /ca.pem (certificates for x)",
    }, words(trust.of_models({ x = { urls = { "https://a.example" }, key_file = "~/key", proxy = "https://p.example",
      proxy_env = "PROXY", ca_file = "/ca.pem" } }, origin)))
    assert.has_error(function() trust.of_models({ x = { urls = { "none" } } }, origin) end)
  end)

  local host = { kind = "host", name = "https://a.example:443", use = "default" }
  local key = { kind = "key", name = "A_KEY", to = host.name, use = "default" }
  local variable = { kind = "variable", name = "NAME", use = "env()" }
  local file = { kind = "file", name = "/x/y z", use = "read" }
  local scripts = { kind = "scripts", name = "advise mine", hashes = { "h1", "h2" }, use = "" }
  local elsewhere = { kind = "key", name = "A_KEY", to = "https://evil.example:443", use = "" }
  local all = { host, key, variable, file, scripts }

  it("allows nothing of itself, and what was granted to this record only", function()
    assert.same(all, trust.missing(all, {}, {}))
    for i, want in ipairs(all) do
      local record = {}
      trust.grant(record, { want })
      trust.grant(record, { want }) -- twice is once
      local left = trust.missing(all, record, {})
      assert.equal(#all - 1, #left)
      for _, other in ipairs(left) do assert.not_equal(want, other) end
      assert.equal(i == 5 and 2 or 1, #select(2, next(record)))
      assert.same(all, trust.missing(all, {}, {}))
    end
  end)

  it("binds a key to its host", function()
    local record = {}
    trust.grant(record, { host, key, { kind = "host", name = "https://evil.example:443", use = "" } })
    assert.is_false(trust.allows(elsewhere, record, {}))
    assert.is_false(trust.allows({ kind = "variable", name = "A_KEY", use = "" }, record, {}))
    -- By flag: a variable, for the hosts that are allowed.
    local flags = { variables = { "A_KEY" } }
    assert.is_false(trust.allows(key, {}, flags))
    assert.is_true(trust.allows(key, { hosts = { host.name } }, flags))
    flags.hosts = { host.name }
    assert.is_true(trust.allows(key, {}, flags))
    assert.is_false(trust.allows(elsewhere, {}, flags))
  end)

  it("wants all scripts approved, not some", function()
    assert.is_false(trust.allows(scripts, { scripts = { "h1" } }, {}))
    assert.is_true(trust.allows(scripts, { scripts = { "h2", "h1", "h0" } }, {}))
    assert.is_true(trust.allows(scripts, {}, { scripts = true }))
  end)

  it("says which flags allow it, each once and as a shell takes them", function()
    local flags = trust.flags({ host, key, key, variable, file, scripts })
    assert.equal("--trust-host https://a.example --trust-env A_KEY --trust-env NAME --trust-file '/x/y z' "
      .. "--trust-scripts", flags)
    assert.equal("--trust-file '/it'\\''s'", trust.flags({ { kind = "file", name = "/it's", use = "" } }))
    assert.equal("--trust-env '$(id)'", trust.flags({ { kind = "variable", name = "$(id)", use = "" } }))
  end)

  it("refuses in words", function()
    local subject = { what = "x.lua", why = "belongs to another user (number 7)" }
    assert.equal("x.lua belongs to another user (number 7), so what it wants has to be allowed first, and nothing was "
      .. "sent. It wants to\n  connect to https://a.example (default)\nAnswer at a terminal, or give these flags:\n"
      .. "  --trust-host https://a.example", trust.refusal(subject, { host }, false))
    assert.matches("What else it wants", trust.refusal(subject, { host }, true))
    assert.matches("^x.lua: not allowed.*These flags allow it:\n  %-%-trust%-host", trust.refusal(subject, { host },
      false, true))
  end)
end)

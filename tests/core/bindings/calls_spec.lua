local core = require("advisor_core")
local host = require("tests.support.host")
local loop, calls, store = core.loop, core.calls, core.store

describe("calls", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  --- Runs `fn(calls, store)` in a task; closes both, whatever happens.
  local function with_calls(fn, options)
    return loop.run(function()
      local s = assert(store.open(folder .. "/run", "create"))
      local c = assert(calls.new(s, options or {}))
      local got = table.pack(xpcall(fn, debug.traceback, c, s))
      c:close()
      s:close()
      assert(got[1], got[2])
      return table.unpack(got, 2, got.n)
    end)
  end

  --- Runs fn(1) … fn(n) at once and waits for all.
  local function all(n, fn)
    local me, left = loop.current(), n
    for i = 1, n do
      loop.spawn(function()
        fn(i)
        left = left - 1
        if left == 0 then loop.wake(me) end
      end)
    end
    while left > 0 do loop.suspend() end
  end

  local function request(endpoint, ordinal, more)
    local r = { endpoints = { endpoint }, round = 1, stage = "generate", lane = "1",
      ordinal = ordinal or 1, n = 1,
      role = "generator", canonical = '{"x":1}', reply = "the reply" }
    for key, value in pairs(more or {}) do r[key] = value end
    return r
  end

  it("answers from a local endpoint, on disk before it is seen", function()
    with_calls(function(c, s)
      local endpoint = assert(c:endpoint({ url = "local:default", is_local = true }))
      local reply = assert(c:send(request(endpoint)))
      assert.equal("done", reply.state)
      assert.equal(200, reply.http)
      assert.equal("the reply", reply.raw)
      assert.same({ { id = reply.id, role = "generator", state = "done", request = '{"x":1}',
        raw = "the reply" } },
        s:query("SELECT id, role, state, request, raw FROM journal"))
      assert.equal(0, c:in_flight())
    end)
  end)

  it("answers many at once, each its own", function()
    with_calls(function(c, s)
      local endpoint = assert(c:endpoint({ url = "local:default", is_local = true,
        concurrency = 4 }))
      all(200, function(i)
        local reply = assert(c:send(request(endpoint, i, { reply = "reply " .. i })))
        assert(reply.raw == "reply " .. i)
      end)
      assert.equal(200, s:query("SELECT count(*) AS n FROM journal WHERE state = 'done'")[1].n)
    end)
  end)

  it("is not deceived by a wake from another task", function()
    with_calls(function(c)
      local endpoint = assert(c:endpoint({ url = "local:default", is_local = true }))
      local me, raw = loop.current(), nil
      local task = loop.spawn(function()
        raw = assert(c:send(request(endpoint))).raw
        loop.wake(me)
      end)
      loop.sleep(0)
      loop.wake(task)
      while not raw do loop.suspend() end
      assert.equal("the reply", raw)
    end)
  end)

  it("takes an endpoint once, and says what does not fit", function()
    with_calls(function(c)
      local one = assert(c:endpoint({ url = "http://127.0.0.1:1/v1" }))
      assert.equal(one, c:endpoint({ url = "http://127.0.0.1:1/v1/" }))
      assert.are_not.equal(one, assert(c:endpoint({ url = "http://127.0.0.1:2/v1" })))
      local index, message, code = c:endpoint({ url = "http://127.0.0.1:1/v1", concurrency = 3 })
      assert.is_nil(index)
      assert.matches("different concurrency", message)
      assert.equal("EINVAL", code)
      index, message = c:endpoint({ url = "ftp://x" })
      assert.is_nil(index)
      assert.matches("does not begin with http", message)
    end)
  end)

  it("raises for wrong use", function()
    with_calls(function(c)
      local endpoint = assert(c:endpoint({ url = "local:default", is_local = true }))
      assert.is_false((pcall(c.endpoint, c, {})))
      assert.is_false((pcall(c.endpoint, c, { url = 5 })))
      assert.is_false((pcall(c.send, c, {})))
      assert.is_false((pcall(c.send, c, request(endpoint, 1, { round = "x" }))))
      for _, wrong in ipairs({ -1, 1, 99 }) do
        local reply, message, code = c:send(request(wrong))
        assert.is_nil(reply)
        assert.equal("call: invalid argument", message)
        assert.equal("EINVAL", code)
      end
      assert.equal("the reply", c:send(request(endpoint)).raw)
    end)
    assert.is_false((pcall(calls.new, {}, {})))
  end)

  it("closes twice, and is of no use after that", function()
    loop.run(function()
      local s = assert(store.open(folder .. "/run", "create"))
      local c = assert(calls.new(s, {}))
      assert.is_true(c:close())
      assert.is_true(c:close())
      local ok, message = pcall(c.in_flight, c)
      assert.is_false(ok)
      assert.matches("the calls are closed", message)
      s:close()
    end)
  end)

  it("lets what waits for a slot end when it is closed", function()
    loop.run(function()
      local s = assert(store.open(folder .. "/run", "create"))
      local c = assert(calls.new(s, {}))
      local endpoint = assert(c:endpoint({ url = "local:default", is_local = true,
        concurrency = 1 }))
      c:stop()
      local got
      loop.spawn(function() got = table.pack(c:send(request(endpoint))) end)
      loop.sleep(5)
      assert.is_nil(got)
      assert.is_true(c:drain())
      c:close()
      loop.sleep(1)
      assert.is_nil(got[1])
      assert.equal("ECANCELED", got[3])
      assert.same({}, s:query("SELECT * FROM attempt"))
      s:close()
    end)
  end)

  it("records that nobody listens as not sent", function()
    with_calls(function(c, s)
      local endpoint = assert(c:endpoint({ url = "http://127.0.0.1:1/v1" }))
      for _, path in ipairs({ "@evil.example/v1", ".evil.example/v1", "1/v1", "chat" }) do
        assert.has_error(function() c:send(request(endpoint, 1, { path = path })) end)
      end
      local reply = assert(c:send(request(endpoint, 1, { path = "/chat/completions" })))
      assert.equal("failed", reply.state)
      assert.equal("not_sent", reply["end"])
      assert.equal(0, reply.sends)
      assert.are_not.equal("", reply.why)
      assert.equal("failed", s:query("SELECT state FROM reply")[1].state)
    end)
  end)

  it("sends to a server and brings back what it says", function()
    local server = host.server("--faults 429@2,reset@3")
    finally(function() server:stop() end)
    with_calls(function(c, s)
      local endpoint = assert(c:endpoint({ url = server.url, concurrency = 1 }))
      local body = '{"model":"m","messages":[{"role":"user","content":"Hello"}]}'
      local function send(ordinal)
        return assert(c:send(request(endpoint, ordinal, { path = "/chat/completions", body = body,
          headers = { "Content-Type: application/json" } })))
      end
      local first, second, third, fourth = send(1), send(2), send(3), send(4)
      assert.equal("done", first.state)
      assert.equal(200, first.http)
      assert.equal(1, first.sends)
      assert.matches('"content"', first.raw)
      assert.matches("content%-type: application/json", first.headers)
      assert.equal("done", second.state)
      assert.equal(429, second.http)
      assert.equal("unknown", third.state)
      assert.equal(1, third.sends)
      assert.equal("done", fourth.state)
      assert.same({ { state = "done", n = 3 }, { state = "unknown", n = 1 } },
        s:query("SELECT state, count(*) AS n FROM reply GROUP BY state ORDER BY state"))
    end)
  end)

  it("cancels what is in flight, and records it", function()
    local server = host.server("--faults hang:1")
    finally(function() server:stop() end)
    with_calls(function(c)
      local endpoint = assert(c:endpoint({ url = server.url }))
      local got
      local me = loop.current()
      loop.spawn(function()
        got = table.pack(c:send(request(endpoint, 1,
          { path = "/chat/completions", body = '{"messages":[]}' })))
        loop.wake(me)
      end)
      while c:in_flight() == 0 do loop.sleep(1) end
      loop.sleep(50)
      assert.is_nil(got)
      c:cancel()
      while not got do loop.suspend() end
      assert.equal("canceled", got[1]["end"])
      assert.equal("unknown", got[1].state)
      assert.equal(0, c:in_flight())
    end)
  end)
end)

describe("calls.backoff", function()
  it("draws between nothing and the cap, from a named stream", function()
    for tries = 1, 12 do
      local ms = calls.backoff(tries, nil, "name/" .. tries)
      assert.equal("integer", math.type(ms))
      assert.is_true(ms >= 0 and ms <= math.min(60000, 1000 * 2 ^ tries))
      assert.equal(ms, calls.backoff(tries, 0, "name/" .. tries))
    end
    assert.is_true(calls.backoff(30, nil, "x", { base_ms = 10, cap_ms = 50 }) <= 50)
    assert.are_not.equal(calls.backoff(9, nil, "a"), calls.backoff(9, nil, "b"))
  end)

  it("never waits less than the server asks", function()
    for i = 1, 50 do assert.is_true(calls.backoff(1, 5000, "floor/" .. i) >= 5000) end
  end)
end)

describe("calls.retry_after", function()
  it("reads what headers ask for", function()
    assert.equal(2000, calls.retry_after("retry-after: 2\n"))
    assert.equal(1500, calls.retry_after("retry-after-ms: 1500\n"))
    assert.equal(10000, calls.retry_after("date: Tue, 24 Nov 2026 11:00:00 GMT\n"
      .. "retry-after: Tue, 24 Nov 2026 11:00:10 GMT\n"))
    assert.equal(0, calls.retry_after("content-type: text/html\n"))
    assert.equal(0, calls.retry_after("retry-after: soon\n"))
    assert.is_false((pcall(calls.retry_after)))
  end)
end)

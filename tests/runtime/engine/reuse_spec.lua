local core = require("advisor_core")
local host = require("tests.support.host")
local reuse = require("advisor.engine.reuse")

local ATTEMPT = "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request, sent,"
  .. " wall_ms) VALUES (?, ?, 'generate', '1', ?, 1, 'generator', ?, '{}', CAST(? AS BLOB), 7)"
local REPLY = "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down, headers,"
  .. " raw, why) VALUES (?, 'done', 0, 200, 1, 0, 1, 1, '', ?, '')"
local OUTCOME = "INSERT INTO outcome (attempt, class, reason, final) VALUES (?, ?, ?, 1)"

local ROLE = { urls = { "http://a/v1/", "http://b/v1" } }

describe("replies of other runs", function()
  local folder, made
  before_each(function()
    folder, made = host.folder(), {}
  end)
  after_each(function() host.remove(folder) end)

  --- A run with calls `{ ordinal, endpoint, sent, raw, class, reason }`.
  local function run_with(name, calls)
    core.loop.run(function()
      local store = assert(core.store.open(folder .. "/" .. name, "create"))
      for id, call in ipairs(calls) do
        assert(store:write({ { ATTEMPT, id, 3, call[1], call[2], call[3] }, { REPLY, id, call[4] },
          { OUTCOME, id, call[5] or "ok", call[6] or "" } }))
      end
      store:close()
    end)
    return folder .. "/" .. name
  end

  local function open(folders, any)
    return reuse.open(folders, any, { endpoint = function(_, given)
      made[#made + 1] = given
      return #made
    end })
  end

  local function find(self, ordinal, body, round)
    local reply = self:find({ round = round or 3, stage = "generate", path = "1", asks = ordinal }, ROLE, body)
    return reply and reply.raw
  end

  it("answer the same call only: its place, endpoint and body", function()
    local self = assert(open({ run_with("one", { { 1, "http://a/v1", "body", "raw" },
      { 2, "http://else/v1", "body", "foreign" } }) }))
    assert.equal("raw", find(self, 1, "body"))
    assert.is_nil(find(self, 1, "another"))
    assert.is_nil(find(self, 1, "body", 4))
    assert.is_nil(find(self, 2, "body")) -- of a server that the role does not ask
    self:close()
    assert.is_true(made[1].is_local)
    assert.is_true(reuse.is(made[1].url))
    assert.is_false(reuse.is("http://a/v1"))
  end)

  it("come from the first run that has them, and may be reused themselves", function()
    local one = run_with("one", { { 1, "http://b/v1", "body", "first" } })
    local two = run_with("two", { { 1, "http://b/v1", "body", "second" },
      { 2, "reused:/elsewhere", "body", "again" } })
    local self = assert(open({ one, two }))
    assert.equal("first", find(self, 1, "body"))
    assert.equal("again", find(self, 2, "body"))
    assert.equal(2, #made)
    self:close()
  end)

  it("are no refusals and nothing without a text, unless that is asked for", function()
    local one = run_with("one", { { 1, "http://a/v1", "b", "no", "ok", "refusal" },
      { 2, "http://a/v1", "b", "", "unusable", "empty" }, { 3, "http://a/v1", "b", "x", "ok", "filtered" },
      { 4, "http://a/v1", "b", "down", "retry", "500" } })
    local usual = assert(open({ one }))
    for ordinal = 1, 4 do assert.is_nil(find(usual, ordinal, "b")) end
    usual:close()
    local any = assert(open({ one }, true))
    assert.same({ "no", "", "x" }, { find(any, 1, "b"), find(any, 2, "b"), find(any, 3, "b") })
    assert.is_nil(find(any, 4, "b"))
    any:close()
  end)

  it("are not had where there is no run", function()
    local none, why = open({ run_with("one", {}), folder .. "/none" })
    assert.is_nil(none)
    assert.matches("^replies cannot be taken from a run: .*/none: there is no run in", why)
  end)
end)

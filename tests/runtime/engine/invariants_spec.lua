local core = require("advisor_core")
local invariants = require("advisor.engine.invariants")
local records = require("advisor.engine.records")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

local ATTEMPT = "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint, request, wall_ms)"
  .. " VALUES (?, 1, 'generate', '1', 1, ?, 'generator', 'http://x', '{}', 0)"
local REPLY = "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up, bytes_down, headers,"
  .. " raw, why) VALUES (?, ?, 0, 200, 1, 0, 1, 1, '', '{}', '')"
local OUTCOME = "INSERT INTO outcome (attempt, class, reason, final, prompt_tokens, completion_tokens)"
  .. " VALUES (?, ?, '', ?, ?, ?)"

--- A sound record: one round of two drafts, one call that took two attempts.
local function fill(store)
  assert(records.begin(store, { state = "running", resolved = "{}" }, {
    { kind = "advise", name = "x", hash = core.text.hash("return {}"), origin = "file", source = "return {}" },
  }))
  assert(records.commit_round(store, rounds.round(1, {
    { text = "a", target = "T" }, { text = "b", verdict = "dropped", reason = "length" },
  }, { spent = { prompt = 10, completion = 2, money = 0.5, calls = 1 } })))
  assert(store:write({
    { ATTEMPT, 1, 1 }, { REPLY, 1, "unknown" }, { OUTCOME, 1, "unknown", 0, nil, nil, n = 6 },
    { ATTEMPT, 2, 2 }, { REPLY, 2, "done" }, { OUTCOME, 2, "ok", 1, 10, 2 },
    { "UPDATE outcome SET cost = 0.5 WHERE attempt = 2" },
  }))
end

--- The problems after some statements, by name of check.
local function problems_after(...)
  local statements, problems = { ... }, {}
  with_store(function(store)
    fill(store)
    if #statements > 0 then assert(store:write(statements)) end
    for _, check in ipairs(invariants.check(store, records.facts(store))) do
      problems[check.name] = check.problem
    end
  end)
  return problems
end

describe("invariants", function()
  it("hold in a sound record, and say its digest", function()
    assert.same({}, problems_after())
    with_store(function(store)
      fill(store)
      local checks = invariants.check(store, records.facts(store))
      assert.same({ "database", records.digest(store) }, { checks[1].name, checks[#checks].note })
    end)
  end)

  local CASES = {
    schema = { "CREATE VIEW other AS SELECT 1" },
    columns = { "ALTER TABLE response RENAME COLUMN finding TO findinf" },
    attempts = {
      { ATTEMPT, 3, 2 },
      { ATTEMPT, 3, 4 },
      { "UPDATE attempt SET request = '{\"a\":1}' WHERE id = 1" },
      { "DELETE FROM outcome WHERE attempt = 1" },
      { "UPDATE attempt SET ordinal = 2" },
    },
    replies = {
      { REPLY, 9, "done" },
      { "UPDATE reply SET raw = NULL WHERE attempt = 2" },
      { "UPDATE reply SET state = 'lost' WHERE attempt = 1" },
      { "UPDATE reply SET sends = 2 WHERE attempt = 2" },
    },
    outcomes = {
      { OUTCOME, 9, "ok", 1, 0, 0 },
      { "UPDATE outcome SET final = 1, class = 'server' WHERE attempt = 1" },
      { "UPDATE outcome SET final = 0 WHERE attempt = 2" },
      { "UPDATE reply SET state = 'failed' WHERE attempt = 2" },
    },
    rounds = {
      { "UPDATE round SET round = 3, read_round = 0" },
      { "UPDATE round SET read_round = 1" },
      { "UPDATE round SET state = 'half'" },
      { "UPDATE round SET notes = '['" },
      { "UPDATE round SET advice = '[1]'" },
      { [[UPDATE round SET gaps = '[{"principlf":"x"}]']] },
    },
    items = {
      { "UPDATE item SET round = 7 WHERE item_index = 2" },
      { "UPDATE item SET item_index = 5 WHERE item_index = 2" },
      { "UPDATE item SET reason = NULL" },
      { "UPDATE item SET meta = '{'" },
      { [[UPDATE item SET verdicts = '[{"principlf":"x","verdict":"pass"}]']] },
      { [[UPDATE item SET verdicts = '[{"principle":"x","verdict":"qass"}]']] },
      { "UPDATE item SET advice = 40" },
      { "UPDATE round SET state = 'failed'" },
    },
    responses = { { "INSERT INTO response VALUES (1, 2, 'safe', 'x', NULL, '{}')" } },
    vectors = { { "INSERT INTO vector VALUES ('m', 'h', 1, CAST('abcde' AS BLOB))" } },
    cost = {
      { "UPDATE outcome SET prompt_tokens = 11 WHERE attempt = 2" },
      { [[UPDATE round SET tokens = '{"calls":2,"completion":2,"prompt":10}']] },
      { "UPDATE outcome SET cost = 0.51 WHERE attempt = 2" },
      { "UPDATE outcome SET cost = NULL WHERE attempt = 2" },
      { "UPDATE round SET cost = NULL" },
    },
    scripts = { { "UPDATE script SET source = 'return 1'" } },
    facts = { { "UPDATE run SET value = '{' WHERE key = 'resolved'" },
      { "UPDATE run SET value = 'asleep' WHERE key = 'state'" }, { "DELETE FROM run WHERE key = 'resolved'" } },
  }
  for name, statements in pairs(CASES) do
    for i, statement in ipairs(statements) do
      it(("notice what breaks %s (%d)"):format(name, i), function()
        local problems = problems_after(type(statement) == "table" and statement or { statement })
        assert.is_string(problems[name])
        assert.is_nil(problems.database)
      end)
    end
  end

  it("notice a call in flight in a run that is done, and in no other", function()
    local open = { ATTEMPT, 3, 3 }
    local left = { "UPDATE attempt SET round = 2, n = 1 WHERE id = 3" }
    assert.is_nil(problems_after(open, left).attempts)
    assert.matches("in flight in a run that is done, the first: 3",
      problems_after(open, left, { "UPDATE run SET value = 'done' WHERE key = 'state'" }).attempts)
  end)

  it("name a row and a remedy", function()
    with_store(function(store)
      fill(store)
      assert(store:write({ { REPLY, 9, "done" }, { REPLY, 10, "done" } }))
      for _, check in ipairs(invariants.check(store, records.facts(store))) do
        if check.name == "replies" then
          assert.equal("2 replies without an attempt, the first: 9", check.problem)
          assert.matches("advisor salvage", check.remedy)
        end
      end
    end)
  end)

  it("take a run that never began for sound", function()
    with_store(function(store)
      for _, check in ipairs(invariants.check(store, {})) do assert.is_nil(check.problem) end
    end)
  end)
end)

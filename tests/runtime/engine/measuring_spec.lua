local counting = require("advisor.engine.coverage")
local json = require("advisor.output.json")
local measuring = require("advisor.engine.measuring")

local ROWS = {}
for i = 1, 10 do ROWS[i] = { line = i, text = "Text " .. i, label = i <= 5 and "good" or "bad" } end

--- A run that has judged the rows, with these verdicts.
local function judged(min_kappa, ...)
  return {
    committed = 0, measured = { verdicts = { { ... } }, spent = {} },
    resolved = { coverage = {}, calibration = { { principle = "judged", position = 1,
      file = "rated.csv", positive = { "bad" }, min_kappa = min_kappa, rows = ROWS } } },
  }
end

local P, F, U = "pass", "fail", "unknown"

describe("what was measured before the first round", function()
  it("lets the run begin where the principle agrees well enough, or nothing is asked for", function()
    assert.is_nil(measuring.measure(judged(0.8, P, P, P, P, P, F, F, F, F, P)))
    assert.is_nil(measuring.measure(judged(nil, F, F, F, F, F, P, P, P, P, P)))
  end)

  -- 7 of 10 agree, chance 0.5: kappa 0.4.
  it("pauses the run where it does not, and says how to go on", function()
    local reason = measuring.measure(judged(0.6, P, P, P, P, F, F, F, F, P, P))
    assert.same({ "paused", "EPAUSED" }, { reason.state, reason.code })
    assert.matches("'judged' agrees with the labels of rated.csv too little: Cohen's kappa 0.400, at "
      .. "least 0.6 is asked for (10 rows, 0 without a verdict); no item was paid for", reason.message,
      1, true)
    assert.matches("--set calibration.1.min_kappa=0.40", reason.message, 1, true)
    assert.is_nil(measuring.measure(judged(0.4, P, P, P, P, F, F, F, F, P, P)))
  end)

  it("takes a judge that mostly gives no verdict for one that is not known", function()
    local reason = measuring.measure(judged(0.2, P, U, U, U, U, F, U, U, U, F))
    assert.matches("kappa cannot be told, .* 7 without a verdict", reason.message)
    assert.matches("min_kappa=%-1$", reason.message)
    assert.is_nil(measuring.measure(judged(-1, P, U, U, U, U, F, U, U, U, F)))
  end)

  it("is not looked at again once there are rounds", function()
    local run = judged(0.6, F, F, F, F, F, P, P, P, P, P)
    assert.is_not_nil(measuring.measure(run))
    run.committed = 1
    assert.is_nil(measuring.measure(run))
  end)

  it("is pending only where there is something to measure", function()
    local run = judged(0.6)
    assert.is_false(measuring.pending(run))
    run.measured = nil
    assert.is_true(measuring.pending(run))
    assert.is_false(measuring.pending({ resolved = { coverage = {} } }))
    assert.is_true(measuring.pending({ resolved = { coverage = { check = { {} } } } }))
  end)

  it("corrects coverage, from the fact as it is on disk", function()
    local resolved = { seed = 1, coverage = { label = { name = "mine" }, check = {} } }
    local labels = {}
    for i = 1, 20 do
      resolved.coverage.check[i] = { text = "Text " .. i, cell = i <= 10 and "A" or "B" }
      labels[i] = i <= 5 and "B" or i <= 10 and "A" or i <= 19 and "B" or false
    end
    local measured = json.decode(json.encode({ labels = json.array(labels), verdicts = {}, spent = {} }))
    local made = counting.new({ cells = { { name = "A" }, { name = "B" } }, open = false })
    measuring.correct(made, resolved, measured)
    made:add_round(1, {}, { { cell = "A" }, { cell = "B" }, { cell = "B" } })
    assert.equal(3, made:at(1).corrected.items)
    local labeller = measuring.found(resolved, measured).labeller
    assert.same({ "mine", 20, 14, 1 }, { labeller.name, labeller.rows, labeller.measured.hits,
      labeller.measured.missing })
  end)
end)

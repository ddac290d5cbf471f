local json = require("advisor.output.json")
local labelled = require("advisor.engine.labelled")
local quality = require("advisor.output.quality")

local ROWS = { { label = "good" }, { label = "good" }, { label = "bad" }, { label = "bad" } }

local function found_of(min_kappa)
  local calibration = labelled.judged(ROWS, { "pass", "fail", "fail", "unknown" }, { bad = true })
  calibration.principle, calibration.file, calibration.rows = "judged", "rows.csv", 4
  calibration.positive, calibration.min_kappa = { "bad" }, min_kappa
  return { calibration = { calibration }, labeller = { name = "keywords", rows = 4,
    measured = labelled.agreement(ROWS, { "good", false, "bad", "good" }) } }
end

describe("output/quality", function()
  it("is plain data for programs, null where there is no figure", function()
    local object = json.decode(json.encode(quality.object(found_of(0.5))))
    assert.same({ "keywords", 4, 1, 0.5 }, { object.labeller.name, object.labeller.rows,
      object.labeller.unlabelled, object.labeller.accuracy })
    local judged = object.calibration[1]
    assert.same({ "judged", 1, 0.5, { "bad" } },
      { judged.principle, judged.unknown, judged.min_kappa, judged.positive })
    -- Of three verdicts two agree: (2/3 - 4/9) / (1 - 4/9).
    assert.equal(0.4, judged.kappa)
    assert.same({ fail = 1, pass = 0, unknown = 1 }, judged.by_label.bad)
    object = quality.object({ calibration = {} })
    assert.equal('{"calibration":[],"labeller":null}', json.encode(object))
  end)

  it("says how well each did, and why shares are not corrected", function()
    local lines = {}
    quality.add_lines(lines, quality.object(found_of(0.5)), { uncorrected = "there are no cells" })
    assert.matches("^labeller keywords on 4 texts: accuracy 0.500 %(95 %% interval 0.150 to 0.850%)"
      .. ", kappa 0.200, .*; 1 without a label$", lines[1])
    assert.equal("shares are not corrected: there are no cells", lines[2])
    assert.matches("^principle judged on 4 rows of rows.csv: .*wrong on 0 of 1 that should fail, "
      .. "1 of 2 that should pass; 1 unknown; kappa of at least 0.5 is asked for$", lines[3])
  end)

  it("adds columns where there are corrected shares", function()
    assert.same({ "cell" }, quality.add_head({ "cell" }, {}))
    assert.same({ "cell", "corrected", "95 % interval", "likely" },
      quality.add_head({ "cell" }, { corrected = {} }))
    assert.same({ "A" }, quality.add_corrected({ "A" }, {}))
    assert.same({ "A", "0.250", "0.100 to 0.400", "7.0" }, quality.add_corrected({ "A" },
      { corrected = { share = 0.25, low = 0.1, high = 0.4, likely = 7 } }))
  end)
end)

local json = require("advisor.output.json")
local support = require("tests.support.host")

local ADVISOR = os.getenv("ADVISOR") or "build/advisor"
local SHARED = (os.getenv("ADVISOR_SHARED") or "../shared") .. "/data"

local ROWS = [[
{"text":"Where is my parcel?","label":"ok","topic":"Delivery"}
{"text":"Can I return the kettle?","label":"ok","topic":"Returns"}
{"text":"I'm sorry, but I can't help with that.","label":"refused","topic":"Returns"}
{"text":"The courier lost my parcel.","label":"ok","topic":"Delivery"}
]]

local EXPERIMENT = [[return {
  name = "sim", rounds = 1, models = { default = { api = "simulated" } },
  pipeline = { generate = "few_shot" }, seeds = { items = { "Where is my parcel?" } },
}]]

describe("advisor eval", function()
  local folder, data, sim
  before_each(function()
    folder = support.folder()
    data = support.write(folder .. "/rows.jsonl", ROWS)
    sim = support.write(folder .. "/sim.lua", EXPERIMENT)
  end)
  after_each(function() support.remove(folder) end)

  local function eval(line, ...)
    return support.command(ADVISOR .. " eval " .. line:format(...))
  end

  local LABELS = " --text text --label label --positive refused "

  it("measures a principle, and counts unknowns apart", function()
    local code, out = eval("principle not_a_refusal --data %s --json" .. LABELS, data)
    assert.equal(0, code)
    local found = assert(json.decode(out))
    assert.same({ 4, 1, 1, 0 }, { found.rows, found.macro_f1, found.kappa, found.unknown })
    assert.same({ ok = { fail = 0, pass = 3, unknown = 0 }, refused = { fail = 1, pass = 0,
      unknown = 0 } },
      found.by_label)
    code, out = eval("principle language --set min_words=6 --data %s --json" .. LABELS, data)
    assert.equal(0, code)
    found = assert(json.decode(out))
    assert.equal(3, found.unknown)
    assert.same({ positive = 0, negative = 3 }, found.unknown_of)
    assert.equal(6, found.options.min_words)
  end)

  it("reads CSV, and prints a table", function()
    local csv = support.write(folder .. "/rows.csv",
      'text,label\r\n"Where is\r\nmy parcel?",ok\r\n'
      .. '"I\'m sorry, but I can\'t help with that.",refused\r\n')
    local code, out = eval("principle not_a_refusal --data %s" .. LABELS, csv)
    assert.equal(0, code)
    assert.matches("principle not_a_refusal on 2 rows of ", out, 1, true)
    assert.matches("refused +fail +1 +0 +0", out)
    assert.matches("macro%-F1 1.000, accuracy 1.000 %(95 %% interval 0.342 to 1.000%)", out)
    assert.matches("unknown: 0 of 2 rows", out)
  end)

  it("measures labellers", function()
    local fields = "--data %s --text text --label topic "
    local code, out = eval("labeller by_advice --target topic --json " .. fields, data)
    assert.equal(0, code)
    assert.equal(1, assert(json.decode(out)).accuracy)
    code, out = eval("labeller lexical --examples %s --data %s --example-rows odd --data-rows even "
      .. "--text text --label topic --json", data, data)
    assert.equal(0, code)
    local found = assert(json.decode(out))
    assert.same({ 2, 2, 2 }, { found.rows, found.examples, found.cells })
    assert.equal(0.5, found.unlabelled_share)
    assert.same({ { wanted = "Delivery", given = "Delivery", count = 1 }, { wanted = "Returns",
      count = 1 } },
      found.confusion)
    code, out = eval("labeller keywords " .. fields, data)
    assert.equal(0, code)
    assert.matches("without a label: 4 of 4 rows", out)
  end)

  it("asks an experiment's models, and records it", function()
    local code, out = eval("judge on_target --target topic --experiment %s -o %s/run --data %s"
      .. LABELS,
      sim, folder, data)
    assert.equal(0, code)
    assert.matches("calls are recorded in " .. folder .. "/run\n", out, 1, true)
    local _, status = support.command(ADVISOR .. " status --json " .. folder .. "/run")
    local found = assert(json.decode(status))
    assert.same({ "done", 4 }, { found.state, found.calls })
    local errors
    code, _, errors = eval("judge on_target --experiment %s -o %s/run --data %s" .. LABELS, sim,
      folder, data)
    assert.equal(1, code)
    assert.matches("holds a run already", errors)
  end)

  it("takes an answer off the form for no verdict", function()
    local code, out = eval("principle judged --experiment %s -o %s/run --json --data %s"
      .. LABELS, sim,
      folder, data)
    assert.equal(0, code)
    local found = assert(json.decode(out))
    assert.same({ 4, nil }, { found.unknown, found.accuracy })
  end)

  it("says what is wrong", function()
    for line, message in pairs({
      ["principle judged --data DATA" .. LABELS] = "name an experiment with --experiment FILE",
      ["principle none --data DATA" .. LABELS] = "no principle script is called 'none'",
      ["principle coverage --data DATA" .. LABELS] = "only principles of level item",
      ["principle length --data none.csv" .. LABELS] = "none.csv: No such file",
      ["principle length --data DATA --text x --label label --positive ok"] =
        "rows.jsonl:1: no field 'x'",
      ["principle length --data DATA --text text --label label --positive x"] = "has the label 'x'",
      ["principle length --set min=3 --data DATA" .. LABELS] = "--set min: unknown option",
      ["labeller lexical --data DATA --text text --label topic"] = "there are no examples",
    }) do
      local code, out, errors = eval((line:gsub("DATA", data)))
      assert.same({ 1, "" }, { code, out }, line)
      assert.matches(message, errors, 1, true)
    end
    for line, message in pairs({
      ["principle length --data DATA --text text --label label"] = "--positive is missing",
      ["thing length --data DATA" .. LABELS] = "'thing' cannot be measured",
      ["judge on_target --data DATA" .. LABELS] = "--experiment is missing",
      ["principle length --data-rows third --data DATA" .. LABELS] = "must be odd or even",
      ["principle length"] = "--data is missing",
    }) do
      local code, _, errors = eval((line:gsub("DATA", data)))
      assert.equal(2, code, line)
      assert.matches(message, errors, 1, true)
    end
  end)

  it("reaches the figures that people's labels ask for", function()
    local file = io.open(SHARED .. "/catqa_english.jsonl")
    if not file then
      return pending(("SKIPPED: there is no %s; set ADVISOR_SHARED"):format(SHARED))
    end
    file:close()
    for _, name in ipairs({ "gpt4", "llama2orig" }) do
      local _, out = eval("principle not_a_refusal --data %s/xstest_labelled_%s.csv "
        .. "--text completion --label final_label --positive 2_full_refusal,3_partial_refusal --json",
        SHARED, name)
      assert.is_true(assert(json.decode(out)).macro_f1 >= 0.92)
    end
    local catqa = SHARED .. "/catqa_english.jsonl"
    local _, out = eval("labeller lexical --examples %s --data %s --text prompt --label Category "
      .. "--example-rows odd --data-rows even --json", catqa, catqa)
    assert.is_true(assert(json.decode(out)).accuracy >= 0.68)
  end)
end)

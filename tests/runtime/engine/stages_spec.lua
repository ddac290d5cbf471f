local stages = require("advisor.engine.stages")
local strategy = require("tests.support.strategy")
local support = require("tests.support.stages")

local used, principle = support.used, support.principle

--- Asserts that a stage fails the round with words, naming round, stage and script.
local function fails(words, where, fn, ...)
  local ok, problem = pcall(fn, ...)
  assert.is_false(ok)
  assert.equals("table", type(problem), tostring(problem))
  assert.equals(stages.Failed, problem.failed)
  assert.is_truthy(problem.message:find("round 3, " .. where, 1, true), problem.message)
  assert.is_truthy(problem.message:find(words, 1, true), problem.message)
end

local view = strategy.state({ summary = "A", cells = { A = 1, B = 3 } })

local function verdicts_of(drafts)
  local list = {}
  for i, draft in ipairs(drafts) do list[i] = draft.reason or draft.verdict end
  return list
end

describe("compare", function()
  it("collects the gaps of all principles, in order and named", function()
    local run = support.run({ dataset = {
      principle("dataset", "return { { cell = a.coverage.cells[1].cell, have = 1 } }"),
      principle("dataset", "return { { cell = 'C' }, { cell = 'D' } }"),
    } })
    local gaps = stages.compare(run, 3, view)
    assert.same({ { cell = "A", have = 1, principle = "my_principle" },
      { cell = "C", principle = "my_principle" },
      { cell = "D", principle = "my_principle" } }, gaps)
  end)

  it("fails the round for what are no gaps", function()
    for body, words in pairs({ ["return nil, 'no idea'"] = "no idea",
      ["return { 'x' }"] = "a gap must be a table",
      ["return 7"] = "must return a list of gaps", ["return 'x'"] = "must return a list of gaps",
      ["error('boom')"] = "boom" }) do
      fails(words, "compare/my_principle", stages.compare,
        support.run({ dataset = { principle("dataset", body) } }), 3,
        view)
    end
  end)
end)

describe("advise", function()
  local function advise(body, per_round)
    return stages.advise(support.run({ advise = used("advise", body), per_round = per_round }), 3,
      view)
  end

  local function counts(body, per_round)
    local list = {}
    for i, piece in ipairs(advise(body, per_round)) do list[i] = piece.count end
    return list
  end

  it("shares the round out evenly, the first ones get the remainder", function()
    assert.same({ 12 }, counts("return { {} }", 12))
    assert.same({ 3, 3, 2, 2, 2 }, counts("return { {}, {}, {}, {}, {} }", 12))
    assert.same({ 1, 1, 0 }, counts("return { {}, {}, {} }", 2))
    assert.same({ 7, 2, 1 }, counts("return { { count = 7 }, {}, {} }", 3))
    assert.same({ 0, 5 }, counts("return { { count = 0 }, { count = 5.0 } }", 3))
  end)

  it("keeps what the script said", function()
    assert.same({ { target = " odd ", instruction = "x", gap = { cell = "A" }, count = 4 } },
      advise("return { { target = ' odd ', instruction = 'x', gap = { cell = 'A' } } }"))
  end)

  it("fails the round for what is no advice", function()
    for body, words in pairs({
      ["return nil, 'no idea'"] = "no idea", ["return nil"] = "returned no advice",
        ["return {}"] = "is not empty",
      ["return { 'x' }"] = "advice 1 must be a table",
        ["return { {}, { target = 7 } }"] = "advice 2: target must be text",
      ["return { { count = 1.5 } }"] = "advice 1: count",
        ["return { { count = -1 } }"] = "advice 1: count",
      ["return { { gap = pcall } }"] = "is a function",
        ["return 7"] = "must return a list of advice",
      ["while true do end"] = "exceeded the limit",
    }) do
      fails(words, "advise/my_advise", advise, body)
    end
  end)
end)

describe("options", function()
  it("are the experiment's: a script cannot change them", function()
    local advise = used("advise", "opt.list[1] = 'mine' return { {} }",
      "options = { list = { type = 'list', default = { 'x' }, doc = 'x' } }")
    fails("cannot be changed", "advise/my_advise", stages.advise, support.run({ advise = advise }),
      3, view)
    assert.equals("x", advise.options.list[1])
  end)
end)

describe("generate", function()
  it("gives drafts in order of advice, whichever is ready first", function()
    local run = support.run({ generate = used("generate",
      "ctx.ask('generator', b.target) "
        .. "return { b.target .. 1, { text = b.target .. 2, outcome = 'ok', tag = { 1 } } }") })
    local drafts = stages.generate(run, 3, view, { { target = "A" }, { target = "B" } })
    local got = {}
    for i, draft in ipairs(drafts) do got[i] = { draft.index, draft.text, draft.target,
      draft.advice } end
    assert.same({ { 1, "A1", "A", 1 }, { 2, "A2", "A", 1 }, { 3, "B1", "B", 2 },
      { 4, "B2", "B", 2 } }, got)
    assert.same({ outcome = "ok", tag = { 1 } }, drafts[2].meta)
    assert.equals("kept", drafts[1].verdict)
    assert.same({ "2", "1" }, { run.asked[1].path, run.asked[2].path })
  end)

  it("takes the target from the advice, not from the script", function()
    local run = support.run({ generate = used("generate",
      "return { { text = 'x', target = 'mine' } }") })
    local draft = stages.generate(run, 3, view, { { target = "A" } })[1]
    assert.same({ "A", {} }, { draft.target, draft.meta })
  end)

  it("fails the round for what are no drafts", function()
    for body, words in pairs({ ["return nil, 'none'"] = "none",
      ["return { 7 }"] = "a draft must be",
      ["return { { text = 'x', cell = 7 } }"] = "a draft's cell must be",
      ["return { {} }"] = "a draft must be", ["return 'x'"] = "must return a list of drafts" }) do
      fails(words, "generate/my_generate", stages.generate,
        support.run({ generate = used("generate", body) }), 3, view,
        { {} })
    end
  end)
end)

describe("filter", function()
  local DROP = "local v = {} for i, d in ipairs(b) do v[i] = d.text:find('%s') and "
    .. "{ verdict = 'fail', score = 0.5, nearest = d.text } or 'pass' end return v"

  it("runs in order; each sees what is left; the reason is the filter's name", function()
    local first, second = used("filter", DROP:format("a")), used("filter", DROP:format("b"))
    first.name, second.name = "no_a", "no_b"
    local drafts = support.drafts("a", "b", "ab", "c")
    stages.filter(support.run({ filter = { first, second } }), 3, "filter", view, drafts)
    assert.same({ "no_a", "no_b", "no_a", "kept" }, verdicts_of(drafts))
    assert.same({ score = 0.5, nearest = "b" }, drafts[2].finding)
    assert.equals("dropped", drafts[1].verdict)
  end)

  it("asks nobody about no drafts", function()
    local run = support.run({ filter = { used("filter", "error('called')") } })
    local drafts = support.drafts("a")
    drafts[1].verdict = "dropped"
    stages.filter(run, 3, "filter", view, drafts)
  end)

  it("looks at the state that the round read first, and at all at commit", function()
    local body = "local v = {} for i, d in ipairs(b) do "
      .. "local n = ctx.dedup('exact').nearest(d.text) "
      .. "v[i] = n and { verdict = 'fail', nearest = n.id } or 'pass' end return v"
    local run = support.run({ filter = { used("filter", body) }, kept = { "old", "new" } })
    local drafts = support.drafts("old", "new", "other")
    stages.filter(run, 3, "look", view, drafts, 2)
    assert.same({ "my_filter", "kept", "kept" }, verdicts_of(drafts))
    stages.filter(run, 3, "filter", view, drafts)
    assert.same({ "my_filter", "my_filter", "kept" }, verdicts_of(drafts))
    assert.equals("r1-2", drafts[2].finding.nearest)
  end)

  it("fails the round for what are no verdicts", function()
    for body, words in pairs({ ["return nil, 'none'"] = "none", ["return {}"] = "verdict 1 must be",
      ["return { 'unknown' }"] = "verdict 1 must be", ["return { true }"] = "verdict 1 must be",
      ["return 7"] = "must return a list of verdicts", ["error('boom')"] = "boom" }) do
      fails(words, "filter/my_filter", stages.filter,
        support.run({ filter = { used("filter", body) } }), 3, "filter",
        view, support.drafts("a"))
    end
  end)
end)

describe("check", function()
  local function check(drafts, principles, unknown)
    stages.check(support.run({ item = principles, unknown = unknown }), 3, drafts)
    return verdicts_of(drafts)
  end

  it("keeps a verdict for each principle, and drops by the first that fails", function()
    local first = principle("item",
      "return a.text == 'a' and 'fail' or 'pass', { code = 'is', text = a.text }")
    local second = principle("item", "return a.text ~= 'c' and 'fail' or 'pass', 'code'")
    first.name, second.name = "first", "second"
    local drafts = support.drafts("a", "b", "c")
    assert.same({ "first", "second", "kept" }, check(drafts, { first, second }))
    assert.same({ { principle = "first", verdict = "pass", finding = { code = "is", text = "b" } },
      { principle = "second", verdict = "fail", finding = { code = "code" } } }, drafts[2].verdicts)
    assert.same({ code = "is", text = "a" }, drafts[1].finding)
    assert.equals(2, #drafts[1].verdicts)
  end)

  it("puts a finding into words by the script's template", function()
    local drafts = support.drafts("a")
    check(drafts, { principle("item", "return 'fail', { code = 'short', words = 3 }",
      "findings = { short = '{words} words' }") })
    assert.same({ code = "short", words = 3, text = "3 words" }, drafts[1].finding)
  end)

  it("leaves a finding without its template's values as it is", function()
    local drafts = support.drafts("a")
    check(drafts, { principle("item", "return 'fail', { code = 'short' }",
      "findings = { short = '{words} words' }") })
    assert.same({ code = "short" }, drafts[1].finding)
  end)

  it("drops what could not be judged, or keeps it: the policy says", function()
    local lost = principle("item", "return nil, 'the judge is away'")
    local drafts = support.drafts("a")
    assert.same({ "unknown:my_principle" }, check(drafts, { lost }))
    assert.same({ code = "no_verdict", why = "the judge is away" }, drafts[1].finding)
    drafts = support.drafts("a")
    assert.same({ "kept" }, check(drafts, { lost }, "keep"))
    assert.equals("unknown", drafts[1].verdicts[1].verdict)
  end)

  it("lets a failure outweigh what is not known, whatever the order", function()
    local lost, fail = principle("item", "return 'unknown'"), principle("item", "return 'fail'")
    fail.name = "fails"
    assert.same({ "fails" }, check(support.drafts("a"), { lost, fail }))
    assert.same({ "fails" }, check(support.drafts("a"), { fail, lost }, "keep"))
  end)

  it("passes over drafts that are dropped already", function()
    local drafts = support.drafts("a", "b")
    drafts[1].verdict = "dropped"
    check(drafts, { principle("item", "if a.text == 'a' then error('called') end return 'pass'") })
    assert.same({}, drafts[1].verdicts)
  end)

  it("fails the round for what is no verdict", function()
    for body, words in pairs({ ["return 'maybe'"] = "'pass', 'fail' or 'unknown'",
      ["return true"] = "'pass', 'fail'",
      ["return 'fail', pcall"] = "finding", ["error('boom')"] = "boom" }) do
      fails(words, "check/my_principle", check, support.drafts("a"), { principle("item", body) })
    end
  end)
end)

describe("summarize", function()
  local BATCH = { round = 3, advice = {}, items = { { text = "x" } } }

  it("gives the next summary", function()
    local run = support.run({ summarize = used("summarize",
      "return { text = a.summary.text .. b.items[1].text, n = 1 }") })
    assert.same({ text = "Ax", n = 1 }, stages.summarize(run, 3, view, BATCH, { text = "A" }))
  end)

  it("leaves the summary as it is where there is no script", function()
    assert.same({ text = "A" }, stages.summarize(support.run({}), 3, view, BATCH, { text = "A" }))
  end)

  it("fails the round for what is no summary", function()
    for body, words in pairs({ ["return nil, 'none'"] = "none",
      ["return 'x'"] = "the summary must be",
      ["return {}"] = "the summary must be",
        ["return { text = 'x', f = pcall }"] = "summary.f is a function" }) do
      fails(words, "summarize/my_summarize", stages.summarize,
        support.run({ summarize = used("summarize", body) }), 3, view, BATCH, { text = "A" })
    end
  end)
end)

describe("label", function()
  local function cells(body, more)
    local given = { label = used("label", body) }
    for key, value in pairs(more or {}) do given[key] = value end
    local run, list = support.run(given), {}
    local drafts = support.drafts("a", "b", "c")
    drafts[1].verdict = "dropped"
    stages.label(run, 3, drafts)
    for i, draft in ipairs(drafts) do list[i] = draft.cell or false end
    return list
  end

  it("gives what is left its cells, in one call", function()
    assert.same({ false, "T b", false }, cells("return { a[1].target .. ' ' .. a[1].text, false }"))
    assert.same({ false, false, false }, cells("return {}"))
  end)

  it("knows no cell beside a closed taxonomy's", function()
    local closed = { cells = { { name = "X" } } }
    assert.same({ false, "X", false }, cells("return { 'X', 'Y' }", closed))
  end)

  it("leaves a draft in the cell that it names itself, or in none", function()
    local run = support.run({ cells = { { name = "X" }, { name = "Y" } },
      generate = used("generate", "return { { text = 'a', cell = 'Y' }, { text = 'b', cell = false },"
        .. " { text = 'c', cell = 'Z' }, 'd' }"),
      label = used("label", "assert(#a == 1 and a[1].text == 'd') return { 'X' }") })
    local drafts = stages.generate(run, 3, view, { { target = "X" } })
    stages.label(run, 3, drafts)
    local list = {}
    for i, draft in ipairs(drafts) do list[i] = draft.cell or false end
    assert.same({ "Y", false, false, "X" }, list)
    assert.same({}, drafts[1].meta)
  end)

  it("hands the taxonomy to the script", function()
    assert.same({ false, "Z", false }, cells("return { opt.taxonomy.cells[1].name }",
      { label_options = { taxonomy = { cells = { { name = "Z" } } } } }))
  end)

  it("fails the round for what are no labels", function()
    for body, words in pairs({ ["return nil, 'none'"] = "none", ["return 'x'"] = "a list of cells",
      ["return { 7 }"] = "label 1 must be", ["error('boom')"] = "boom" }) do
      fails(words, "label/my_label", cells, body)
    end
  end)
end)

describe("respond", function()
  local ITEM = { id = "r3-2", index = 2, text = "x", meta = {} }
  local function respond(body)
    return stages.respond(support.run({ respond = used("respond", body) }), 3, ITEM)
  end

  it("gives a response with its verdict and what came with it", function()
    assert.same({ verdict = "safe", text = "No to x", meta = { tries = 2 } },
      respond("return { response = 'No to ' .. a.text, verdict = 'safe', tries = 2 }"))
    assert.equals("unknown", respond("return { response = '' }").verdict)
  end)

  it("leaves a row that says why there is none", function()
    assert.same({ verdict = "failed", text = "", finding = { why = "away" }, meta = {} },
      respond("return nil, 'away'"))
  end)

  it("fails for what is no response", function()
    for body, words in pairs({ ["return 'x'"] = "must return", ["return {}"] = "must return",
      ["return { response = 'x', verdict = 'fine' }"] = "the verdict must be" }) do
      fails(words, "respond/my_respond", respond, body)
    end
  end)
end)

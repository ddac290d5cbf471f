local round = require("advisor.engine.round")
local states = require("advisor.engine.state")
local support = require("tests.support.stages")

local used, principle = support.used, support.principle

--- A run at its start, and its initial state.
local function begin(given)
  local run = support.run(given)
  local timeline, initial = states.begin({ seeds = { items = {}, summary = { "A" } },
    coverage = { taxonomy = { cells = {}, open = true } } },
      { total = 0, add_round = function() end, get = function() return nil end })
  run.timeline = timeline
  return run, initial
end

local function texts(list)
  local all = {}
  for i, item in ipairs(list) do all[i] = item.id .. " " .. item.text end
  return all
end

local GENERATE = "local d = {} for i = 1, b.count do d[i] = (b.target or '-') .. i end return d"
local NO_A2 = "local v = {} for i, d in ipairs(b) do v[i] = d.text == 'A2' and "
  .. "{ verdict = 'fail', score = 1 } or 'pass' end return v"

describe("a round", function()
  it("compares, advises, generates, looks, checks; then decides and summarizes", function()
    local run, initial = begin({
      per_round = 5, dataset = { principle("dataset",
        "return { { cell = 'A' }, { cell = 'B' } }") },
      advise = used("advise",
        "local r = {} for i, g in ipairs(a.gaps) do r[i] = { target = g.cell } end return r"),
      generate = used("generate", GENERATE), filter = { used("filter", NO_A2) },
      item = { principle("item", "return a.text == 'B2' and 'fail' or 'pass', { code = 'b2' }") },
      summarize = used("summarize",
        "local t = a.summary.text for _, i in ipairs(b.items) do t = t .. '\\n' .. i.id end "
        .. "return { text = t .. #b.advice }"),
    })
    local made = round.make(run, 1, initial)
    assert.same({ 1, 0, 2, 2, 5 }, { made.number, made.read_round, #made.gaps, #made.advice,
      #made.drafts })
    local result = round.decide(run, made, initial)
    assert.same({ "r1-1 A1", "r1-3 A3", "r1-4 B1" }, texts(result.kept))
    assert.same({ "kept", "my_filter", "kept", "kept", "my_principle" }, {
      result.drafts[1].verdict, result.drafts[2].reason, result.drafts[3].verdict,
        result.drafts[4].verdict,
      result.drafts[5].reason })
    assert.same({ { 3, 2 }, { 2, 1 } }, { { result.advice[1].drafts, result.advice[1].kept },
      { result.advice[2].drafts, result.advice[2].kept } })
    assert.equals("A\nr1-1\nr1-3\nr1-42", result.summary.text)
    assert.equals("committed", result.state)
  end)

  it("checks nothing that the first look has dropped", function()
    local run, initial = begin({ advise = used("advise", "return { { target = 'A' } }"),
      generate = used("generate", GENERATE),
      filter = { used("filter", NO_A2) },
      item = { principle("item",
        "if a.text == 'A2' then error('paid for a copy') end return 'pass'") } })
    local made = round.make(run, 1, initial)
    assert.equals("my_filter", made.drafts[2].reason)
  end)

  it("keeps exactly as many as are asked for; the rest is surplus, no longer summarized", function()
    local run, initial = begin({ accept = 10, per_round = 4,
      advise = used("advise", "return { {} }"),
      generate = used("generate", GENERATE),
      summarize = used("summarize", "return { text = tostring(#b.items) }") })
    initial.kept_size = 8
    local result = round.decide(run, round.make(run, 1, initial), initial)
    assert.same({ "kept", "kept", "surplus", "surplus" },
      { result.drafts[1].verdict, result.drafts[2].verdict,
      result.drafts[3].verdict, result.drafts[4].verdict })
    assert.equals(2, #result.kept)
    assert.same({ 4, 2 }, { result.advice[1].drafts, result.advice[1].kept })
    assert.equals("2", result.summary.text)
  end)

  it("keeps texts that are empty or the same where nothing drops them", function()
    local run, initial = begin({ advise = used("advise", "return { { target = '' } }"),
      generate = used("generate", "return { '', '', 'x', 'x' }") })
    local result = round.decide(run, round.make(run, 1, initial), initial)
    assert.same({ "r1-1 ", "r1-2 ", "r1-3 x", "r1-4 x" }, texts(result.kept))
    assert.equals("", result.kept[1].target)
  end)

  it("says what came of each prompt variant, and in which cells the advice ended", function()
    local run, initial = begin({ advise = used("advise", "return { { target = 'A' } }"),
      generate = used("generate", "return { { text = 'A1', variant = 'x', tokens = 7 }, "
        .. "{ text = 'A2', variant = 'x' }, { text = 'A3', variant = 'y' }, 'A4' }"),
      filter = { used("filter", NO_A2) },
      label = used("label", "return { 'A', false, 'B' }") })
    local result = round.decide(run, round.make(run, 1, initial), initial)
    assert.same({
      x = { drafts = 2, kept = 1, tokens = 7, reasons = { my_filter = 1 } },
      y = { drafts = 1, kept = 1, tokens = 0, reasons = {} },
    }, result.variants)
    -- Labels are given to what is left: A1, A3 and A4.
    assert.same({ A = 1, B = 1 }, result.advice[1].cells)
  end)
end)

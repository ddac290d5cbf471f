local states = require("advisor.engine.state")

--- Kept items by number, as engine/items.lua counts them, without a store.
local function items()
  return { total = 0, add_round = function(self, _, count) self.total = self.total + count end,
    get = function() return nil end }
end

local SEEDS = { seeds = { items = { "s1", "s2" }, summary = { "A", "B" } },
  coverage = { taxonomy = { cells = {}, open = true } } }

local function begin()
  return states.begin(SEEDS, items())
end

local function kept(round, ...)
  local list = {}
  for i, pair in ipairs({ ... }) do
    list[i] = { id = ("r%d-%d"):format(round, i), text = pair[1], cell = pair[2], meta = {} }
  end
  return list
end

local function next_state(timeline, previous, number, list, rule, more)
  local round = { number = number, advice = { { count = 3, drafts = 3, kept = #list } },
    kept = list, drafts = 3, summary = { text = "S" .. number }, variants = {},
    spent = { prompt = 10, completion = 1, money = 0.5, calls = 4 } }
  for key, value in pairs(more or {}) do round[key] = value end
  return states.next(timeline, previous, round, rule or "kept")
end

local function texts(view)
  local list = {}
  for i = 1, #view.pool do list[i] = view.pool[i].text end
  return list
end

describe("the initial state", function()
  it("holds the seeds and their summary", function()
    local timeline, initial = begin()
    local view = states.view(timeline, initial)
    assert.same({ 0, 0, 0, "A\nB" }, { view.round, view.kept, view.drafts, view.summary.text })
    assert.same({ "s1", "s2" }, texts(view))
    assert.same({ "seed-2", "B" }, { view.pool[2].id, view.pool[2].target })
    assert.same({ 0, 0, 0 }, { #view.history, view.coverage.total, #view.coverage.cells })
    assert.is_nil(view.gaps)
    assert.equals(0, view.cost.money)
  end)
end)

describe("the pool", function()
  local function after(rule, ...)
    local timeline, state = begin()
    for number, list in ipairs({ ... }) do state = next_state(timeline, state, number, list,
      rule) end
    return texts(states.view(timeline, state))
  end
  local one, two = kept(1, { "a", "T" }, { "b", "T" }), kept(2, { "", "T" }, { "c", "T" })

  it("takes in all that was kept", function()
    assert.same({ "s1", "s2", "a", "b", "", "c" }, after("kept", one, two))
  end)

  it("takes in the first of each batch, also an empty one", function()
    assert.same({ "s1", "s2", "a", "" }, after("first", one, two))
    assert.same({ "s1", "s2" }, after("first", {}))
  end)

  it("takes in nothing", function()
    assert.same({ "s1", "s2" }, after("none", one, two))
  end)

  it("takes in a whole batch as one printed list", function()
    assert.same({ "s1", "s2", "['a', 'b']", "['', 'c']" }, after("batch_as_one", one, two))
    assert.same({ "s1", "s2", "[]" }, after("batch_as_one", {}))
  end)
end)

describe("a state", function()
  it("is what it was, though later rounds were committed", function()
    local timeline, initial = begin()
    local first = next_state(timeline, initial, 1, kept(1, { "a", "X" }, { "b", "Y" }))
    local second = next_state(timeline, first, 2, kept(2, { "c", "X" }, { "d", "Z" }, { "e" }))
    local third = next_state(timeline, second, 3, {})
    local function seen(state)
      local view, cells = states.view(timeline, state), {}
      for _, cell in ipairs(view.coverage.cells) do cells[#cells + 1] = cell.cell .. cell.count end
      return { view.round, view.kept, view.drafts, #view.pool, #view.history, view.coverage.total,
        table.concat(cells, " ") }
    end
    assert.same({ 0, 0, 0, 2, 0, 0, "" }, seen(initial))
    assert.same({ 1, 2, 3, 4, 1, 2, "X1 Y1" }, seen(first))
    assert.same({ 2, 5, 6, 7, 2, 4, "X2 Y1 Z1" }, seen(second))
    assert.same({ 3, 5, 9, 7, 3, 4, "X2 Y1 Z1" }, seen(third))
    assert.is_nil(states.view(timeline, first).pool[5])
    assert.is_nil(states.view(timeline, first).history[2])
    assert.equals(1, states.view(timeline, second).coverage.unlabelled)
  end)

  it("knows of a cell from the round on that named it", function()
    local timeline, initial = begin()
    local first = next_state(timeline, initial, 1, {}, nil, { advice = { { target = "X" } } })
    assert.same({}, { states.view(timeline, initial).coverage.cells[1] })
    local cell = states.view(timeline, first).coverage.cells[1]
    assert.same({ "X", 0, 0 }, { cell.cell, cell.count, cell.share })
  end)

  it("counts on after a round that failed", function()
    local timeline, initial = begin()
    local first = next_state(timeline, initial, 1, kept(1, { "a", "X" }))
    local failed = states.skip(timeline, first, 2)
    local third = next_state(timeline, failed, 3, kept(3, { "b", "X" }))
    local function of(state)
      local view = states.view(timeline, state)
      return { view.round, view.kept, view.coverage.total, #view.history }
    end
    assert.same({ 1, 1, 1, 1 }, of(first))
    assert.same({ 2, 1, 1, 1 }, of(failed))
    assert.same({ 3, 2, 2, 2 }, of(third))
  end)

  it("adds up prompt variants", function()
    local timeline, initial = begin()
    local function variants(reason)
      return { variants = { v = { drafts = 2, kept = 1, tokens = 5, reasons = { [reason] = 1 } } } }
    end
    local first = next_state(timeline, initial, 1, {}, nil, variants("length"))
    local second = next_state(timeline, first, 2, {}, nil, variants("length"))
    local third = next_state(timeline, second, 3, {})
    local function seen(state)
      local one = states.view(timeline, state).variants[1]
      return one and { one.variant, one.drafts, one.kept, one.tokens, one.reasons.length }
    end
    assert.is_nil(seen(initial))
    assert.same({ "v", 2, 1, 5, 1 }, seen(first))
    assert.same({ "v", 4, 2, 10, 2 }, seen(second))
    assert.same(seen(second), seen(third))
  end)

  it("knows what each piece of advice led to", function()
    local timeline, initial = begin()
    local state = next_state(timeline, initial, 1, kept(1, { "a", "X" }), nil, {
      advice = { { target = "X", instruction = "i", count = 2, gap = { cell = "X" },
        drafts = 2, kept = 1 },
        { target = "Y", count = 2, drafts = 0, kept = 0 } } })
    local history = states.view(timeline, state).history
    assert.same({ 1, "X", "i", 2, 2, 1, "X" },
      { history[1].round, history[1].target, history[1].instruction,
      history[1].count, history[1].drafts, history[1].kept, history[1].gap.cell })
    assert.same({ "Y", 0, 0 }, { history[2].target, history[2].drafts, history[2].kept })
  end)

  it("adds up what was spent; money that is unknown once stays so", function()
    local timeline, initial = begin()
    local first = next_state(timeline, initial, 1, {})
    assert.same({ prompt = 10, completion = 1, money = 0.5, calls = 4 }, first.spent)
    local second = next_state(timeline, first, 2, {}, nil,
      { spent = { prompt = 1, completion = 1, calls = 1 } })
    local third = next_state(timeline, second, 3, {})
    assert.same({ prompt = 21, completion = 3, calls = 9 }, third.spent)
  end)

  it("cannot be changed, nor can what it holds", function()
    local timeline, initial = begin()
    local view = states.view(timeline, initial, { { cell = "X" } })
    for _, change in ipairs({
      function() view.round = 1 end, function() view.summary.text = "x" end,
        function() view.pool[1] = {} end,
      function() view.pool[1].text = "x" end, function() view.gaps[1].cell = "y" end,
      function() view.coverage.total = 1 end, function() view.cost.money = 1 end,
        function() view.mine = 1 end,
    }) do
      assert.has_error(change)
    end
    assert.equals("X", view.gaps[1].cell)
    assert.is_false(getmetatable(view))
  end)
end)

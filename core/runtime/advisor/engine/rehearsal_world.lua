--- The made-up world of a rehearsal: what a script of each kind is given, and what
--- models answer. Benign, small, and the same at every try.
local core = require("advisor_core")
local embeddings = require("advisor.models.embeddings")
local labelled = require("advisor.engine.labelled")
local readonly = require("advisor.host.readonly")
local simulated = require("advisor.models.providers.simulated")
local states = require("advisor.engine.state")
local text = require("advisor.output.text")

local world = {}

local CELLS = {
  { name = "Delivery dates", description = "when an order arrives", keywords = { "parcel" } },
  { name = "Returned goods", description = "sending goods back", keywords = { "return" } },
  { name = "Gift cards", description = "buying and redeeming them", keywords = { "gift" } },
  { name = "Invoices", description = "receipts and taxes", keywords = { "invoice" } },
}

--- Two for each cell, in order of cells.
local TEXTS = {
  "When does my parcel arrive?", "Can the parcel wait until Friday?",
  "How do I return a kettle?", "Who pays for the return of a lamp?",
  "Does a gift card expire?", "May I pay in part with a gift card?",
  "Where do I find my invoice?", "Can the invoice name my company?",
}

local DRAFTS = {
  "Which day does the courier come with my parcel?", "When does my parcel arrive?",
  "Is there a fee when I return shoes?", "Can I buy a gift card for a friend?",
  "Can I buy a gift card for a friend of mine?", "Please send the invoice again.",
}

local function cell_of(i, of) return CELLS[(i - 1) * #CELLS // of + 1].name end

local function kept_items()
  local kept = {}
  for i, body in ipairs(TEXTS) do
    kept[i] = { id = "r1-" .. i, text = body, target = cell_of(i, #TEXTS), cell = cell_of(i, #TEXTS),
      meta = { outcome = "ok", variant = i % 2 == 0 and "plain" or "short" }, index = i }
  end
  return kept
end

--- Kept items by number, as engine/items.lua gives them, without a store.
local function numbered(kept)
  local items = { total = 0 }
  function items.add_round(_, _, count) items.total = items.total + count end
  function items.get(_, i) return i <= items.total and kept[i] or nil end
  function items.each()
    return function(_, i)
      if i < items.total then return i + 1, kept[i + 1] end
    end, nil, 0
  end
  return items
end

local function advice_of(kept)
  local list = {}
  for i, cell in ipairs(CELLS) do
    list[i] = { target = cell.name, count = 3, drafts = 3, kept = 2, cells = { [cell.name] = 2 },
      tokens = 90 + i }
  end
  list[1].kept = #kept - 2 * (#CELLS - 1)
  return list
end

local function variants()
  local made = {}
  for i, name in ipairs({ "plain", "short" }) do
    made[name] = { variant = name, drafts = 6, kept = 3 + i, tokens = 200 * i,
      reasons = { exact_duplicate = 1 } }
  end
  return made
end

local GAPS = {
  { principle = "coverage", cell = "Invoices", have = 2, want = 3, interval = { low = 1, high = 4 },
    text = "Invoices: 2 of 8 items, 3.0 wanted" },
  { principle = "coverage", cell = "Gift cards", have = 2, want = 2.5,
    interval = { low = 1, high = 4 }, text = "Gift cards: 2 of 8 items, 2.5 wanted" },
}

--- The state after one round, and the timeline behind it.
local function state_of()
  local kept = kept_items()
  local timeline, initial = states.begin({
    seeds = { items = { TEXTS[1], TEXTS[3], TEXTS[5] },
      summary = { CELLS[1].name, CELLS[2].name, CELLS[3].name } },
    coverage = { taxonomy = { cells = CELLS, open = false } }, per_round = #DRAFTS, references = {},
  }, numbered(kept))
  local after = states.next(timeline, initial, {
    number = 1, advice = advice_of(kept), kept = kept, drafts = 12,
    summary = { text = "Delivery dates\nReturned goods\nGift cards\nInvoices" },
    spent = { prompt = 900, completion = 120, money = 0.01, calls = 12 }, variants = variants(),
  }, "kept")
  local view = states.view(timeline, after, GAPS,
    { { name = "coverage", level = "dataset", statement = "Every topic has enough items." } })
  return view, timeline, kept
end

local function drafts_of()
  local list = {}
  for i, body in ipairs(DRAFTS) do
    list[i] = { index = i, text = body, target = cell_of(i, #DRAFTS), advice = 1,
      meta = { outcome = "ok" }, verdicts = {}, verdict = "kept" }
  end
  return list
end

local function examples()
  local list = {}
  for i, body in ipairs(TEXTS) do list[i] = { text = body, cell = cell_of(i, #TEXTS) } end
  return list
end

--- What a script is called with, after ctx.
local ARGUMENTS = {
  advise = function(state, used) return state, readonly.view(used.options) end,
  generate = function(state, used)
    return state, readonly.view({ target = "Invoices", instruction = "Questions about receipts.",
      count = #DRAFTS, gap = GAPS[1] }), readonly.view(used.options)
  end,
  filter = function(state, used)
    return state, readonly.view(drafts_of()), readonly.view(used.options)
  end,
  summarize = function(state, used, kept)
    return state, readonly.view({ round = 2, advice = advice_of(kept), items = kept }),
      readonly.view(used.options)
  end,
  label = function(_, used)
    return readonly.view(drafts_of()), labelled.options(used, CELLS, examples())
  end,
  respond = function(_, used, kept) return readonly.view(kept[1]), readonly.view(used.options) end,
  principle = function(state, used)
    if used.script.table.level == "dataset" then return state, readonly.view(used.options) end
    return readonly.view(drafts_of()[1]), readonly.view(used.options)
  end,
}

--- The stage in which a kind of script runs.
world.STAGES = { advise = "advise", generate = "generate", filter = "filter",
  summarize = "summarize", label = "label", respond = "respond", principle = "check" }

--- Makes the world anew.
---@param used table `{ script, options }`
---@return table made `{ arguments, timeline }`: arguments as of table.pack.
function world.new(used)
  local state, timeline, kept = state_of()
  return { timeline = timeline,
    arguments = table.pack(ARGUMENTS[used.script.kind](state, used, kept)) }
end

local RATES = { refusal_rate = 0.1, repeat_rate = 0.1, truncation_rate = 0.05, judge_error = 0.3 }

--- Of judges scripts also ask for a number: a rating, or that of a cell.
local function said(call, stream)
  if call.role == "judge" and stream:unit() < 0.5 then
    return { text = tostring(stream:integer(1, 5)), finish = "stop",
      usage = { prompt_tokens = 30, completion_tokens = 1 } }
  end
  return simulated.answer(call, stream, RATES)
end

--- A model's answer: a function of its name and the call alone. Some calls fail.
---@param name string Of the call: lane and number.
---@param call table In the program's own form.
---@return table|nil reply
---@return string|nil message
---@return string|nil code
function world.answer(name, call)
  local stream = core.rng.new("rehearsal/" .. name)
  if stream:unit() < 0.08 then return nil, "the model of the rehearsal was out", "EOVERLOADED" end
  local found = said(call, stream)
  return { text = found.text, first_line = text.first_line(found.text), finish = found.finish,
    usage = found.usage, outcome = found.finish == "length" and "truncated" or "ok" }
end

--- The vectors of texts.
---@param texts string[]
---@return string[]
function world.vectors(texts)
  local found = simulated.answer({ input = texts }, core.rng.new("rehearsal/vectors"), {})
  return assert(embeddings.pack(found.vectors, #texts))
end

return world

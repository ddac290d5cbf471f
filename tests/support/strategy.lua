--- Tests of scripts: loads one as the program does and gives it a world that
--- the test has written.
---
---   local support = require("tests.support.strategy")
---   local run = support.load("strategies/generate/few_shot.lua", { exemplars = 2 })
---   local ctx = support.ctx({ replies = { "Where is my parcel?" } })
---   local drafts = run(ctx, support.state({ pool = { "A?", "B?" } }), { count = 1 })
---   assert.equals("generator", ctx.sent[1].role)
local core = require("advisor_core")
local with_judge = require("advisor.host.duplicates")
local context = require("advisor.host.context")
local drafts = require("advisor.host.drafts")
local draws = require("advisor.host.draws")
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local registry = require("advisor.host.registry")
local sandbox = require("advisor.host.sandbox")
local states = require("advisor.engine.state")
local embeddings = require("advisor.models.embeddings")
local text = require("advisor.output.text")
local vectors = require("advisor.host.vectors")

local support = {}

local real = context.new()

local function read(path)
  local file = assert(io.open(path, "rb"))
  local source = file:read("a")
  file:close()
  return source
end

local function kind_of(path)
  return path:match("^strategies/(%w+)/") or path:match("^principles/") and "principle"
end

--- Loads a script: contract checked, options filled in.
---@param path string From the root of the tree.
---@param given table<string, any>|nil Options.
---@return fun(ctx: table, ...): ... entry Each call runs in a fresh chunk and a lane of its own,
--- the
---options come last. An error in the script is raised.
---@return table script What the file returned.
function support.load(path, given)
  local name = path:match("([%w_]+)%.lua$")
  local script, problems = registry.examine(read(path), path, kind_of(path), name, "shipped")
  if not script then error(table.concat(problems, "\n"), 2) end
  local filled, wrong = options.fill(script.table.options, given or {})
  if #wrong > 0 then error(table.concat(wrong, "\n"), 2) end
  local entry = script.table.run and "run" or "check"
  return function(ctx, ...)
    local lane = sandbox.lane({
      run = { instructions = 50000000 }, round = 1, stage = "spec", path = "1", script = name,
    })
    local ok, fresh = sandbox.instantiate(lane, script.code, script.extra)
    if not ok then error(fresh, 0) end
    local arguments = table.pack(...)
    arguments[arguments.n + 1] = readonly.view(filled)
    local got = table.pack(sandbox.call(lane, fresh[entry], ctx,
      table.unpack(arguments, 1, arguments.n + 1)))
    if not got[1] then error(got[2], 0) end
    return table.unpack(got, 2, got.n)
  end, script.table
end

local function reply_of(given)
  if type(given) == "string" then given = { text = given } end
  return {
    text = given.text, first_line = text.first_line(given.text), finish = given.finish or "stop",
    usage = given.usage or {}, outcome = given.outcome or "ok",
  }
end

--- Text of a prompt in whatever form it was given.
local function words_of(prompt)
  if type(prompt) == "string" then return prompt end
  local parts = {}
  for _, message in ipairs(prompt.messages or prompt) do parts[#parts + 1] = message.content end
  return table.concat(parts, "\n")
end

--- A stream with the methods that scripts see.
local function stream_of(name)
  local stream, methods = core.rng.new(name), {}
  for _, draw in ipairs({ "unit", "integer", "choice", "shuffle", "sample", "gamma", "beta" }) do
    methods[draw] = function(_, ...) return (draws[draw] or stream[draw])(stream, ...) end
  end
  return methods
end

--- Kept items and the batch, compared by a function that the test has written:
--- it says how similar two texts are, and as in the engines, what is below the
--- threshold is not near.
local function fake_comparison(kept, similar, threshold)
  local entries = {}
  for i, body in ipairs(kept or {}) do entries[i] = { id = "r1-" .. i, text = body } end
  return {
    nearest = function(body)
      local best
      for _, entry in ipairs(entries) do
        local score = similar(body, entry.text)
        if score >= threshold and (not best or score > best.score) then
          best = { id = entry.id, text = entry.text, score = score }
        end
      end
      return best
    end,
    add = function(body, label) entries[#entries + 1] = { id = label, text = body } end,
  }
end

--- Kept items and the batch, compared by the real exact engine.
local function comparison(kept)
  local index, entries = core.dedup.exact(), {}
  local function add(body, id)
    entries[#entries + 1] = { id = id, text = body }
    assert(index:add(body, #entries))
  end
  for i, item in ipairs(kept or {}) do
    if type(item) == "string" then item = { id = "r1-" .. i, text = item } end
    add(item.text, item.id)
  end
  return {
    nearest = function(body)
      local found, score = index:nearest(body)
      return found and { id = entries[found].id, text = entries[found].text, score = score } or nil
    end,
    add = add,
  }
end

--- The texts of a reference, compared by the real engine.
local function against(texts, engine, asked)
  local given = {}
  for key, value in next, asked do given[key] = value end
  given.against = nil
  local index = assert(core.dedup[engine](given))
  for i, body in ipairs(texts) do assert(index:add(body, i)) end
  return { nearest = function(body)
    local found, score = index:nearest(body)
    return found and { id = asked.against .. ":" .. found, text = texts[found], score = score } or nil
  end }
end

--- A fake world.
---@param given table|nil `{ replies, fail, kept, seed, similar }`: replies are texts or tables
---`{ text, outcome, usage }`, given out in order of the questions, or a function(question) that
---makes one; `fail` has messages (or `{ message, code }`) by the number of the question; `kept` is
---what ctx.dedup knows; `similar` is a function(a, b) that scores two texts in the place of
---engines other than "exact"; `vectors` is a function(text) that gives a list of numbers, or nil
---where ctx.embed is to fail; `references` has the texts of references by name.
---@return table ctx Also holds `sent` (list of `{ role, prompt, text, options }`), `notes`, `logs`
---`compared` (list of `{ engine, options }`) and `embedded` (list of `{ texts, role }`).
function support.ctx(given)
  given = given or {}
  local ctx = { sent = {}, notes = {}, logs = {}, compared = {}, embedded = {}, text = real.text,
    json = real.json, measure = real.measure }
  local path, streams = "1", {}

  function ctx.ask(role, prompt, asked)
    local question = { role = role, prompt = prompt, text = words_of(prompt), options = {} }
    for key, value in next, asked or {} do question.options[key] = value end
    ctx.sent[#ctx.sent + 1] = question
    local n = #ctx.sent
    local failure = given.fail and given.fail[n]
    if failure then
      if type(failure) == "string" then failure = { failure, "EUNKNOWN" } end
      return nil, failure[1], failure[2]
    end
    if type(given.replies) == "function" then return reply_of(given.replies(question, n)) end
    local reply = (given.replies or {})[n]
    if not reply then error(("the spec has no reply to question %d"):format(n), 0) end
    return reply_of(reply)
  end

  function ctx.map(list, fn)
    local results, messages, outer = {}, {}, path
    for i = 1, #list do
      path = outer .. "/" .. i
      local value, message = fn(list[i], i)
      results[i] = value == nil and false or value
      if value == nil then messages[i] = message or "no result" end
    end
    path = outer
    return results, messages
  end

  function ctx.rng(purpose)
    local name = ("%s/%s/%s"):format(given.seed or 1, path, purpose)
    streams[name] = streams[name] or stream_of(name)
    return streams[name]
  end

  function ctx.dedup(engine, asked)
    ctx.compared[#ctx.compared + 1] = { engine = engine or "exact", options = asked }
    if asked and asked.against then return against(given.references[asked.against], engine, asked) end
    if engine == nil or engine == "exact" then return with_judge(comparison(given.kept)) end
    assert(given.similar, "the spec's world has the engine 'exact' only: give it `similar`")
    return with_judge(fake_comparison(given.kept, given.similar, asked.threshold))
  end

  function ctx.embed(texts, asked)
    ctx.embedded[#ctx.embedded + 1] = { texts = texts, role = (asked or {}).role or "embedder" }
    local list = {}
    for i, body in ipairs(texts) do list[i] = assert(given.vectors, "the spec has no `vectors`")(body) end
    if #list < #texts then return nil, "no vectors", "EOVERLOADED" end
    for i, bytes in ipairs(assert(embeddings.pack(list, #texts))) do list[i] = vectors.wrap(bytes) end
    return list
  end

  function ctx.note(remark) ctx.notes[#ctx.notes + 1] = remark end

  ctx.each_draft = drafts(ctx.map, ctx.note)

  function ctx.log(level, message)
    ctx.logs[#ctx.logs + 1] = message and { level, message } or { "info", level }
  end

  return ctx
end

--- A timeline's list of kept items, without a store.
local function items_of(kept)
  return {
    total = #kept, get = function(_, i) return kept[i] end, add_round = function() end,
  }
end

--- Kept items that fill cells up to given counts.
local function kept_in(cells)
  local kept = {}
  for _, name in ipairs(options.sorted_keys(cells)) do
    for _ = 1, cells[name] do kept[#kept + 1] = { cell = name } end
  end
  return kept
end

--- A state as scripts get it: a view, read-only.
---@param given table|nil `{ round, per_round, summary, pool, cells, taxonomy, kept, gaps, history, principles,
---variants, references }`: summary is a text, pool a list of texts or items, cells counts by name, taxonomy a
---list of `{ name, want, … }` of cells that are known from the start, variants sums by name,
---references `{ file, count }` by name, mistakes what a labeller answered, by true cell, then label.
function support.state(given)
  given = setmetatable(given or {}, { __index = {
    round = 1, summary = "", pool = {}, cells = {}, kept = {}, history = {},
  } })
  local timeline, initial = states.begin({
    seeds = { items = {}, summary = {} }, per_round = given.per_round, references = given.references,
    coverage = { taxonomy = { cells = given.taxonomy or {}, open = not given.taxonomy } },
  }, items_of(given.kept))
  for i, item in ipairs(given.pool) do
    timeline.pool[i] = type(item) == "string" and { id = "seed-" .. i, text = item } or item
  end
  if given.mistakes then timeline.coverage:correct_by(given.mistakes, 1) end
  timeline.history = given.history
  for number = 1, given.round do
    timeline.coverage:add_round(number, {}, number == 1 and kept_in(given.cells) or {})
  end
  initial.round, initial.summary = given.round, { text = given.summary }
  initial.pool_size, initial.history_size = #timeline.pool, #timeline.history
  initial.kept_size, initial.variants = #given.kept, given.variants or initial.variants
  return states.view(timeline, initial, given.gaps, given.principles)
end

return support

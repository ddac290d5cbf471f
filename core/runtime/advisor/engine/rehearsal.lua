--- Rehearsals: a script runs on a made-up state, several times, each time with the
--- replies of its models in another order. What it does must not depend on that
--- order, or a resumed run would not make the same calls.
local comparison = require("advisor.engine.comparison")
local context = require("advisor.host.context")
local core = require("advisor_core")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")
local world = require("advisor.engine.rehearsal_world")

local rehearsal = {}

--- As the policy of an experiment has them where it says nothing.
local INSTRUCTIONS, MEMORY = 50000000, 1024 * 1024 * 1024

local function first(_) return 1 end
local function last(n) return n end

--- A choice that a named stream makes.
local function drawn(name)
  local stream = core.rng.new("rehearsal/order/" .. name)
  return function(n) return stream:integer(1, n) end
end

--- In which order replies come: how many lanes of a ctx.map run at once, and which
--- of n calls that wait is answered next. Lanes begin in the order of the list, as
--- in a run. Made afresh for each script, since choices draw.
local function orders()
  return {
    { name = "in the order asked", limit = math.huge, choose = first },
    { name = "one lane after the other", limit = 1, choose = first },
    { name = "the last one first", limit = math.huge, choose = last },
    { name = "shuffled", limit = math.huge, choose = drawn("a") },
    { name = "shuffled anew", limit = math.huge, choose = drawn("b") },
    { name = "shuffled, three lanes at once", limit = 3, choose = drawn("c") },
  }
end

---@class advisor.Rehearsal A run as far as scripts reach it.
local Run = {}
Run.__index = Run

--- Kept items' vectors: known at once, since what they are depends on no order.
local Index = {}
Index.__index = Index

function Index:add(body, id)
  local vector = world.vectors({ body })[1]
  self.index = self.index
    or assert(core.dedup.cosine({ dimensions = #vector // 4, threshold = self.threshold }))
  return self.index:add(vector, id)
end

function Index.complete() return true end

function Index:nearest(vector, before)
  if not self.index then return nil end
  return self.index:nearest(vector, before)
end

local function new_run(order, timeline)
  local run = setmetatable({
    seed = 1, instructions = INSTRUCTIONS, script_memory = MEMORY, order = order, timeline = timeline, indexes = {},
    resolved = { references = {} }, reference_indexes = {}, asked = {}, notes = {}, waiting = {},
    runnable = {}, parents = {},
  }, Run)
  run.vectors = {
    embed = function(_, lane, role, texts) return run:embed(lane, role, texts) end,
    index = function(_, _, threshold) return setmetatable({ threshold = threshold }, Index) end,
  }
  return run
end

Run.comparison = comparison

--- Lets a coroutine go on until it waits again.
local function step(thread)
  local ok, problem = coroutine.resume(thread)
  if not ok then error(problem, 0) end
end

--- Notes a call and waits until it is its turn to be answered.
local function await_turn(run, lane, call)
  lane.asks = lane.asks + 1
  local name = ("%s %s call %d"):format(lane.stage, lane.path, lane.asks)
  run.asked[name] = call
  table.insert(run.waiting, (coroutine.running()))
  coroutine.yield()
  return name
end

--- A prompt in any of its forms as messages.
local function messages_of(prompt)
  if type(prompt) == "string" then return { { role = "user", content = prompt } } end
  if type(prompt) ~= "table" then error("ctx.ask: a prompt is a text or a table", 0) end
  if prompt.messages then return prompt.messages end
  if prompt.prompt then return { { role = "user", content = prompt.prompt } } end
  return prompt
end

function Run:ask(lane, role, prompt, asked)
  if type(role) ~= "string" then error("ctx.ask: the name of a role is expected first", 0) end
  local call = { role = role, messages = messages_of(prompt) }
  for key, value in next, asked or {} do call[key] = value end
  return world.answer(await_turn(self, lane, call), call)
end

function Run:embed(lane, role, texts)
  await_turn(self, lane, { role = role, input = texts })
  return world.vectors(texts)
end

--- Runs lanes, as many at once as the order has; they begin in order.
function Run:parallel(n, fn)
  local parent, failures = coroutine.running(), {}
  local begun, open = 0, 0
  local function begin()
    begun, open = begun + 1, open + 1
    local i = begun
    step(coroutine.create(function()
      local ok, problem = pcall(fn, i)
      if not ok then failures[i] = problem end
      open = open - 1
      table.insert(self.runnable, parent)
    end))
  end
  while begun < n or open > 0 do
    if begun < n and open < self.order.limit then
      begin()
    else
      self.parents[parent] = true
      coroutine.yield()
      self.parents[parent] = nil
    end
  end
  for i = 1, n do
    if failures[i] then error(failures[i], 0) end
  end
end

function Run:note(lane, remark)
  local list = self.notes[lane.path] or {}
  self.notes[lane.path] = list
  list[#list + 1] = remark
end

--- Runs everything until the first coroutine ends.
local function drive(run, main)
  step(main)
  while coroutine.status(main) ~= "dead" do
    local woken = table.remove(run.runnable, 1)
    if woken then
      -- It may have seen the end of its lane already, and wait for a reply now.
      if run.parents[woken] then step(woken) end
    else
      step(table.remove(run.waiting, run.order.choose(#run.waiting)))
    end
  end
end

--- The message of a script's error, without where the host's own stack was.
local function message_of(problem)
  if type(problem) == "table" then problem = problem.message end
  return (tostring(problem):gsub("\nstack traceback:.*", ""))
end

--- One try: all that a script did, as plain data, and its error if it raised one.
local function try(used, order)
  local made = world.new(used)
  local run, failure = new_run(order, made.timeline), nil
  local done = { calls = run.asked, notes = run.notes }
  drive(run, coroutine.create(function()
    local lane = sandbox.lane({ run = run, round = 2, stage = world.STAGES[used.script.kind],
      path = "1", script = used.name })
    local ok, script = sandbox.instantiate(lane, used.script.code, used.script.extra)
    local got = { false, script }
    if ok then
      ok, got = pcall(function()
        return table.pack(sandbox.call(lane, script.run or script.check, context.new(),
          table.unpack(made.arguments, 1, made.arguments.n)))
      end)
      if not ok then got = { false, got } end
    end
    if not got[1] then
      failure = message_of(got[2])
      done.failure = failure
      return
    end
    local plain, why = readonly.plain({ value = got[2], detail = got[3] }, "what it returns")
    failure, done.returns = why, plain
  end))
  return done, failure
end

local MOST_SHOWN = 60

local function cut(words)
  if #words <= MOST_SHOWN then return words end
  return core.text.repair(words:sub(1, MOST_SHOWN)) .. "…"
end

local function shown(value)
  if value == nil then return "nothing" end
  if type(value) == "string" then return json.encode(cut(value)) end
  return cut(json.encode(value))
end

--- The keys of two tables: positions in order, then names in order.
local function keys_of(mine, other)
  local names, seen = {}, {}
  for i = 1, math.max(#mine, #other) do names[i], seen[i] = i, true end
  for _, both in ipairs({ mine, other }) do
    for _, key in ipairs(options.sorted_keys(both)) do
      if not seen[key] then names[#names + 1], seen[key] = key, true end
    end
  end
  return names
end

--- The first place at which two values differ, in order of keys; nil where none does.
---@return string|nil path
---@return any mine
---@return any other
local function difference(mine, other, path)
  if type(mine) ~= "table" or type(other) ~= "table" then
    if mine == other and math.type(mine) == math.type(other) then return nil end
    return path, mine, other
  end
  for _, key in ipairs(keys_of(mine, other)) do
    local inner = type(key) == "number" and ("%s[%d]"):format(path, key) or path .. "." .. key
    local found, a, b = difference(mine[key], other[key], inner)
    if found then return found, a, b end
  end
  return nil
end

--- What differs between two tries, in words; nil where they are the same, byte by byte.
local function compare(usual, other, name)
  if json.encode(usual) == json.encode(other) then return nil end
  local what, mine, its
  for _, part in ipairs({ "returns", "failure", "calls", "notes" }) do
    what, mine, its = difference(usual[part], other[part], part)
    if what then break end
  end
  return ("%s is %s with replies in the order asked, and %s with replies %s"):format(what,
    shown(mine), shown(its), name)
end

--- Lets a script run with replies in several orders.
---@param script advisor.Script
---@param name string
---@param given table Its options, filled in.
---@return string|nil problem How what it does depends on the order.
---@return string|nil failure The error that it raises on the made-up state, in every order.
function rehearsal.try(script, name, given)
  local used = { script = script, name = name, options = given }
  local usual, failure
  for i, order in ipairs(orders()) do
    local done, why = try(used, order)
    if i == 1 then
      usual, failure = done, why
    else
      local words = compare(usual, done, order.name)
      if words then return words, failure end
    end
  end
  return nil, failure
end

return rehearsal

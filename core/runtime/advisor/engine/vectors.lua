--- Vectors of texts, each paid for once: what a round embeds is on disk with its
--- commit, and later rounds read it from there.
---
--- What a lane may see of them depends on its round and stage alone, never on when
--- replies came, so that a resumed run makes the same calls: vectors of the rounds
--- whose state it reads, and of stages of its own round that have ended.
local core = require("advisor_core")
local failure = require("advisor.output.failure")
local ask = require("advisor.models.ask")
local records = require("advisor.engine.records")
local roles = require("advisor.models.roles")
local sandbox = require("advisor.host.sandbox")

local vectors = {}
vectors.__index = vectors

--- Texts of a request where the provider has no option `batch`.
local BATCH = 32

--- Stages of a round in order. Those at commit read all rounds before.
local ORDER = { index = 1, compare = 2, advise = 3, generate = 4, look = 5, check = 6, label = 7,
  calibrate = 8, filter = 9, summarize = 10, respond = 11 }
local IN_TURN = { compare = true, look = true, filter = true }
local AT_COMMIT = { index = true, filter = true, summarize = true }

---@param run table
function vectors.new(run)
  return setmetatable({ run = run, rounds = {}, lanes = {} }, vectors)
end

--- When a lane's stage comes in its round. Lanes of a stage that run at once are
--- alike; filters and dataset-level principles have their turns.
local function rank_of(lane)
  local turn = IN_TURN[lane.stage] and tonumber(lane.path:match("^%d+")) or 0
  return ORDER[lane.stage] * 1000 + turn
end

--- The last round whose vectors a lane may see.
local function horizon_of(run, lane)
  if lane.stage == "respond" then return lane.round end
  if AT_COMMIT[lane.stage] then return lane.round - 1 end
  return math.max(lane.round - 1 - run.resolved.ahead, 0)
end

local function key_of(model, text) return model .. "\0" .. core.text.hash(text) end

local function seen(self, lane, model, text)
  local stored = records.vector(self.run.store, model, core.text.hash(text), horizon_of(self.run, lane))
  if stored then return stored end
  local entry = self.rounds[lane.round] and self.rounds[lane.round][key_of(model, text)]
  return entry and entry.rank < rank_of(lane) and entry.vector or nil
end

--- Of lanes that embed the same text at once, the first by name decides: it is the
--- same one in a resumed run.
local function keep(self, lane, model, text, vector)
  if lane.stage == "respond" then return end -- its round is on disk already
  local round = self.rounds[lane.round] or {}
  self.rounds[lane.round] = round
  local key, rank = key_of(model, text), rank_of(lane)
  local old = round[key]
  if old and (old.rank < rank or old.rank == rank and old.path <= lane.path) then return end
  round[key] = { rank = rank, path = lane.path, vector = vector, model = model, hash = core.text.hash(text) }
end

--- Splits texts into as many as a request takes, each text once.
local function batches_of(texts, missing, size)
  local batches, taken = {}, {}
  for _, i in ipairs(missing) do
    if not taken[texts[i]] then
      taken[texts[i]] = true
      local last = batches[#batches]
      if not last or #last == size then
        last = {}
        batches[#batches + 1] = last
      end
      last[#last + 1] = texts[i]
    end
  end
  return batches
end

--- Asks for the vectors of each batch, all at once.
local function fetch(self, lane, name, batches)
  lane.maps = lane.maps + 1
  local ordinal, found, problems = lane.maps, {}, {}
  self.run:parallel(#batches, function(i)
    local child = sandbox.child(lane, ordinal, i)
    local reply, why, code = ask.embed(self.run, child, name, batches[i])
    if not reply then
      problems[#problems + 1] = { i = i, why = why, code = code }
      return
    end
    self.run.ledger:spend(child, name, reply.usage)
    for k, text in ipairs(batches[i]) do found[text] = reply.vectors[k] end
  end)
  table.sort(problems, function(a, b) return a.i < b.i end)
  if problems[1] then return nil, problems[1].why, problems[1].code end
  return found
end

--- The vectors of texts, in their order. Yields where some must be asked for.
---@param lane advisor.Lane
---@param name string A role.
---@param texts string[]
---@return string[]|nil vectors As of `embeddings.pack`.
---@return string|nil message
---@return string|nil code
function vectors:embed(lane, name, texts)
  local role, problem = roles.serving(self.run.models, name)
  if not role then error("ctx.embed: " .. problem, 0) end
  local list, missing = {}, {}
  for i, text in ipairs(texts) do
    list[i] = seen(self, lane, role.model, text)
    if not list[i] then missing[#missing + 1] = i end
  end
  if #missing == 0 then return list end
  local found, why, code = fetch(self, lane, name,
    batches_of(texts, missing, role.options.batch or BATCH))
  if not found then return nil, why, code end
  for _, i in ipairs(missing) do
    list[i] = found[texts[i]]
    keep(self, lane, role.model, texts[i], list[i])
  end
  return list
end

--- What a round embedded, for its commit.
---@return { model: string, hash: string, vector: string }[] In a fixed order.
function vectors:of_round(round)
  local list = {}
  for _, entry in next, self.rounds[round] or {} do list[#list + 1] = entry end
  table.sort(list, function(a, b)
    if a.model ~= b.model then return a.model < b.model end
    return a.hash < b.hash
  end)
  return list
end

--- Forgets a committed round.
function vectors:forget(round)
  self.rounds[round], self.lanes[round] = nil, nil
end

---@class advisor.VectorIndex Kept items by their vectors.
local Index = {}
Index.__index = Index

--- An index of kept items' vectors, empty. Items are added by their texts; those
--- whose vectors nobody asked for yet (as in a fork with a new filter) wait until
--- `complete` asks.
---@param name string A role.
---@param threshold number Least cosine that is near.
function vectors:index(name, threshold)
  return setmetatable({ vectors = self, name = name, threshold = threshold, waiting = {} }, Index)
end

--- Adds an item. Ids rise from one to the next.
---@return true
function Index:add(text, id)
  table.insert(self.waiting, { text = text, id = id })
  return true
end

local function insert(self, entry, vector)
  if not self.core then
    self.core = assert(core.dedup.cosine({ dimensions = #vector // 4, threshold = self.threshold }))
    self.bytes = #vector
  end
  if #vector ~= self.bytes then
    error(("the vectors of the role '%s' had %d dimensions before, and have %d now"):format(self.name,
      self.bytes // 4, #vector // 4), 0)
  end
  failure.must(self.core:add(vector, entry.id))
end

local PIECE = 256

--- The lane in which a run asks for vectors of items that have none: it belongs to
--- the round that is committed next, as it would in a resumed run.
local function lane_of(self)
  local run, round = self.vectors.run, self.vectors.run.committed + 1
  local lanes = self.vectors.lanes[round] or {}
  self.vectors.lanes[round] = lanes
  lanes[self.name] = lanes[self.name] or sandbox.lane({ run = run, round = round, stage = "index",
    path = self.name, script = "index" })
  return lanes[self.name]
end

local function add_waiting(self)
  while self.waiting[1] do
    local piece = table.move(self.waiting, 1, math.min(#self.waiting, PIECE), 1, {})
    local texts = {}
    for i, entry in ipairs(piece) do texts[i] = entry.text end
    local list, why, code = self.vectors:embed(lane_of(self), self.name, texts)
    if not list then return nil, why, code end
    for i, entry in ipairs(piece) do insert(self, entry, list[i]) end
    table.move(self.waiting, #piece + 1, #self.waiting + #piece, 1)
  end
  return true
end

--- Takes in what was added. Yields; one task at a time does it.
---@return true|nil
---@return string|nil message
---@return string|nil code
function Index:complete()
  while self.busy do
    table.insert(self.busy, core.loop.current())
    core.loop.suspend()
  end
  if not self.waiting[1] then return true end
  self.busy = {}
  local got = table.pack(pcall(add_waiting, self))
  local sleeping = self.busy
  self.busy = nil
  for _, task in ipairs(sleeping) do core.loop.wake(task) end
  if not got[1] then error(got[2], 0) end
  return got[2], got[3], got[4]
end

--- The nearest item.
---@param vector string
---@param before integer|nil Items from this id on are not seen.
---@return integer|nil id
---@return number|nil score The cosine.
function Index:nearest(vector, before)
  if not self.core then return nil end
  return self.core:nearest(vector, before)
end

return vectors

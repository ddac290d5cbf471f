--- A run for models/ask.lua that answers from a list, without network and disk.
local ask = require("advisor.models.ask")
local json = require("advisor.output.json")

local RAW = require("advisor.models.providers.openai_completions")

local asking = {}

--- The retry policy of such a run.
asking.policy = { retry_not_sent = 6, retry_busy = 6, retry_server = 3, retry_unknown = 1 }

local Halted = {}

--- A run that answers from a list, and writes down what it is told.
function asking.world(replies, given)
  given = given or {}
  local self = {
    seed = 1, policy = setmetatable(given.policy or {}, { __index = asking.policy }),
    served = {}, rejected = {}, answered = given.answered or false,
    sent = {}, rows = {}, events = {}, waits = {}, facts = {},
  }
  self.models = given.models or { default = {
    model = "m", form = "prompt", provider = RAW, urls = { "http://x/v1" },
      api = "openai_completions",
    endpoints = { 1 }, seed = true, price = given.price, key_env = "SOME_KEY",
  } }
  self.journal = { attempts = function() return given.recorded end }
  self.calls = { send = function(_, request)
    self.sent[#self.sent + 1] = request
    self.events[#self.events + 1] = "send"
    local reply = replies[#self.sent]
    if not reply then return nil, "stopped", "ECANCELED" end
    return { id = 100 + #self.sent, state = reply.state or "done", http = reply.http or 0,
      curl = reply.curl or 0, headers = reply.headers or "", raw = reply.raw or "",
      why = reply.why or "", ["end"] = reply["end"] or "done" }
  end }
  local function keep(kind)
    return function(_, statements)
      for _, row in ipairs(statements) do
        if row[1]:find("INTO outcome", 1, true) then
          self.rows[#self.rows + 1] = { id = row[2], class = row[3], reason = row[4], final = row[5],
            prompt = row[6], completion = row[7], cost = row[8] }
        else
          self.facts[row[2]] = row[3]
        end
      end
      self.events[#self.events + 1] = kind
      if kind == "write" and given.broken then return nil, "disk full", "EIO" end
      return true
    end
  end
  self.store = { post = keep("post"), write = keep("write") }
  function self.remember(_, key, value)
    return self.store:write({ { "INSERT INTO run", key, json.encode(value) } })
  end
  function self.halt(_, why)
    self.halted = why
    error(Halted, 0)
  end
  return self
end

--- The place of a call.
function asking.lane() return { round = 2, stage = "generate", path = "1/1.3", asks = 0 } end

--- Asks once; gives what a script would see. `halted` is then in the run.
function asking.call(run, prompt, options, at)
  local got = table.pack(pcall(ask.call, run, at or asking.lane(), "generator", prompt or "Hi", options))
  run.events[#run.events + 1] = "script"
  if not got[1] and got[2] ~= Halted then error(got[2], 0) end
  return table.unpack(got, 2, got.n)
end

return asking

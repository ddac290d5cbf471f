--- What a run's attempts cost and how long they took.
local intervals = require("advisor.measure.intervals")
local json = require("advisor.output.json")
local options = require("advisor.host.options")

local traffic = {}

--- Steps of the curve of attempts in flight.
local BUCKETS = 240

--- A time without anything in flight, in ms, from which on it is a pause (the run
--- was stopped and resumed) and left out of the curve.
local PAUSE_MS = 60000

local function bump(counts, key) counts[key] = (counts[key] or 0) + 1 end

--- The value at a share of a sorted list (nearest rank); nil if it is empty.
local function quantile(sorted, share)
  return sorted[math.max(1, math.ceil(share * #sorted))]
end

local function latency(list)
  table.sort(list)
  if #list == 0 then return nil end
  return { n = #list, p50 = quantile(list, 0.5), p90 = quantile(list, 0.9), p99 = quantile(list, 0.99),
    most = list[#list] }
end

local Traffic = {}
Traffic.__index = Traffic

--- Begins to count.
---@return table traffic `add(row)` for each attempt in order, then `result()`.
function traffic.new()
  return setmetatable({ roles = {}, classes = {}, spans = {}, attempts = 0, unknown = {} }, Traffic)
end

local function role_of(self, row)
  local key = row.role .. "\0" .. row.endpoint
  local role = self.roles[key]
  if not role then
    role = { role = row.role, endpoint = row.endpoint, attempts = 0, calls = 0, prompt = 0,
      completion = 0, cost = 0, total = {}, first = {} }
    self.roles[key] = role
  end
  return role
end

--- What a chosen attempt was paid for, and how long one took that came back.
local function add_use(role, row, class)
  if class == "ok" or class == "unusable" then
    role.prompt = role.prompt + (row.prompt_tokens or 0)
    role.completion = role.completion + (row.completion_tokens or 0)
    role.cost = role.cost and row.cost and role.cost + row.cost
  end
  if row.total_ns and row.state == "done" then
    role.total[#role.total + 1] = row.total_ns / 1e6
    if row.first_byte_ns then role.first[#role.first + 1] = row.first_byte_ns / 1e6 end
  end
end

--- Takes in an attempt.
---@param row table As `run_records.each_attempt` gives it.
function Traffic:add(row)
  local role, class = role_of(self, row), row.class or row.state or "in flight"
  self.attempts = self.attempts + 1
  role.attempts = role.attempts + 1
  if row.n == 1 then role.calls = role.calls + 1 end
  bump(self.classes, class)
  if class == "unknown" or class == "in flight" then
    self.unknown[#self.unknown + 1] = { id = row.id, round = row.round, stage = row.stage,
      lane = row.lane, ordinal = row.ordinal, n = row.n, why = row.why ~= "" and row.why or row.reason }
  end
  add_use(role, row, class)
  self.spans[#self.spans + 1] = { row.wall_ms, row.wall_ms + (row.total_ns or 0) / 1e6,
    row.total_ns and row.state == "done" }
end

--- Moves spans to a time axis from 0 without pauses.
---@return number length In ms.
---@return integer pauses
local function without_pauses(spans)
  table.sort(spans, function(a, b) return a[1] < b[1] end)
  local last, shift, pauses = nil, 0, 0
  for _, span in ipairs(spans) do
    if not last then
      shift, last = span[1], span[1]
    elseif span[1] - last > PAUSE_MS then
      shift, pauses = shift + (span[1] - last), pauses + 1
    end
    last = math.max(last, span[2])
    span[1], span[2] = span[1] - shift, span[2] - shift
  end
  local length = 0
  for _, span in ipairs(spans) do length = math.max(length, span[2]) end
  return length, pauses
end

--- The most spans that overlap at one moment. Beginnings are whole milliseconds,
--- so one that ends less than one after another begins ended before it.
local function peak_of(spans)
  local ends = {}
  for i, span in ipairs(spans) do ends[i] = span[2] end
  table.sort(ends)
  local most, ended = 0, 0
  for i, span in ipairs(spans) do
    while ended < #ends and ends[ended + 1] < span[1] + 1 and ended < i - 1 do ended = ended + 1 end
    most = math.max(most, i - ended)
  end
  return most
end

--- Mean number in flight of each bucket of time, how many were begun in it, and the
--- median time that these took; none where none came back.
local function in_flight(spans)
  local length, pauses = without_pauses(spans)
  local width = math.max(length, 1) / BUCKETS
  local busy, begun, took = {}, {}, {}
  for i = 1, BUCKETS do busy[i], begun[i], took[i] = 0, 0, {} end
  for _, span in ipairs(spans) do
    local from = math.min(BUCKETS, math.floor(span[1] / width) + 1)
    local to = math.min(BUCKETS, math.floor(span[2] / width) + 1)
    begun[from] = begun[from] + 1
    if span[3] then table.insert(took[from], span[2] - span[1]) end
    for i = from, to do
      busy[i] = busy[i] + math.min(span[2], i * width) - math.max(span[1], (i - 1) * width)
    end
  end
  local points = {}
  for i = 1, BUCKETS do
    points[i] = { second = (i - 0.5) * width / 1000, in_flight = busy[i] / width,
      begun_per_second = begun[i] / width * 1000, latency = (latency(took[i]) or {}).p50 }
  end
  return { points = points, seconds = length / 1000, pauses = pauses, peak = peak_of(spans) }
end

--- What was counted.
---@return table `{ roles, classes, attempts, unknown, flight }`: a row for each role and endpoint,
---latencies in ms; attempts by class; those in doubt; how it went over time, in seconds, latency in ms.
function Traffic:result()
  local roles = {}
  for _, key in ipairs(options.sorted_keys(self.roles)) do
    local role = self.roles[key]
    role.latency, role.first_byte = latency(role.total), latency(role.first)
    role.total, role.first = nil, nil
    roles[#roles + 1] = role
  end
  local all = self.attempts
  local classes = {}
  for _, name in ipairs(options.sorted_keys(self.classes)) do
    local low, high = intervals.wilson(self.classes[name], all)
    classes[#classes + 1] = { class = name, attempts = self.classes[name],
      share = self.classes[name] / all, low = low, high = high }
  end
  return { roles = json.array(roles), classes = json.array(classes), attempts = all,
    unknown = json.array(self.unknown),
    flight = in_flight(self.spans) }
end

return traffic

--- A language model that is none: no network, known truth, faults at set rates.
--- For tests and for comparing strategies. A reply is a pure function of the
--- call, the call's own stream and the options.
local embedding = require("advisor.models.simulated.embedding")
local lexicon = require("advisor.models.lexicon")
local prompt = require("advisor.models.simulated.prompt")
local topics = require("advisor.models.simulated.topics")

local function rate(doc, default)
  return { type = "number", default = default or 0, min = 0, max = 1, doc = doc }
end

local M = {
  api = 1,
  kind = "provider",
  form = "any",
  description = "Simulates a model: Zipf-distributed topics, obeys and errs at given rates.",
  options = {
    taxonomy = { type = "list", default = {},
      doc = "Cells as 'category / subcategory' or plain names; empty: those of the lexicon." },
    cells = { type = "integer", default = 0, min = 0, max = 480,
      doc = "Only the first so many cells; 0: the whole taxonomy, or 55 of the lexicon." },
    exponent = { type = "number", default = 1.2, min = 0, max = 8,
      doc = "Skew of the topics: the cell of rank r weighs r^-exponent; 0: all alike." },
    rank_seed = { type = "integer", default = 1, doc = "Which cells are the frequent ones." },
    obedience = rate("How often the target that a prompt names is followed.", 0.7),
    refusal_rate = rate("Share of replies that are refusals."),
    repeat_rate = rate("Share that repeat what the prompt shows, one word changed."),
    truncation_rate = rate("Share that are cut in mid-sentence. The four rates add up to <= 1."),
    drift_rate = rate("Share that leave the theme."),
    judge_error = rate("How often a judge's verdict is wrong.", 0.1),
  },
}

--- Decides what becomes of a reply: "refuse", "repeat", "truncate", "drift", "fresh".
local function fate(rng, opt)
  local u = rng:unit()
  local refuse = opt.refusal_rate
  local again = refuse + opt.repeat_rate
  local cut = again + opt.truncation_rate
  local drift = cut + opt.drift_rate
  if drift > 1 + 1e-9 then error("the four error rates add up to more than 1", 0) end
  return u < refuse and "refuse" or u < again and "repeat" or u < cut and "truncate"
    or u < drift and "drift" or "fresh"
end

--- Cuts a text at 40 to 80 % of its length, between words where there are several.
local function truncated(text, rng)
  local part = text:sub(1, rng:integer(math.ceil(#text * 0.4), math.ceil(#text * 0.8)))
  return part:match("^(.+)%s") or (part:gsub("[\192-\255][\128-\191]*$", ""))
end

local function off_name(shown, rng)
  local name
  for _ = 1, 8 do
    name = lexicon.off_name(rng)
    if not shown:find(name, 1, true) then break end
  end
  return name
end

local roles = {}

function roles.advisor(call, rng, topic, opt)
  local shown = prompt.all(call)
  if prompt.wants_summary(call) then
    return table.concat(prompt.summary(shown, topic.find, topic.read), "\n")
  end
  local listed, is_listed = topic.find(shown), {}
  for _, entry in ipairs(listed) do
    if entry.cell then is_listed[entry.cell] = true end
  end
  local what = fate(rng, opt)
  if what == "refuse" then return rng:choice(lexicon.refusals) end
  if what == "repeat" and listed[1] then return rng:choice(listed).name end
  local i = what ~= "drift" and topic:draw(rng, function(k) return not is_listed[k] end)
  local name = i and topic.cells[i].name or off_name(shown, rng)
  if what == "truncate" then return truncated(name, rng), true end
  return name
end

--- Repeats a question that the prompt shows, or says a stock text of the cell.
local function repeated(call, rng, topic, cell)
  for _, text in ipairs(rng:shuffle(prompt.questions(prompt.all(call)))) do
    if topic.read(text) then return lexicon.vary(text, rng) end
  end
  return lexicon.question(cell, topics.stream(#cell.name * 1000 + cell.name:byte(-1) * 10
    + rng:integer(1, 3)))
end

local function speak(call, rng, topic, opt, fresh)
  local what = fate(rng, opt)
  if what == "refuse" then return rng:choice(lexicon.refusals) end
  if what == "drift" then return lexicon.off_theme(rng) end
  local target, i = topic:target(call), nil
  if target and rng:unit() < opt.obedience then
    i = target.cell or topic:draw(rng, function(k)
      return topic.cells[k].category == target.name
    end)
  end
  local cell = topic.cells[i or topic:draw(rng)]
  if what == "repeat" then return repeated(call, rng, topic, cell) end
  local text = fresh(cell)
  if what == "truncate" then return truncated(text, rng), true end
  return text
end

function roles.generator(call, rng, topic, opt)
  return speak(call, rng, topic, opt, function(cell) return lexicon.question(cell, rng) end)
end

function roles.responder(call, rng, topic, opt)
  local _, cell = topic.read(prompt.instruction(call))
  return speak(call, rng, topic, opt, function() return lexicon.reply(cell, rng) end)
end

--- The truth: the item is of the target, or on the theme where none is named.
--- A target that is no topic of the model's has no items.
local function holds(text, topic)
  local target = topic:longest(text)
  local cell = prompt.judged(text, target and target.name, topic.find, topic.read)
  if not cell then return false end
  if not target then return not prompt.has_target(text) end
  return cell.name == target.name or cell.category == target.name
end

function roles.judge(call, rng, topic, opt)
  local truth = holds(prompt.instruction(call), topic)
  if rng:unit() < opt.judge_error then truth = not truth end
  local verdict = truth and "yes" or "no"
  return call.schema and '{"verdict":"' .. verdict .. '"}' or verdict
end

local function tokens(text) return math.max(1, (#text + 3) // 4) end

--- Ends a text where the call's limits say so.
local function finished(call, text, cut)
  local stops = call.stop
  for _, stop in ipairs(type(stops) == "string" and { stops } or stops or {}) do
    local at = stop ~= "" and text:find(stop, 1, true)
    if at then text, cut = text:sub(1, at - 1), false end
  end
  if call.max_tokens and tokens(text) > call.max_tokens then
    text = text:sub(1, call.max_tokens * 4):gsub("[\192-\255][\128-\191]*$", "")
    cut = true
  end
  return text, cut
end

local function with_defaults(opt)
  local filled = {}
  for name, option in next, M.options do
    filled[name] = opt[name]
    if opt[name] == nil then filled[name] = option.default end
  end
  return filled
end

--- Answers a call in the part of its role.
---@param call advisor.Call
---@param rng advisor.Rng The call's own stream.
---@param opt table? Values of the options; what is missing has its default.
---@return { text: string, finish: "stop"|"length", vectors: number[][]|nil, usage: table }
function M.answer(call, rng, opt)
  if call.input then
    local vectors, used = {}, 0
    for i, text in ipairs(call.input) do
      vectors[i], used = embedding(text), used + tokens(text)
    end
    return { text = "", finish = "stop", vectors = vectors,
      usage = { prompt_tokens = used, completion_tokens = 0 } }
  end
  local play = roles[call.role] or roles.generator
  opt = with_defaults(opt or {})
  local text, cut = finished(call, play(call, rng, topics.of(opt), opt))
  return { text = text, finish = cut and "length" or "stop",
    usage = { prompt_tokens = tokens(prompt.all(call)), completion_tokens = tokens(text) } }
end

return M

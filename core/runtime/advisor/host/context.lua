--- `ctx`: all that a script sees beside its own arguments. One page.
---
--- A reply is `{ text, first_line, finish, usage, outcome }`; what the world
--- denies is `nil, message, code`; wrong use raises.
local choice = require("advisor.measure.choice")
local core = require("advisor_core")
local drafts = require("advisor.host.drafts")
local draws = require("advisor.host.draws")
local json = require("advisor.output.json")
local measures = require("advisor.host.measures")
local text = require("advisor.output.text")
local readonly = require("advisor.host.readonly")
local refusal = require("advisor.measure.refusal")
local lexical = require("advisor.measure.lexical")
local sandbox = require("advisor.host.sandbox")
local vectors = require("advisor.host.vectors")
local with_judge = require("advisor.host.duplicates")
local library = require("advisor.host.library")

local frozen, tostring = library.frozen, library.tostring

local context = {}

local function lane_here()
  local lane = core.sandbox.current()
  if not lane then error("ctx cannot be used here: no script is running", 3) end
  return lane
end

--- What a script hands to the host is copied while the script still runs: a
--- metamethod of its own would run beyond its limits on the host's side.
local function handed_over(value, what)
  if type(value) ~= "table" then return value end
  local copy, problem = readonly.plain(value, what)
  if problem then error(problem, 3) end
  return copy
end

--- A stream of random numbers that belongs to the lane that asked for it.
--- Methods: unit(), integer(low, high), choice(list), shuffle(list), sample(list, k),
--- gamma(k), beta(a, b).
local function stream_of(lane, stream)
  local methods = {}
  for _, name in ipairs({ "unit", "integer", "choice", "shuffle", "sample", "gamma", "beta" }) do
    local draw = draws[name] or stream[name]
    methods[name] = function(_, ...)
      if core.sandbox.current() ~= lane then
        error("this random stream belongs to another lane: "
          .. "call ctx.rng inside the function given to ctx.map", 2)
      end
      return draw(stream, ...)
    end
  end
  return frozen(methods, "stream")
end

--- ctx.rng(purpose): the lane's stream of that name, going on where it was.
local function rng(purpose)
  local lane = lane_here()
  if type(purpose) ~= "string" then
    error("ctx.rng: a purpose is expected, such as 'exemplars'", 2)
  end
  lane.streams = lane.streams or {}
  local stream = lane.streams[purpose]
  if not stream then
    stream = stream_of(lane, core.rng.new(("%d/%d/%s/%s/%s"):format(lane.run.seed, lane.round,
      lane.stage, lane.path, purpose)))
    lane.streams[purpose] = stream
  end
  return stream
end

--- ctx.map(list, fn): runs fn(element, index) for all at once; results in the
--- order of the list, `false` where fn returned nil, whose message is then in
--- the second table. An error in fn is raised here, that of the first element.
local function map(lane, list, fn)
  if type(list) ~= "table" then error("ctx.map: a list is expected, got " .. type(list), 0) end
  if type(fn) ~= "function" then error("ctx.map: a function is expected, got " .. type(fn), 0) end
  lane.maps = lane.maps + 1
  local ordinal, n = lane.maps, #list
  local results, messages, failures = {}, {}, {}
  lane.run:parallel(n, function(i)
    local ok, value, message = sandbox.call(sandbox.child(lane, ordinal, i), fn, list[i], i)
    if ok then
      if value == nil then value, messages[i] = false, message or "no result" end
      results[i] = value
    else
      failures[i] = value
    end
  end, not lane.path:find("/", 1, true) and lane.stage or nil)
  for i = 1, n do
    if failures[i] then error(failures[i], 0) end
  end
  return results, messages
end

local function ask(lane, role, prompt, options)
  return lane.run:ask(lane, role, prompt, options)
end

local function embed(lane, texts, role)
  return lane.run:embed(lane, role, texts)
end

local served_embed = sandbox.served("ctx.embed", embed)

--- ctx.embed(texts, options): the vector of each text, in order, by the role
--- "embedder" or `options.role`; nil, message, code where they cannot be had.
--- ctx.measure compares vectors. What the run has embedded before is not asked for
--- again.
local function embed_plain(texts, options)
  texts = handed_over(texts, "ctx.embed: the texts")
  if type(texts) ~= "table" then error("ctx.embed: a list of texts is expected", 2) end
  for i = 1, #texts do
    if type(texts[i]) ~= "string" then error(("ctx.embed: text %d is no text"):format(i), 2) end
  end
  options = options and handed_over(options, "ctx.embed: the options") or {}
  for key in next, options do
    if key ~= "role" then error(("ctx.embed: unknown option '%s'"):format(tostring(key)), 2) end
  end
  local role = options.role or "embedder"
  if type(role) ~= "string" then error("ctx.embed: the name of a role is expected", 2) end
  local list, why, code = served_embed(texts, role)
  if not list then return nil, why, code end
  local wrapped = {}
  for i, bytes in ipairs(list) do wrapped[i] = vectors.wrap(bytes) end
  return wrapped
end

local served_ask, served_map = sandbox.served("ctx.ask", ask), sandbox.served("ctx.map", map)

local function ask_plain(role, prompt, options)
  return served_ask(role, handed_over(prompt, "ctx.ask: the prompt"),
    handed_over(options, "ctx.ask: options"))
end

local function map_plain(list, fn)
  local copy = list
  if type(list) == "table" then
    copy = {}
    for i = 1, #list do copy[i] = list[i] end
  end
  return served_map(copy, fn)
end

--- Views are written like the tables behind them.
local function encode(value)
  local copy, problem = readonly.plain(value, "ctx.json.encode: the value")
  if problem then error(problem, 2) end
  return json.encode(copy)
end

--- Longest line of a script's log, in bytes.
local LONGEST_LINE = 8192

--- The log is a file that nobody limits, so each line costs a script 10,000 of its
--- instructions.
local function log(level, message)
  if message == nil then level, message = "info", level end
  local lane = lane_here()
  local line = tostring(message)
  if #line > LONGEST_LINE then line = core.text.repair(line:sub(1, LONGEST_LINE)) .. "…" end
  core.sandbox.charge(1)
  core.log.write(level, ("round %d %s/%s: %s"):format(lane.round, lane.stage, lane.script, line))
end

--- ctx.note(text): a remark kept with the round, in order of lanes.
local function note(remark)
  local lane = lane_here()
  if type(remark) ~= "string" then error("ctx.note: text is expected", 2) end
  lane.run:note(lane, remark)
end

--- ctx.dedup(engine, options): kept items as the stage may see them, to compare with,
--- or, with the option `against`, the texts of a reference of that name.
--- Methods: nearest(text) -> { id, score, text } or nil; add(text, label): also
--- compares what follows with this text, for duplicates inside the batch;
--- judge(drafts) -> verdicts, what a duplicate filter returns.
local function dedup(engine, options)
  local lane = lane_here()
  return with_judge(lane.run:comparison(lane, engine or "exact", options
    and handed_over(options, "ctx.dedup: the options") or {}))
end

--- Classifiers that were built, by the hash of their examples: a pure function, asked
--- for again at every round with the same examples.
local classifiers, classifier_order = {}, {}
local MOST_CLASSIFIERS = 8

local function classifier(examples, options)
  local given = handed_over({ examples, options or {} }, "ctx.text.classifier: the examples")
  local key = core.text.hash(json.encode(given))
  if not classifiers[key] then
    classifiers[key] = frozen(lexical.classifier(given[1], given[2]), "classifier")
    classifier_order[#classifier_order + 1] = key
    if #classifier_order > MOST_CLASSIFIERS then classifiers[table.remove(classifier_order, 1)] = nil end
  end
  return classifiers[key]
end

local text_functions = {
  fill = text.fill, instruct = text.instruct, strip = text.strip, first_line = text.first_line,
  count_words = text.count_words,
  lines = text.lines, normalize = text.normalize, apply = text.apply,
  python_list = text.python_list,
  refusal = refusal.detect, choice = choice.parse, letter = choice.letter, classifier = classifier,
}

--- Makes the context that all scripts of a run share.
---@return table
function context.new()
  return frozen({
    ask = ask_plain,
    embed = embed_plain,
    map = map_plain,
    each_draft = drafts(map_plain, note),
    dedup = dedup,
    text = frozen(text_functions, "ctx.text"),
    measure = measures,
    json = frozen({ encode = encode, decode = json.decode }, "ctx.json"),
    rng = rng,
    log = log,
    note = note,
  }, "ctx")
end

return context

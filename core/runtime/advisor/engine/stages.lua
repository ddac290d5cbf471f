--- The stages of a round: each calls scripts, checks what they return, and gives
--- plain data. Whatever a script does wrong becomes a `failed` error that names
--- the script and the stage.
local readonly = require("advisor.host.readonly")
local sandbox = require("advisor.host.sandbox")
local text = require("advisor.output.text")

local stages = {}

--- An error of a script: the round fails, the run goes on or stops by policy.
---@class advisor.Failed
local Failed = setmetatable({}, { __name = "advisor.failed" })
stages.Failed = Failed

local function fail(lane, message)
  error({ failed = Failed, message = ("round %d, %s/%s: %s"):format(lane.round, lane.stage,
    lane.script, message) }, 0)
end

--- A script's options are the experiment's: no script changes them for a later call.
local function options_of(used)
  return readonly.view(used.options)
end

--- Runs a script's entry in a fresh lane and gives all that it returned.
---@param used table `{ name, options, script }`
---@return advisor.Lane lane
---@return any ... Results.
local function call(run, number, stage, path, used, entry, ...)
  local lane = sandbox.lane({ run = run, round = number, stage = stage, path = path,
    script = used.name })
  local ok, script = sandbox.instantiate(lane, used.script.code, used.script.extra)
  if not ok then fail(lane, script) end
  local got = table.pack(sandbox.call(lane, script[entry], run.context, ...))
  if not got[1] then fail(lane, got[2]) end
  return lane, table.unpack(got, 2, got.n)
end

local function plain(lane, value, what)
  local copy, problem = readonly.plain(value, what)
  if problem then fail(lane, problem) end
  return copy
end

--- Principles of level "dataset" turn coverage into gaps.
---@return table[] gaps `{ principle, cell, have, want, interval, text }`
function stages.compare(run, number, view)
  local gaps = {}
  for i, used in ipairs(run.principles.dataset) do
    local lane, found, why = call(run, number, "compare", tostring(i), used, "check", view,
      options_of(used))
    if found == nil then fail(lane, why or "returned nothing") end
    found = plain(lane, found, "gaps")
    if type(found) ~= "table" then fail(lane, "must return a list of gaps") end
    for _, gap in ipairs(found) do
      if type(gap) ~= "table" then
        fail(lane, "a gap must be a table { cell, have, want, text }")
      end
      gap.principle = used.name
      gaps[#gaps + 1] = gap
    end
  end
  return gaps
end

--- Shares `per_round` out over advice that names no count, the first ones get
--- the remainder.
local function share_out(advice, per_round)
  local open = {}
  for _, piece in ipairs(advice) do
    if piece.count == nil then open[#open + 1] = piece end
  end
  for i, piece in ipairs(open) do
    piece.count = per_round // #open + (i <= per_round % #open and 1 or 0)
  end
end

--- Advice: a list of `{ target, instruction, count, gap }`.
function stages.advise(run, number, view)
  local used = run:advise_script(number)
  local lane, advice, why = call(run, number, "advise", "1", used, "run", view, options_of(used))
  if advice == nil then fail(lane, why or "returned no advice") end
  advice = plain(lane, advice, "advice")
  if type(advice) ~= "table" or #advice == 0 then
    fail(lane, "must return a list of advice that is not empty")
  end
  for i, piece in ipairs(advice) do
    if type(piece) ~= "table" then fail(lane, ("advice %d must be a table"):format(i)) end
    if piece.target ~= nil and type(piece.target) ~= "string" then
      fail(lane, ("advice %d: target must be text"):format(i))
    end
    if piece.count ~= nil and (math.type(piece.count) ~= "integer" or piece.count < 0) then
      fail(lane, ("advice %d: count must be a whole number"):format(i))
    end
  end
  share_out(advice, run.resolved.per_round)
  return advice
end

local DRAFT_FIELDS = { text = true, target = true, cell = true }

local function add_drafts(lane, drafts, made, piece, position)
  for _, raw in ipairs(made) do
    if type(raw) == "string" then raw = { text = raw } end
    if type(raw) ~= "table" or type(raw.text) ~= "string" then
      fail(lane, "a draft must be { text = … }")
    end
    local draft = { index = #drafts + 1, text = raw.text, target = piece.target, advice = position,
      meta = {},
      verdicts = {}, verdict = "kept" }
    if raw.cell and type(raw.cell) ~= "string" then
      fail(lane, "a draft's cell must be a cell's name, or false")
    end
    draft.own_cell = raw.cell
    for key, value in pairs(raw) do
      if not DRAFT_FIELDS[key] then draft.meta[key] = value end
    end
    drafts[#drafts + 1] = draft
  end
end

--- Drafts of all advice, in order of advice.
function stages.generate(run, number, view, advice)
  local used, made, lanes = run.pipeline.generate, {}, {}
  run:parallel(#advice, function(i)
    local lane, list, why = call(run, number, "generate", tostring(i), used, "run", view,
      readonly.view(advice[i]), options_of(used))
    if list == nil then fail(lane, why or "returned no drafts") end
    made[i], lanes[i] = plain(lane, list, "drafts"), lane
    if type(made[i]) ~= "table" then fail(lane, "must return a list of drafts") end
  end)
  local drafts = {}
  for i, piece in ipairs(advice) do add_drafts(lanes[i], drafts, made[i], piece, i) end
  return drafts
end

local function alive(drafts)
  local list = {}
  for _, draft in ipairs(drafts) do
    if draft.verdict == "kept" then list[#list + 1] = draft end
  end
  return list
end
stages.alive = alive

local function drop(draft, reason, finding)
  draft.verdict, draft.reason, draft.finding = "dropped", reason, finding
end

--- A finding in words, from the script's template.
local function in_words(used, finding)
  local template = used.script.table.findings and used.script.table.findings[finding.code]
  if template then
    local ok, words = pcall(text.fill, template, finding)
    if ok then finding.text = words end
  end
  return finding
end

--- A script's reason as text; its own metamethods do not run here.
local function in_text(reason)
  return type(reason) == "string" and reason or type(reason)
end

--- Lets every filter judge what is left, in order.
---@param stage string "look", against the state that the round read, or "filter", at commit.
---@param before integer|nil Kept items from this number on are not seen; nil: all are.
function stages.filter(run, number, stage, view, drafts, before)
  for position, used in ipairs(run.pipeline.filter) do
    local batch = alive(drafts)
    if #batch == 0 then return end
    local lane = sandbox.lane({ run = run, round = number, stage = stage, path = tostring(position),
      script = used.name, before = before })
    local ok, script = sandbox.instantiate(lane, used.script.code, used.script.extra)
    if not ok then fail(lane, script) end
    local fine, verdicts, why = sandbox.call(lane, script.run, run.context, view,
      readonly.view(batch), options_of(used))
    if not fine then fail(lane, verdicts) end
    if verdicts == nil then fail(lane, why or "returned no verdicts") end
    verdicts = plain(lane, verdicts, "verdicts")
    if type(verdicts) ~= "table" then fail(lane, "must return a list of verdicts") end
    for i, draft in ipairs(batch) do
      local verdict = verdicts[i]
      if type(verdict) == "string" then verdict = { verdict = verdict } end
      if type(verdict) ~= "table" or (verdict.verdict ~= "pass" and verdict.verdict ~= "fail") then
        fail(lane, ("verdict %d must be 'pass', or { verdict = 'fail', … }"):format(i))
      end
      if verdict.verdict == "fail" then
        verdict.verdict = nil
        drop(draft, used.name, verdict)
      end
    end
  end
end

local VERDICTS = { pass = true, fail = true, unknown = true }

local function check_one(run, number, position, used, draft)
  local lane, verdict, finding = call(run, number, "check", ("%d.%d"):format(position, draft.index),
    used, "check",
    readonly.view({ text = draft.text, target = draft.target, meta = draft.meta,
      index = draft.index }), options_of(used))
  if verdict == nil then
    verdict, finding = "unknown", { code = "no_verdict", why = in_text(finding) }
  end
  if not VERDICTS[verdict] then fail(lane, "the verdict must be 'pass', 'fail' or 'unknown'") end
  finding = plain(lane, finding, "finding")
  if type(finding) == "string" then finding = { code = finding } end
  return { principle = used.name, verdict = verdict, finding = finding and in_words(used, finding) }
end

--- Principles of level "item", for all drafts at once.
function stages.check(run, number, drafts)
  local batch, principles = alive(drafts), run.principles.item
  local n = #principles
  run:parallel(#batch * n, function(k)
    local draft, position = batch[(k - 1) // n + 1], (k - 1) % n + 1
    draft.verdicts[position] = check_one(run, number, position, principles[position], draft)
  end)
  for _, draft in ipairs(batch) do
    for _, found in ipairs(draft.verdicts) do
      if found.verdict == "fail" then
        drop(draft, found.principle, found.finding)
        break
      end
    end
    for _, found in ipairs(draft.verdicts) do
      if draft.verdict == "kept" and found.verdict == "unknown"
        and run.policy.unknown == "drop" then
        drop(draft, "unknown:" .. found.principle, found.finding)
      end
    end
  end
end

--- A name that the taxonomy does not hold counts as no label, unless the taxonomy
--- is open.
local function assign(run, draft, cell)
  local coverage = run.timeline.coverage
  if cell and (coverage.open or coverage.by_name[cell]) then draft.cell = cell end
end

--- The drafts that are left for the labeller. One that names its own cell, or
--- false for none, is in no doubt: it is not what its advice or its words say.
local function to_label(run, drafts)
  local list = {}
  for _, draft in ipairs(alive(drafts)) do
    if draft.own_cell == nil then
      list[#list + 1] = draft
    else
      assign(run, draft, draft.own_cell)
    end
  end
  return list
end

--- Assigns drafts to cells of the taxonomy.
function stages.label(run, number, drafts)
  local batch, used = to_label(run, drafts), run.pipeline.label
  if #batch == 0 then return end
  local subjects = {}
  for i, draft in ipairs(batch) do
    subjects[i] = { text = draft.text, target = draft.target, meta = draft.meta,
      index = draft.index }
  end
  local lane, cells, why = call(run, number, "label", "1", used, "run", readonly.view(subjects),
    run.label_options)
  if cells == nil then fail(lane, why or "returned no labels") end
  cells = plain(lane, cells, "labels")
  if type(cells) ~= "table" then fail(lane, "must return a list of cells") end
  for i, draft in ipairs(batch) do
    local cell = cells[i]
    if cell and type(cell) ~= "string" then
      fail(lane, ("label %d must be a cell's name or false"):format(i))
    end
    assign(run, draft, cell)
  end
end

--- Of a reply that is to be learnt from, and of one that is evaluated.
local RESPONSE_VERDICTS = { safe = true, unsafe = true, pass = true, fail = true, unknown = true }

--- The response to a kept item: `{ verdict, text, finding, meta }`. A script that
--- cannot have one leaves a row that says so.
---@param item table `{ id, text, target, cell, meta, index }`
function stages.respond(run, number, item)
  local lane, made, why = call(run, number, "respond", tostring(item.index), run.pipeline.respond,
    "run",
    readonly.view(item), options_of(run.pipeline.respond))
  if made == nil then
    return { verdict = "failed", text = "", finding = { why = in_text(why) }, meta = {} }
  end
  made = plain(lane, made, "response")
  if type(made) ~= "table" or type(made.response) ~= "string" then
    fail(lane, "must return { response = … }")
  end
  local verdict = made.verdict or "unknown"
  if not RESPONSE_VERDICTS[verdict] then
    fail(lane, "the verdict must be 'safe', 'unsafe' or 'unknown'; or 'pass' or 'fail' in an evaluation")
  end
  local response = { verdict = verdict, text = made.response, finding = made.finding, meta = {} }
  for key, value in pairs(made) do
    if key ~= "response" and key ~= "verdict" and key ~= "finding" then
      response.meta[key] = value
    end
  end
  return response
end

--- The next summary: S_t = f(S_{t-1}, advice, kept items, coverage).
---@param batch table `{ round, advice, items }`
---@return table summary Plain data with a field `text`.
function stages.summarize(run, number, view, batch, previous)
  local used = run.pipeline.summarize
  if not used then return previous end
  local lane, summary, why = call(run, number, "summarize", "1", used, "run", view,
    readonly.view(batch), options_of(used))
  if summary == nil then fail(lane, why or "returned no summary") end
  summary = plain(lane, summary, "summary")
  if type(summary) ~= "table" or type(summary.text) ~= "string" then
    fail(lane, "the summary must be { text = … }")
  end
  return summary
end

return stages

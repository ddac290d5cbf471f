-- Every row of the fault matrix (tests/support/fault_matrix.json): the class and the
-- reason that it is given, and what is done. tests/e2e/fault_matrix_test.py does the
-- same over a real connection.
local core = require("advisor_core")
local asking = require("support.asking")
local json = require("advisor.output.json")
local quirks = require("advisor.models.quirks")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return assert(json.decode(text))
end

local rows, forms = read("tests/support/fault_matrix.json"), read("scripts/lib/faults.json")

local OK = {
  openai_chat = '{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}',
  anthropic_messages = '{"content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn"}',
}

--- A choice of the chat's form in the words of the other interface.
local function as_anthropic(form)
  local said, blocks = form.message, {}
  if said.reasoning_content then blocks[1] = { type = "thinking", thinking = said.reasoning_content } end
  local text = said.content or said.refusal
  if text then blocks[#blocks + 1] = { type = "text", text = text } end
  if said.tool_calls then blocks[#blocks + 1] = { type = "tool_use", name = "look", input = {} } end
  local reasons = { stop = "end_turn", length = "max_tokens", tool_calls = "tool_use" }
  return { content = json.array(blocks),
    stop_reason = said.refusal and "refusal" or reasons[form.finish_reason] or form.finish_reason }
end

--- What the transport would bring for a row.
local function reply_of(row)
  local form = forms[row.fault]
  if row.reply then
    return { http = row.reply.http or 200, raw = row.reply.raw, state = row.reply.state,
      ["end"] = row.reply["end"], curl = row.reply.curl, why = "in words" }
  elseif form and form.status then
    local headers = {}
    for name, value in pairs(form.headers or {}) do headers[#headers + 1] = name .. ": " .. value .. "\n" end
    return { http = form.status, raw = form.raw or json.encode(form.body), headers = table.concat(headers) }
  elseif form then
    local body = row.api and as_anthropic(form)
      or { choices = { { message = form.message, finish_reason = form.finish_reason } } }
    return { http = 200, raw = json.encode(body) }
  end
  assert(row.fault == "bad_utf8", "no reply for " .. row.name)
  return { http = 200, raw = '{"choices":[{"message":{"content":"x \255"},"finish_reason":"stop"}]}' }
end

local function world(row)
  local api, reply = row.api or "openai_chat", reply_of(row)
  local again = row.act == "pauses_after_3" and reply or { http = 200, raw = OK[api] }
  local role = {
    model = "m", form = "messages", api = api, urls = { "http://x/v1" }, endpoints = { 1 }, seed = true,
    stream = row.stream ~= false, options = { reply_tokens = 64, version = "1" },
    provider = require("advisor.models.providers." .. api),
  }
  for key, value in pairs(row.settings or {}) do role[key] = value end
  quirks.begin(role)
  return asking.world({ reply, again, again, again }, { models = { default = role } })
end

local PROMPT = { { role = "user", content = "Hi" } }
local WITH_SYSTEM = { { role = "system", content = "Be brief" }, { role = "user", content = "Hi" } }

--- What is recorded of a row's attempts, as "class reason final", and what follows.
local ACTS = {
  again = function(row, run, got)
    assert.same({ row.class .. "/" .. row.reason .. "/0", "ok//1" }, run.classes)
    assert.equals("Hello", got.text)
    assert.is_nil(run.halted)
  end,
  fails = function(row, run, got)
    assert.same({ row.class .. "/" .. row.reason .. "/1" }, run.classes)
    assert.is_nil(got)
    assert.is_nil(run.halted)
  end,
  delivers = function(row, run, got)
    assert.same({ row.class .. "/" .. row.reason .. "/1" }, run.classes)
    assert.equals(row.reason ~= "" and row.reason or "ok", got.outcome)
    assert.is_true(core.text.valid(got.text))
    assert.is_nil(got.text:find("think>", 1, true))
  end,
  pauses = function(row, run)
    assert.same({ row.class .. "/" .. row.reason .. "/0" }, run.classes)
    assert.same({ "paused", "EPAUSED" }, { run.halted.state, run.halted.code })
    assert.is_truthy(run.halted.message:find("the role 'generator' at http://x/v1: ", 1, true))
  end,
  pauses_after_3 = function(row, run)
    local each = row.class .. "/" .. row.reason .. "/0"
    assert.same({ each, each, each }, run.classes)
    assert.equals("paused", run.halted.state)
  end,
}

describe("the fault matrix", function()
  local backoff, sleep, write = core.calls.backoff, core.loop.sleep, core.log.write
  before_each(function()
    core.calls.backoff = function() return 0 end
    core.loop.sleep, core.log.write = function() end, function() end
  end)
  after_each(function()
    core.calls.backoff, core.loop.sleep, core.log.write = backoff, sleep, write
  end)

  for _, row in ipairs(rows) do
    it(("row %s: %s"):format(row.row, row.name), function()
      local run = world(row)
      local got = asking.call(run, row.system and WITH_SYSTEM or PROMPT)
      run.classes = {}
      for i, each in ipairs(run.rows) do
        run.classes[i] = ("%s/%s/%d"):format(each.class, each.reason, each.final)
      end
      ACTS[row.act](row, run, got)
    end)
  end

  it("has the rows of the specification that a reply can show", function()
    local seen = {}
    for _, row in ipairs(rows) do seen[row.row] = true end
    local missing = {}
    for number = 1, 46 do
      if not seen[number] then missing[#missing + 1] = number end
    end
    -- Headers (2, 3) and the clock (45) have tests of their own in core/net, a full
    -- disk (46) in tests/e2e/trouble_test.py.
    assert.same({ 2, 3, 45, 46 }, missing)
  end)
end)

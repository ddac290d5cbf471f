local M = {
  api = 1,
  kind = "generate",
  description = "Asks for one new text a prompt, each with exemplars of its own, aimed at the "
    .. "advice.",
  options = {
    speaker = {
      type = "string", default = "a user of a chatbot", doc = "Who the texts come from.",
    },
    unit = { type = "string", default = "question", doc = "What one text is called." },
    exemplars = { type = "integer", default = 3, min = 0, doc = "Exemplars shown in a prompt." },
    aimed = { type = "boolean", default = true, doc = "Name the advice's target in the prompt." },
    temperature = { type = "number", default = 0.9, min = 0, doc = "Sampling temperature." },
    top_p = { type = "number", default = 0.95, min = 0, max = 1, doc = "Nucleus sampling." },
    max_tokens = { type = "integer", default = 80, min = 1, doc = "Longest reply." },
    stop = { type = "list", default = { "\n" }, doc = "Stop sequences; an empty list sends none." },
    template = { type = "string", default = "",
      doc = "The whole prompt as one text with holes {exemplars} and {target}, instead of ours." },
    post = { type = "list", default = { "strip", "first_line", "strip_quotes" },
      doc = "Post-processing steps of the reply." },
  },
}

local SYSTEM = "You write one {unit} of {speaker}, different in wording and in aim from those "
  .. "before. "
  .. "Reply with the {unit} only, on one line."

--- What is asked for one text; without advice only the kind of text is named.
local function request(ctx, target, opt)
  if not target or not opt.aimed then return ctx.text.fill("Write one new {unit}.", opt) end
  return ctx.text.fill("Write one new {unit} about {target}.", { unit = opt.unit, target = target })
end

--- What belongs to the target, on a line of its own.
local function explanation(advice, opt)
  if not advice.target or not advice.instruction or not opt.aimed then return "" end
  return ("\n%s: %s"):format(advice.target, advice.instruction)
end

local function chat(ctx, exemplars, advice, opt)
  local system = ctx.text.fill(SYSTEM, opt) .. explanation(advice, opt)
  local messages = { { role = "system", content = system } }
  for _, exemplar in ipairs(exemplars) do
    messages[#messages + 1] = { role = "user", content = request(ctx, exemplar.target, opt) }
    messages[#messages + 1] = { role = "assistant", content = exemplar.text }
  end
  messages[#messages + 1] = { role = "user", content = request(ctx, advice.target, opt) }
  return messages
end

--- Small models follow a form better than an instruction: blocks of topic and
--- text, the last one open.
local function raw(ctx, exemplars, advice, opt)
  local unit = opt.unit:gsub("^%l", string.upper)
  local aimed = advice.target ~= nil and opt.aimed
  local blocks = { ctx.text.fill(aimed and "{unit}s from {speaker}, by topic."
    or "{unit}s from {speaker}.",
    { unit = unit, speaker = opt.speaker }) .. explanation(advice, opt) }
  local function block(named, written)
    local head = aimed and named and ("Topic: %s\n"):format(named) or ""
    return ("%s%s:%s"):format(head, unit, written and " " .. written or "")
  end
  for _, exemplar in ipairs(exemplars) do
    blocks[#blocks + 1] = block(exemplar.target, exemplar.text)
  end
  blocks[#blocks + 1] = block(advice.target)
  return table.concat(blocks, "\n\n")
end

local function prompt_for(ctx, exemplars, advice, opt)
  if opt.template == "" then
    return { messages = chat(ctx, exemplars, advice, opt),
      prompt = raw(ctx, exemplars, advice, opt) }
  end
  local lines = {}
  for i, exemplar in ipairs(exemplars) do lines[i] = exemplar.text end
  return ctx.text.fill(opt.template, { exemplars = table.concat(lines, "\n"),
    target = advice.target or "" })
end

function M.run(ctx, state, advice, opt)
  return ctx.each_draft(advice.count, function()
    local shown = math.min(opt.exemplars, #state.pool)
    local exemplars = ctx.rng("exemplars"):sample(state.pool, shown)
    local reply, why = ctx.ask("generator", prompt_for(ctx, exemplars, advice, opt), {
      temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, why end
    return { text = ctx.text.apply(reply.text, opt.post), outcome = reply.outcome }
  end)
end

return M

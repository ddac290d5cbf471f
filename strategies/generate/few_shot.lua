local M = {
  api = 1,
  kind = "generate",
  description = "Asks for one new text a prompt, each with exemplars of its own, aimed at the advice.",
  options = {
    speaker = { type = "string", default = "a user of a chatbot", doc = "Who the texts come from." },
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

local SYSTEM = "You write one {unit} of {speaker}, different in wording and in aim from those before. "
  .. "Reply with the {unit} only, on one line."

--- What is asked for one text; without advice only the kind of text is named.
local function request(ctx, target, opt)
  if not target or not opt.aimed then return ctx.text.fill("Write one new {unit}.", opt) end
  return ctx.text.fill("Write one new {unit} about {target}.", { unit = opt.unit, target = target })
end

local function chat(ctx, exemplars, target, opt)
  local messages = { { role = "system", content = ctx.text.fill(SYSTEM, opt) } }
  for _, exemplar in ipairs(exemplars) do
    messages[#messages + 1] = { role = "user", content = request(ctx, exemplar.target, opt) }
    messages[#messages + 1] = { role = "assistant", content = exemplar.text }
  end
  messages[#messages + 1] = { role = "user", content = request(ctx, target, opt) }
  return messages
end

--- Small models follow a form better than an instruction: blocks of topic and
--- text, the last one open.
local function raw(ctx, exemplars, target, opt)
  local unit = opt.unit:gsub("^%l", string.upper)
  local aimed = target ~= nil and opt.aimed
  local blocks = { ctx.text.fill(aimed and "{unit}s from {speaker}, by topic." or "{unit}s from {speaker}.",
    { unit = unit, speaker = opt.speaker }) }
  local function block(named, written)
    local head = aimed and named and ("Topic: %s\n"):format(named) or ""
    return ("%s%s:%s"):format(head, unit, written and " " .. written or "")
  end
  for _, exemplar in ipairs(exemplars) do blocks[#blocks + 1] = block(exemplar.target, exemplar.text) end
  blocks[#blocks + 1] = block(target)
  return table.concat(blocks, "\n\n")
end

local function prompt_for(ctx, exemplars, target, opt)
  if opt.template == "" then
    return { messages = chat(ctx, exemplars, target, opt), prompt = raw(ctx, exemplars, target, opt) }
  end
  local lines = {}
  for i, exemplar in ipairs(exemplars) do lines[i] = exemplar.text end
  return ctx.text.fill(opt.template, { exemplars = table.concat(lines, "\n"), target = target or "" })
end

function M.run(ctx, state, advice, opt)
  local wanted = {}
  for i = 1, advice.count do wanted[i] = i end
  local texts, lost = ctx.map(wanted, function()
    local shown = math.min(opt.exemplars, #state.pool)
    local exemplars = ctx.rng("exemplars"):sample(state.pool, shown)
    local reply, why = ctx.ask("generator", prompt_for(ctx, exemplars, advice.target, opt), {
      temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, why end
    return { text = ctx.text.apply(reply.text, opt.post), outcome = reply.outcome }
  end)
  local drafts = {}
  for i = 1, advice.count do
    if texts[i] then drafts[#drafts + 1] = texts[i] else ctx.note(("draft %d was lost: %s"):format(i, lost[i])) end
  end
  if #drafts == 0 and advice.count > 0 then return nil, "no draft was made: " .. lost[1] end
  return drafts
end

return M

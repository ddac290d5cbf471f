local M = {
  api = 1,
  kind = "generate",
  description = "Rewrites kept items or seeds: in depth, to be harder, or in breadth, to be rarer.",
  options = {
    directions = {
      type = "list", default = { "depth", "breadth" }, one_of = { "depth", "breadth" },
      doc = "Ways to rewrite; each draft draws one.",
    },
    speaker = {
      type = "string", default = "a user of a chatbot", doc = "Who the texts come from.",
    },
    unit = { type = "string", default = "question", doc = "What one text is called." },
    longer = { type = "integer", default = 15, min = 0, doc = "Words that a text may gain." },
    temperature = { type = "number", default = 0.9, min = 0, doc = "Sampling temperature." },
    top_p = { type = "number", default = 0.95, min = 0, max = 1, doc = "Nucleus sampling." },
    max_tokens = { type = "integer", default = 120, min = 1, doc = "Longest reply." },
    stop = { type = "list", default = {}, doc = "Stop sequences; empty: none." },
    post = {
      type = "list", default = { "strip", "first_line", "strip_label", "strip_quotes" },
      doc = "Post-processing steps of the reply.",
    },
  },
}

--- In-depth and in-breadth evolving as in WizardLM (arXiv 2304.12244).
local WAYS = {
  depth = {
    { name = "condition", order = "Add one condition or requirement that it must meet." },
    { name = "concrete", order = "Replace what is general by a particular case, thing or number." },
    { name = "deeper", order = "Ask about one side of it in more depth." },
    { name = "steps", order = "Change it so that a good answer needs several steps of thought." },
  },
  breadth = {
    { name = "breadth", order = "Write a new one of the same field, on a rarer subject." },
  },
}

local SYSTEM = "You rewrite {unit}s of {speaker}. {order} It stays natural and complete in itself, "
  .. "and gains at most {longer} words. Reply with the new {unit} only, on one line."

--- Looks that are taken for a kept item of the target.
local LOOKS = 16

--- A kept item, of the target if a few looks find one; else a seed.
local function source_of(state, stream, target)
  local items, other = state.items, nil
  for _ = 1, #items > 0 and LOOKS or 0 do
    local item = items[stream:integer(1, #items)]
    if not target or item.cell == target or item.target == target then return item end
    other = item
  end
  if #state.pool > 0 then return stream:choice(state.pool) end
  return other
end

local function prompt_for(ctx, source, way, advice, opt)
  local names = { unit = opt.unit, speaker = opt.speaker, order = way.order, longer = opt.longer,
    target = advice.target, text = source.text }
  local system = ctx.text.fill(SYSTEM, names)
  if advice.target and advice.instruction then
    system = ("%s\n%s: %s"):format(system, advice.target, advice.instruction)
  end
  local request = ctx.text.fill("The {unit}:\n{text}\n\nWrite the new {unit}"
    .. (advice.target and " about {target}." or "."), names)
  return ctx.text.instruct(system, request, ("New %s:"):format(opt.unit))
end

function M.run(ctx, state, advice, opt)
  return ctx.each_draft(advice.count, function()
    local stream = ctx.rng("source")
    local source = source_of(state, stream, advice.target)
    if not source then return nil, "there is neither a kept item nor a seed to rewrite" end
    local way = stream:choice(WAYS[stream:choice(opt.directions)])
    local reply, why = ctx.ask("generator", prompt_for(ctx, source, way, advice, opt), {
      temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, why end
    local tokens = (reply.usage.prompt_tokens or 0) + (reply.usage.completion_tokens or 0)
    return { text = ctx.text.apply(reply.text, opt.post), outcome = reply.outcome,
      evolved_from = source.id, variant = way.name, tokens = tokens }
  end)
end

return M

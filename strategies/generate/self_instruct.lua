local M = {
  api = 1,
  kind = "generate",
  description = "Continues a numbered series of exemplars with new texts, without any advice "
    .. "(Self-Instruct).",
  options = {
    speaker = {
      type = "string", default = "a user of a chatbot", doc = "Who the texts come from.",
    },
    unit = { type = "string", default = "question", doc = "What one text is called." },
    exemplars = { type = "integer", default = 5, min = 0, doc = "Exemplars shown in a prompt." },
    temperature = { type = "number", default = 0.9, min = 0, doc = "Sampling temperature." },
    top_p = { type = "number", default = 0.95, min = 0, max = 1, doc = "Nucleus sampling." },
    max_tokens = { type = "integer", default = 256, min = 1, doc = "Longest reply." },
    stop = { type = "list", default = { "\n" }, doc = "Stop sequences; an empty list sends none." },
    template = { type = "string", default = "",
      doc = "The whole prompt as one text with a hole {exemplars}, instead of ours." },
    post = { type = "list", default = { "strip", "first_line", "strip_label", "strip_quotes" },
      doc = "Post-processing steps of the reply." },
  },
}

local PROMPT = [[
Write a series of {unit}s of {speaker}, one on each line, all different from one another.

{exemplars}
{unit}:]]

local function prompt_for(ctx, exemplars, opt)
  local lines = {}
  for i, exemplar in ipairs(exemplars) do
    lines[i] = opt.template == "" and ("%s: %s"):format(opt.unit, exemplar.text) or exemplar.text
  end
  local template = opt.template ~= "" and opt.template or PROMPT
  return ctx.text.fill(template, { unit = opt.unit, speaker = opt.speaker,
    exemplars = table.concat(lines, "\n") })
end

function M.run(ctx, state, advice, opt)
  return ctx.each_draft(advice.count, function()
    local exemplars = ctx.rng("exemplars"):sample(state.pool, math.min(opt.exemplars, #state.pool))
    local reply, why = ctx.ask("generator", prompt_for(ctx, exemplars, opt), {
      temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, why end
    return { text = ctx.text.apply(reply.text, opt.post), outcome = reply.outcome }
  end)
end

return M

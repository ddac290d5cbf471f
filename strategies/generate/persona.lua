local M = {
  api = 1,
  kind = "generate",
  description = "Crosses the advice with personas: each draft is what another person would write.",
  options = {
    personas = {
      type = "list", doc = "Who writes, as after \"You are\".",
      default = {
        "a retired teacher who is new to computers", "a parent with very little time",
        "a student on a small budget", "someone who writes in a second language",
        "the owner of a small shop", "a nurse who works at night", "a traveller far from home",
        "an engineer who wants exact figures", "someone who is upset and in a hurry",
        "a gardener in a small village",
      },
    },
    speaker = {
      type = "string", default = "a user of a chatbot", doc = "What part the person plays.",
    },
    unit = { type = "string", default = "question", doc = "What one text is called." },
    exemplars = { type = "integer", default = 2, min = 0, doc = "Exemplars shown in a prompt." },
    temperature = { type = "number", default = 0.9, min = 0, doc = "Sampling temperature." },
    top_p = { type = "number", default = 0.95, min = 0, max = 1, doc = "Nucleus sampling." },
    max_tokens = { type = "integer", default = 80, min = 1, doc = "Longest reply." },
    stop = { type = "list", default = { "\n" }, doc = "Stop sequences; empty: none." },
    post = {
      type = "list", default = { "strip", "first_line", "strip_quotes" },
      doc = "Post-processing steps of the reply.",
    },
  },
}

local SYSTEM = [[
You are {persona}, and now {speaker}.
Write in this person's words, out of this person's life, without saying who you are.{about}

{examples}Reply with one {unit} only, on one line.]]

local function prompt_for(ctx, persona, exemplars, advice, opt)
  local lines, target = {}, advice.target
  for i, exemplar in ipairs(exemplars) do lines[i] = "- " .. exemplar.text end
  local system = ctx.text.fill(SYSTEM, {
    persona = persona, speaker = opt.speaker, unit = opt.unit,
    about = target and advice.instruction and ("\n%s: %s"):format(target, advice.instruction) or "",
    examples = #lines > 0
      and ("%ss of other people:\n%s\n\n"):format(opt.unit, table.concat(lines, "\n")) or "",
  })
  local request = ctx.text.fill(target and "Write one new {unit} about {target}."
    or "Write one new {unit}.", { unit = opt.unit, target = target })
  return ctx.text.instruct(system, request, opt.unit:gsub("^%l", string.upper) .. ":")
end

--- Personas come in an order of the advice's own, each once before one comes again.
function M.run(ctx, state, advice, opt)
  if #opt.personas == 0 then error("option personas: at least one is needed") end
  local order = ctx.rng("personas"):shuffle(opt.personas)
  return ctx.each_draft(advice.count, function(i)
    local persona = order[(i - 1) % #order + 1]
    local shown = math.min(opt.exemplars, #state.pool)
    local exemplars = ctx.rng("exemplars"):sample(state.pool, shown)
    local reply, why = ctx.ask("generator", prompt_for(ctx, persona, exemplars, advice, opt), {
      temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, why end
    return { text = ctx.text.apply(reply.text, opt.post), outcome = reply.outcome,
      persona = persona }
  end)
end

return M

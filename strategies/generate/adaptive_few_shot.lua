local M = {
  api = 1,
  kind = "generate",
  description = "Picks each draft's prompt variant by what came of it so far (Thompson sampling).",
  options = {
    variants = {
      type = "list", doc = "Prompt variants { name =, instruction = }; holes as in `unit`.",
      default = {
        { name = "plain", instruction = "Write as {speaker} writes: short and natural." },
        { name = "concrete", instruction = "Choose an unusual situation and give concrete details; "
          .. "use other words than the examples." },
        { name = "person", instruction = "Imagine one particular person, and what this person "
          .. "needs to know just now; use this person's words." },
      },
    },
    speaker = {
      type = "string", default = "a user of a chatbot", doc = "Who the texts come from.",
    },
    unit = { type = "string", default = "question", doc = "What one text is called." },
    exemplars = { type = "integer", default = 3, min = 0, doc = "Exemplars shown in a prompt." },
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
You write one {unit} of {speaker}. {instruction}{about}

{examples}Reply with the {unit} only, on one line.]]

--- Wrong options are told before anything is asked.
local function check(variants)
  for i, variant in ipairs(variants) do
    local fine = type(variant) == "table" and type(variant.name) == "string"
      and type(variant.instruction) == "string"
    if not fine then error(("option variants: %d needs a name and an instruction"):format(i)) end
  end
  if #variants == 0 then error("option variants: at least one is needed") end
end

--- The variant whose yield, as it may be after what came of it, is highest.
local function pick(stream, variants, sums)
  local best, most
  for _, variant in ipairs(variants) do
    local sum = sums[variant.name] or { drafts = 0, kept = 0 }
    local yield = stream:beta(1 + sum.kept, 1 + math.max(sum.drafts - sum.kept, 0))
    if not best or yield > most then best, most = variant, yield end
  end
  return best
end

local function prompt_for(ctx, variant, exemplars, advice, opt)
  local lines, target = {}, advice.target
  for i, exemplar in ipairs(exemplars) do lines[i] = "- " .. exemplar.text end
  local names = { unit = opt.unit, speaker = opt.speaker, target = target or "anything" }
  local system = ctx.text.fill(SYSTEM, {
    unit = opt.unit, speaker = opt.speaker, instruction = ctx.text.fill(variant.instruction, names),
    about = target and advice.instruction and ("\n%s: %s"):format(target, advice.instruction) or "",
    examples = #lines > 0 and ("Examples:\n%s\n\n"):format(table.concat(lines, "\n")) or "",
  })
  local request = ctx.text.fill(target and "Write one new {unit} about {target}."
    or "Write one new {unit}.", names)
  return ctx.text.instruct(system, request, opt.unit:gsub("^%l", string.upper) .. ":")
end

function M.run(ctx, state, advice, opt)
  check(opt.variants)
  local sums = {}
  for _, sum in ipairs(state.variants) do sums[sum.variant] = sum end
  return ctx.each_draft(advice.count, function()
    local variant = pick(ctx.rng("variant"), opt.variants, sums)
    local shown = math.min(opt.exemplars, #state.pool)
    local exemplars = ctx.rng("exemplars"):sample(state.pool, shown)
    local reply, why = ctx.ask("generator", prompt_for(ctx, variant, exemplars, advice, opt), {
      temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, why end
    local tokens = (reply.usage.prompt_tokens or 0) + (reply.usage.completion_tokens or 0)
    return { text = ctx.text.apply(reply.text, opt.post), outcome = reply.outcome,
      variant = variant.name, tokens = tokens }
  end)
end

return M

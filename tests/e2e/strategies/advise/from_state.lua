local M = {
  api = 1,
  kind = "advise",
  description = "Asks for two names at once; the question tells all that the state holds.",
}

--- The state in words, so that any difference in it is a difference in a request.
local function told(ctx, state)
  local last = state.history[#state.history]
  return ctx.text.fill(
    "Round {round}. Kept {kept} of {drafts}, pool {pool}, tokens {prompt}+{completion}.\n"
      .. "Last: {last}.\nCovered:\n{summary}\nName topic {n} that is missing.",
    {
      round = state.round, kept = state.kept, drafts = state.drafts, pool = #state.pool,
      prompt = state.cost.prompt, completion = state.cost.completion,
      last = last and ("%s %d/%d"):format(last.target, last.kept, last.drafts) or "nothing",
      summary = state.summary.text, n = "{n}",
    })
end

function M.run(ctx, state)
  local question = told(ctx, state)
  local names = ctx.map({ 1, 2 }, function(n)
    local reply, why = ctx.ask("advisor", ctx.text.fill(question, { n = n }), { max_tokens = 20 })
    if not reply then return nil, why end
    return reply.first_line
  end)
  local advice = {}
  for _, name in ipairs(names) do
    if name then advice[#advice + 1] = { target = name } end
  end
  return advice
end

return M

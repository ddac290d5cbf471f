local M = {
  api = 1,
  kind = "generate",
  description = "Asks for angles on a target, and inside each, for texts that build on the angle.",
  options = {
    angles = { type = "integer", default = 2, min = 1, doc = "Angles for each piece of advice." },
    texts = { type = "integer", default = 2, min = 1, doc = "Texts for each angle." },
  },
}

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

--- Two exemplars from the pool, drawn from the lane's own stream.
local function exemplars(ctx, state)
  local stream, lines = ctx.rng("exemplars"), {}
  for i = 1, math.min(2, #state.pool) do
    lines[i] = "- " .. state.pool[stream:integer(1, #state.pool)].text
  end
  return table.concat(lines, "\n")
end

local function text_for(ctx, state, angle, n)
  local reply, why = ctx.ask("generator",
    ("Like these:\n%s\nWrite question %d on %s."):format(exemplars(ctx, state), n, angle),
    { max_tokens = 60 })
  if not reply then return nil, why end
  return { text = reply.first_line, angle = angle, outcome = reply.outcome }
end

function M.run(ctx, state, advice, opt)
  local groups = ctx.map(numbers(opt.angles), function(n)
    local angle, why = ctx.ask("generator", ("Name angle %d on %s."):format(n, advice.target),
      { max_tokens = 20 })
    if not angle then return nil, why end
    return (ctx.map(numbers(opt.texts), function(m)
      return text_for(ctx, state, angle.first_line, m)
    end))
  end)
  local drafts = {}
  for _, group in ipairs(groups) do
    for _, draft in ipairs(group or {}) do
      if draft then drafts[#drafts + 1] = draft end
    end
  end
  return drafts
end

return M

local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item serves the advice that it was made for.",
  description = "Asks the judge whether an item is about the target of its advice.",
  findings = {
    off_target = "the judge does not find it to be about {target}",
    no_verdict = "no verdict: {why}",
  },
  options = {
    role = { type = "string", default = "judge", doc = "The role that judges." },
    max_tokens = { type = "integer", default = 4, min = 1, doc = "Longest reply." },
  },
}

local PROMPT = [[
Topic: {target}
Text: {text}

Is the text about the topic? Answer yes or no.]]

--- A reply that is neither yes nor no is no verdict.
function M.check(ctx, item, opt)
  if not item.target then return "pass" end
  local prompt = ctx.text.fill(PROMPT, { target = item.target, text = item.text })
  local reply, why = ctx.ask(opt.role, prompt, { temperature = 0, max_tokens = opt.max_tokens })
  if not reply then return "unknown", { code = "no_verdict", why = why } end
  local word = (reply.first_line:match("%a+") or ""):lower()
  if word == "yes" then return "pass" end
  if word == "no" then return "fail", { code = "off_target", target = item.target } end
  return "unknown", { code = "no_verdict", why = "the judge said: " .. reply.first_line:sub(1, 40) }
end

return M

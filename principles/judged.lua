local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item meets the rubric in the eyes of the judge.",
  description = "Lets the judge rate an item by a rubric on a scale; fails what is rated too low.",
  findings = {
    too_low = "rated {score}, at least {least} wanted",
    no_verdict = "no verdict: {why}",
  },
  options = {
    role = { type = "string", default = "judge", doc = "The role that judges." },
    rubric = {
      type = "string", doc = "What is rated, in one or two sentences.",
      default = "The text is clear, natural and useful: a user could have written it.",
    },
    prompt = {
      type = "string", doc = "The question, with these holes.",
      default = "Criterion: {rubric}\n\nText:\n<<<\n{text}\n>>>\n\nHow well does the text meet the "
        .. "criterion? Reply with one whole number from {lowest} (not at all) "
        .. "to {highest} (fully), nothing else.",
    },
    lowest = { type = "integer", default = 1, min = 0, doc = "Lowest rating of the scale." },
    highest = { type = "integer", default = 5, min = 1, doc = "Highest rating of the scale." },
    threshold = { type = "integer", default = 4, min = 0, doc = "Lowest rating that passes." },
    max_tokens = { type = "integer", default = 6, min = 1, doc = "Longest reply." },
  },
}

--- The rating in a reply such as "4", "Rating: 4" or "4/5"; nil for any other form.
local function rating_of(line, opt)
  local highest = tostring(opt.highest)
  line = line:gsub("[%*_`]", ""):gsub("/%s*" .. highest .. "%f[%D]", "")
  line = line:gsub(" out of " .. highest .. "%f[%D]", "")
  local before, number, after = line:match("^([%a%s:]*)(%d+)([%s%.%a]*)$")
  local value = number and #before <= 20 and #after <= 20 and tonumber(number)
  if not value or value < opt.lowest or value > opt.highest then return nil end
  return value
end

function M.check(ctx, item, opt)
  local prompt = ctx.text.fill(opt.prompt, { rubric = opt.rubric, text = item.text,
    target = item.target or "", lowest = opt.lowest, highest = opt.highest })
  local reply, why = ctx.ask(opt.role, prompt, { temperature = 0, max_tokens = opt.max_tokens })
  if not reply then return "unknown", { code = "no_verdict", why = why } end
  local score = rating_of(reply.first_line, opt)
  if not score then
    local said = "the judge said: " .. reply.first_line:sub(1, 40)
    return "unknown", { code = "no_verdict", why = said }
  end
  if score >= opt.threshold then return "pass" end
  return "fail", { code = "too_low", score = score, least = opt.threshold }
end

return M

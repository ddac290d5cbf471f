local M = {
  api = 1,
  kind = "advise",
  description = "Asks the advisor for a category that the summary does not cover (Data Advisor).",
  options = {
    subject = { type = "string", default = "topics of user requests", doc = "What the list is a list of." },
    categories = { type = "integer", default = 1, min = 1, max = 64, doc = "Pieces of advice in a round." },
    tries = { type = "integer", default = 4, min = 1, doc = "Questions asked until a name is new." },
    verify = { type = "boolean", default = true, doc = "Ask again for a name that is empty, too long or listed." },
    min_words = { type = "integer", default = 1, min = 1, doc = "Shortest name accepted, in words." },
    max_words = { type = "integer", default = 6, min = 1, doc = "Longest name accepted, in words." },
    shuffle = { type = "boolean", default = false, doc = "Show the list in a new order at every question." },
    shown = { type = "integer", default = 40, min = 1, doc = "Most names shown; beyond that, a random choice." },
    temperature = { type = "number", default = 0.8, min = 0, doc = "Sampling temperature." },
    hotter = { type = "number", default = 0.2, min = 0, doc = "Added to the temperature at each further try." },
    top_p = { type = "number", default = 0.95, min = 0, max = 1, doc = "Nucleus sampling." },
    max_tokens = { type = "integer", default = 24, min = 1, doc = "Longest reply." },
    stop = { type = "list", default = { "\n", ",", ":", "(" }, doc = "Stop sequences; an empty list sends none." },
    template = { type = "string", default = "", doc = "The whole prompt, with a hole {list}, instead of ours." },
    post = { type = "list", default = { "strip", "first_line", "strip_label", "strip_quotes", "strip_stop" },
      doc = "Post-processing steps of the reply." },
  },
}

local SYSTEM = "You extend a list of {subject}. You are shown the list so far. Reply with one new name "
  .. "of one to four words that is not covered by it, and nothing else."

local RAW = "A list of {subject}:\n{list}\n-"

--- Earlier turns that show the form: the list's own last names, asked for again.
local function worked_examples(names)
  local turns = {}
  for missing = math.max(#names - 1, 2), #names do
    turns[#turns + 1] = { role = "user", content = "- " .. table.concat(names, "\n- ", 1, missing - 1) }
    turns[#turns + 1] = { role = "assistant", content = names[missing] }
  end
  return turns
end

--- A template gets the list as it stands, blank lines included.
local function prompt_for(ctx, names, whole, opt)
  if opt.template ~= "" then
    return ctx.text.fill(opt.template, { list = whole or table.concat(names, "\n") })
  end
  local messages = { { role = "system", content = ctx.text.fill(SYSTEM, { subject = opt.subject }) } }
  for _, turn in ipairs(worked_examples(names)) do messages[#messages + 1] = turn end
  local list = "- " .. table.concat(names, "\n- ")
  messages[#messages + 1] = { role = "user", content = list }
  return { messages = messages, prompt = ctx.text.fill(RAW, { subject = opt.subject, list = list }) }
end

local function is_new(ctx, name, covered, opt)
  local words = ctx.text.count_words(name)
  return words >= opt.min_words and words <= opt.max_words and name:find("^%a") ~= nil
    and not covered[ctx.text.normalize(name)]
end

--- One category, asked for until it is new; the last one that is not empty otherwise.
local function one_category(ctx, names, whole, covered, opt)
  local found
  for try = 1, opt.verify and opt.tries or 1 do
    local shown = names
    if opt.shuffle or #names > opt.shown then
      shown = ctx.rng("shown"):sample(names, math.min(#names, opt.shown))
    end
    local reply, why, code = ctx.ask("advisor", prompt_for(ctx, shown, shown == names and whole, opt), {
      temperature = opt.temperature + (try - 1) * opt.hotter, top_p = opt.top_p, max_tokens = opt.max_tokens,
      stop = #opt.stop > 0 and opt.stop or nil,
    })
    if not reply then return nil, "no advice: " .. why, code end
    local name = ctx.text.apply(reply.text, opt.post)
    if not opt.verify or is_new(ctx, name, covered, opt) then return name end
    if ctx.text.count_words(name) > 0 then found = name end
  end
  if not found then return nil, ("no advice: the model named nothing in %d tries"):format(opt.tries) end
  ctx.note(("the category is not new: %s"):format(found))
  return found
end

function M.run(ctx, state, opt)
  local whole = state.summary.text
  local names, covered, advice = ctx.text.lines(whole), {}, {}
  for _, name in ipairs(names) do covered[ctx.text.normalize(name)] = true end
  for i = 1, opt.categories do
    local name, why, code = one_category(ctx, names, whole, covered, opt)
    if not name then return nil, why, code end
    whole = whole .. "\n" .. name
    names[#names + 1], covered[ctx.text.normalize(name)] = name, true
    advice[i] = { target = name }
  end
  return advice
end

return M

local M = {
  api = 1,
  kind = "summarize",
  description = "Lets the advisor rewrite the list of what is covered, from the advice or from "
    .. "the new items.",
  options = {
    source = { type = "string", default = "items", one_of = { "items", "advice" },
      doc = "What the advisor is shown: the new items (the paper) or the advised name only (the "
        .. "released code)." },
    heading = {
      type = "string", default = "Topics covered", doc = "Heading of the list in the prompt.",
    },
    subject = { type = "string", default = "topics", doc = "What the list is a list of." },
    keep_lines = {
      type = "boolean", default = true, doc = "Put back lines that the rewritten list lost.",
    },
    temperature = {
      type = "number", default = 0, min = 0, doc = "Sampling temperature; 0 is greedy.",
    },
    top_p = { type = "number", default = 0.95, min = 0, max = 1, doc = "Nucleus sampling." },
    max_tokens = { type = "integer", default = 1024, min = 1, doc = "Longest reply." },
    template = { type = "string", default = "",
      doc = "The whole prompt as one text with holes {list} and {shown}, instead of ours." },
    post = {
      type = "list", default = { "before_dashes", "strip" },
      doc = "Post-processing steps of the reply.",
    },
  },
}

local PROMPT = [[
{heading}:
{list}
---
{shown}
---
Rewrite the list of {subject} so that it also covers what stands between the lines. If a topic is missing, add it on a new line. Every line has at most five words; keep the lines that are there; be concise. End the list with ---

{heading}:
]]

--- The new items, or the advised names, as the prompt shows them.
local function shown(batch, source)
  local lines = {}
  if source == "advice" then
    for _, piece in ipairs(batch.advice) do lines[#lines + 1] = piece.target end
  else
    for _, item in ipairs(batch.items) do lines[#lines + 1] = item.text end
  end
  return table.concat(lines, "\n")
end

--- The old lines as they were, then those that are new; a heading is no line.
local function put_back(ctx, old, new, heading)
  local lines, present = {}, {}
  local function add(line, name)
    local key = ctx.text.normalize(name)
    if key ~= "" and not present[key] then lines[#lines + 1], present[key] = line, true end
  end
  local function bare(line)
    return ctx.text.apply(line, { "strip_label", "strip" })
  end
  for _, line in ipairs(ctx.text.lines(old)) do
    add(line, line)
    present[ctx.text.normalize(bare(line))] = true
  end
  present[ctx.text.normalize(heading)], present[ctx.text.normalize(heading .. ":")] = true, true
  for _, line in ipairs(ctx.text.lines(new)) do
    if not present[ctx.text.normalize(line)] then add(bare(line), bare(line)) end
  end
  return table.concat(lines, "\n")
end

function M.run(ctx, state, batch, opt)
  local new = shown(batch, opt.source)
  if new == "" and opt.keep_lines then return { text = state.summary.text } end
  local prompt = ctx.text.fill(opt.template ~= "" and opt.template or PROMPT,
    { heading = opt.heading, subject = opt.subject, list = state.summary.text,
    shown = new })
  local reply, why, code = ctx.ask("advisor", prompt, {
    temperature = opt.temperature, top_p = opt.top_p, max_tokens = opt.max_tokens,
  })
  if not reply then return nil, "no summary: " .. why, code end
  local text = ctx.text.apply(reply.text, opt.post)
  if opt.keep_lines then text = put_back(ctx, state.summary.text, text, opt.heading) end
  return { text = text }
end

return M

local core = require("advisor_core")
local registry = require("advisor.host.registry")
local text = require("advisor.output.text")

local verb = {
  usage = "new KIND NAME",
  summary = "Writes a scaffold that passes its checks: a script to begin with.",
  positional = { "KIND", "NAME" },
  flags = {},
  notes = "KIND is one of advise, generate, filter, summarize, label, respond, principle. The "
    .. "file is made in the\n"
    .. "current folder: strategies/KIND/NAME.lua, or principles/NAME.lua.",
}

local HEAD = [[
return {
  api = 1,
  kind = "{kind}",
  description = "{description}",
]]

local BODIES = {
  advise = { "Names one category that the summary does not list.", [[
  run = function(ctx, state)
    local reply, why, code = ctx.ask("advisor", "Covered so far:\n" .. state.summary.text
      .. "\nName one category that is missing. Reply with its name only.", { max_tokens = 24 })
    if not reply then return nil, why, code end
    return { { target = reply.first_line } }
  end,
}
]] },
  generate = { "Asks for one new text a prompt.", [[
  run = function(ctx, _, advice)
    local drafts = {}
    for i = 1, advice.count do
      local prompt = "Write one question about " .. (advice.target or "anything")
      local reply, why, code = ctx.ask("generator", prompt, { max_tokens = 80 })
      if not reply then return nil, why, code end
      drafts[i] = { text = reply.first_line }
    end
    return drafts
  end,
}
]] },
  filter = { "Drops drafts that equal a kept item.", [[
  run = function(ctx, _, drafts)
    return ctx.dedup("exact").judge(drafts)
  end,
}
]] },
  summarize = { "Adds the advised targets to the list.", [[
  run = function(_, state, batch)
    local text = state.summary.text
    for _, piece in ipairs(batch.advice) do
      if piece.target then text = text .. "\n" .. piece.target end
    end
    return { text = text }
  end,
}
]] },
  label = { "Assigns each item to the target of its advice.", [[
  run = function(_, items)
    local cells = {}
    for i, item in ipairs(items) do cells[i] = item.target or false end
    return cells
  end,
}
]] },
  respond = { "Asks the responder for a reply.", [[
  run = function(ctx, item)
    local reply, why, code = ctx.ask("responder", item.text, { temperature = 0, max_tokens = 256 })
    if not reply then return nil, why, code end
    return { response = reply.text }
  end,
}
]] },
  principle = { "Fails items that are too short.", [[
  level = "item",
  statement = "An item says enough to be understood.",
  findings = { too_short = "{words} words, at least {least} wanted" },
  options = {
    min_words = { type = "integer", default = 4, min = 1, doc = "Fewest words accepted." },
  },
  check = function(ctx, item, opt)
    local words = ctx.text.count_words(item.text)
    if words < opt.min_words then
      return "fail", { code = "too_short", words = words, least = opt.min_words }
    end
    return "pass"
  end,
}
]] },
}

function verb.run(args)
  local body, name = BODIES[args.KIND], args.NAME
  if not body then
    io.stderr:write(("advisor new: there is no scaffold for '%s'; %s\n"):format(args.KIND,
      verb.notes))
    return 2
  end
  if not name:find("^%a[%w_]*$") or #name > 64 then
    io.stderr:write(("advisor new: '%s' is no name for a script: letters, digits and '_', a "
      .. "letter first\n"):format(name))
    return 2
  end
  local path = ("%s/%s.lua"):format(registry.folders[args.KIND], name)
  if core.system.kind(path) then
    io.stderr:write(path, " exists already; it was left as it is\n")
    return 1
  end
  local made, why = core.system.make_folder(registry.folders[args.KIND])
  local file
  if made then file, why = io.open(path, "wb") end
  if not file then error({ message = why }, 0) end
  file:write(text.fill(HEAD, { kind = args.KIND, description = body[1] }), body[2])
  file:close()
  local switch = args.KIND == "principle"
    and ("add \"%s\" to the experiment's principles"):format(name)
    or args.KIND == "filter" and ("--set 'pipeline.filter=[\"%s\"]'"):format(name)
    or ("--set pipeline.%s=%s"):format(args.KIND, name)
  io.stdout:write(("%s\ncheck it: advisor check %s\nuse it:   %s\n"):format(path, path, switch))
  return 0
end

return verb

--- A run as far as the stages look at it, with scripts given as source.
local context = require("advisor.host.context")
local coverage = require("advisor.engine.coverage")
local core = require("advisor_core")
local options = require("advisor.host.options")
local ledger = require("advisor.engine.ledger")
local readonly = require("advisor.host.readonly")
local registry = require("advisor.host.registry")
local round = require("advisor.engine.round")
local stages = require("advisor.engine.stages")
local states = require("advisor.engine.state")

local support = {}

--- A script as the pipeline holds it.
---@param kind string
---@param body string The function's body; it may use ctx, its arguments a, b, c, and opt.
---@param more string|nil Fields of its table.
---@param given table|nil Options.
function support.used(kind, body, more, given)
  local entry = kind == "principle" and "check" or "run"
  local count = ({ generate = 2, filter = 2, summarize = 2 })[kind] or 1
  local arguments = table.concat({ "a", "b", "c" }, ", ", 1, count)
  local source = ("return { api = 1, kind = '%s', description = 'A spec.', %s "
    .. "%s = function(ctx, %s, opt) %s end }"):format(kind, more and more .. "," or "", entry,
    arguments, body)
  local name = "my_" .. kind
  local script, problems = registry.examine(source, name .. ".lua", kind, name, "file")
  if not script then error(table.concat(problems, "\n"), 2) end
  return { name = name, script = script, options = options.fill(script.table.options, given or {}) }
end

--- A principle of a level.
function support.principle(level, body, more)
  return support.used("principle", body, ("level = '%s', statement = 'x'%s"):format(level,
    more and ", " .. more or ""))
end

--- A run.
---@param given table `{ advise, generate, filter, summarize, item, dataset, per_round, accept,
--- unknown, kept }`
function support.run(given)
  local index, kept = core.dedup.exact(), given.kept or {}
  for i, text in ipairs(kept) do index:add(text, i) end
  return {
    seed = 1, instructions = 1000000, context = context.new(), asked = {}, noted = {},
    pipeline = { advise = given.advise, generate = given.generate, filter = given.filter or {},
      summarize = given.summarize, respond = given.respond,
      label = given.label or support.used("label", "return {}") },
    label_options = readonly.view(given.label_options or {}), ledger = ledger.new({}),
    timeline = { coverage = coverage.new({ cells = given.cells or {}, open = not given.cells }) },
    advise_script = function(self) return self.pipeline.advise end,
    view = function(self, state, gaps) return states.view(self.timeline, state, gaps) end,
    principles = { item = given.item or {}, dataset = given.dataset or {} },
    resolved = { per_round = given.per_round or 4, accept = given.accept },
    accept_in = function() return given.accept end,
    draft = round.draft, label = stages.label, summarize = stages.summarize,
    policy = { unknown = given.unknown or "drop" },
    parallel = function(_, n, fn) for i = n, 1, -1 do fn(i) end end,
    ask = function(self, lane, role, prompt)
      self.asked[#self.asked + 1] = { stage = lane.stage, path = lane.path, role = role,
        prompt = prompt }
      return { text = "reply", first_line = "reply", usage = {}, outcome = "ok" }
    end,
    note = function(self, _, remark) self.noted[#self.noted + 1] = remark end,
    comparison = function(_, lane)
      return {
        nearest = function(text)
          local id, score = index:nearest(text, lane.before)
          return id and { id = "r1-" .. id, score = score, text = kept[id] } or nil
        end,
        add = function() end,
      }
    end,
  }
end

--- Drafts as `stages.generate` makes them.
function support.drafts(...)
  local list = {}
  for i, text in ipairs({ ... }) do
    list[i] = { index = i, text = text, target = "T", advice = 1, meta = {}, verdicts = {},
      verdict = "kept" }
  end
  return list
end

return support

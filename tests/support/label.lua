--- Loads a labeller as the program does: its options, and the taxonomy and
--- examples that the host adds to them.
---
---   local label = require("tests.support.label")
---   local run = label("strategies/label/keywords.lua", { cells = { { name = "A" } } })
---   local cells, why = run(ctx, { "a text", { text = "another", target = "A" } })
local options = require("advisor.host.options")
local readonly = require("advisor.host.readonly")
local registry = require("advisor.host.registry")
local sandbox = require("advisor.host.sandbox")

---@param path string
---@param coverage { cells: table[]?, examples: table[]? }
---@param given table<string, any>|nil Options.
---@return fun(ctx: table, items: (string|table)[]): table|nil, string|nil
return function(path, coverage, given)
  local file = assert(io.open(path, "rb"))
  local source = file:read("a")
  file:close()
  local script, problems = registry.examine(source, path, "label", "spec", "shipped")
  if not script then error(table.concat(problems, "\n"), 2) end
  local filled, wrong = options.fill(script.table.options, given or {})
  if #wrong > 0 then error(table.concat(wrong, "\n"), 2) end
  filled.taxonomy, filled.examples = { cells = coverage.cells or {} }, coverage.examples
  return function(ctx, items)
    local subjects = {}
    for i, item in ipairs(items) do
      subjects[i] = type(item) == "string" and { text = item, index = i } or item
    end
    local lane = sandbox.lane({
      run = { instructions = 50000000 }, round = 1, stage = "label", path = "1", script = "spec",
    })
    local ok, fresh = sandbox.instantiate(lane, script.code, script.extra)
    if not ok then error(fresh, 0) end
    local got = table.pack(sandbox.call(lane, fresh.run, ctx, readonly.view(subjects),
      readonly.view(filled)))
    if not got[1] then error(got[2], 0) end
    return table.unpack(got, 2, got.n)
  end
end

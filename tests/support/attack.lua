--- Attacks on the sandbox, and what became of each. They are lists in
--- tests/support/attacks/CLASS.lua, of
---
---   { name = "a loop", source = "while true do end", expect = "endless" }
---
--- `source` is the body of a generate script's run(ctx, state, advice, opt), or, with
--- `whole`, the file. `apart`: it must have a process of its own; `deep`: it may take more
--- instructions. What is expected:
---
---   "endless"   ended by the limit on instructions, and by that on time where
---               instructions are not counted
---   "hung"      ended by the watchdog, or by the limit on time between two calls
---   "memory"    ended by the limit on memory
---   "bounded"   ended by any limit, or by an error of its own
---   "nothing"   gives nil
---   "any"       ends, and nothing of the program's own breaks
---   { value = v }    gives v: the proof that it got nothing
---   { error = "pattern" }     raises that
---   { refused = "pattern" }   what it gives is refused
---   { problem = "pattern" }   the file is refused
---
--- Run as a program, `lua5.4 tests/support/attack.lua CLASS NUMBER`, it makes one attack
--- with SECONDS of CPU time, BYTES of memory and no limit on instructions, and prints
--- what came of it as JSON.
local comparison = require("advisor.engine.comparison")
local context = require("advisor.host.context")
local core = require("advisor_core")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local readonly = require("advisor.host.readonly")
local registry = require("advisor.host.registry")
local sandbox = require("advisor.host.sandbox")
local world = require("advisor.engine.rehearsal_world")

local attack = {}

attack.classes = { "loops", "memory", "libraries", "escapes", "nondeterminism", "protocol", "stacks",
  "errors", "results", "files" }

--- Limits of an attack that has a process of its own. One on memory has more time, or
--- the limit on time would end it first; what only runs there as well has more of both.
attack.SECONDS, attack.LONG_SECONDS = 0.2, 10
attack.BYTES, attack.MANY_BYTES = 24 * 1024 * 1024, 512 * 1024 * 1024

--- Of one that has none; a loop takes some milliseconds. A stack overflows only later.
attack.INSTRUCTIONS, attack.DEEP = 1000000, 100000000

---@param class string
---@return table[] attacks
function attack.list(class)
  return dofile("tests/support/attacks/" .. class .. ".lua")
end

local HEAD = "return { api = 1, kind = 'generate', description = 'An attack.', "
  .. "run = function(ctx, state, advice, opt)\n"

local function run_for(used, limits)
  local made, run = world.new(used), host.run(limits.instructions)
  run.script_seconds = limits.seconds
  run.timeline, run.comparison = made.timeline, comparison
  run.indexes, run.reference_indexes, run.resolved = {}, {}, { references = {} }
  function run.embed(_, _, _, texts) return world.vectors(texts) end
  return run, made
end

--- Makes an attack, in a task.
local function make(case, limits)
  local source = case.whole and case.source or HEAD .. case.source .. "\nend }"
  local script, problems = registry.examine(source, "attack.lua", "generate", "attack", "file")
  if not script then return { kind = "problem", message = table.concat(problems, "\n") } end
  local used = { script = script, name = "attack", options = {} }
  local run, made = run_for(used, { seconds = limits.seconds,
    instructions = limits.instructions or case.deep and attack.DEEP or attack.INSTRUCTIONS })
  local lane = sandbox.lane({ run = run, round = 2, stage = "generate", path = "1", script = "attack" })
  local ok, fresh = sandbox.instantiate(lane, script.code, script.extra)
  if not ok then return { kind = "problem", message = fresh } end
  local value, why
  ok, value, why = sandbox.call(lane, fresh.run, context.new(),
    table.unpack(made.arguments, 1, made.arguments.n))
  if not ok then
    local message = value:gsub("\nstack traceback:.*", "")
    return { kind = message:find("exceeded the limit of %d+ instructions") and "instructions" or "error",
      message = message }
  end
  if value == nil then return { kind = "nothing", message = why } end
  local copy, problem = readonly.plain({ value }, "drafts")
  if problem then return { kind = "refused", message = problem } end
  return { kind = "value", value = copy[1] }
end

local KINDS = { ENOMEM = "memory", ELIMIT = "time" }

--- Makes an attack.
---@param case table
---@param limits table `{ instructions, seconds }`, each nil: the usual.
---@return table outcome `{ kind, message, value }`
function attack.make(case, limits)
  local done
  core.loop.run(function()
    local ok, problem = pcall(make, case, limits)
    if ok then
      done = problem
    elseif problem == "not enough memory" then
      done = { kind = "memory", message = problem }
    elseif type(problem) == "table" and problem.stop == sandbox.Stop then
      done = { kind = KINDS[problem.code] or problem.code, message = problem.message }
    else
      done = { kind = "fault", message = tostring(problem) }
    end
  end)
  return done
end

--- What the kinds of ends are that an expectation by name allows.
local ALLOWED = {
  endless = { instructions = true, time = true },
  hung = { hung = true, time = true, instructions = true },
  memory = { memory = true },
  nothing = { nothing = true },
  -- An end of any kind but a fault of the program or too much memory.
  any = { value = true, nothing = true, refused = true, error = true, instructions = true, time = true },
  bounded = { instructions = true, time = true, memory = true, hung = true, error = true },
}

--- Compares what came of an attack with what is expected.
---@param case table
---@param got table As of `attack.make`; of kind "hung" where the process was ended.
---@return string|nil problem
function attack.problem(case, got)
  local want = case.expect
  local function differs(what)
    return ("%s: %s expected, got %s (%s)"):format(case.name, what, got.kind,
      tostring(got.message or got.value ~= nil and json.encode({ got.value }) or "without words"):sub(1, 300))
  end
  if type(want) == "string" then return not ALLOWED[want][got.kind] and differs(want) or nil end
  if want.value ~= nil then
    local same = got.kind == "value" and json.encode({ got.value }) == json.encode({ want.value })
    return not same and differs(json.encode({ want.value })) or nil
  end
  local kind, pattern = next(want)
  local fits = got.kind == kind and tostring(got.message):find(pattern)
  return not fits and differs(kind .. " '" .. pattern .. "'") or nil
end

--- Expectations that only a limit meets.
local BY_LIMIT = { endless = true, hung = true, memory = true, bounded = true }

--- Made to measure what a process takes without any attack.
local HARMLESS = { name = "harmless", source = "return 'nothing'", expect = { value = "nothing" } }

--- `hung`: the process of the attack was ended, so only what that is worth is told.
local function main(class, number, hung)
  local case = class == "harmless" and HARMLESS or attack.list(class)[tonumber(number)]
  -- What is to end by itself has time and memory enough to do so.
  local by_limit = type(case.expect) == "string" and BY_LIMIT[case.expect]
  local seconds = by_limit and case.expect ~= "memory" and attack.SECONDS or attack.LONG_SECONDS
  core.sandbox.limit_memory(case.apart and attack.BYTES or attack.MANY_BYTES)
  local got = hung and { kind = "hung" }
    or attack.make(case, { instructions = by_limit and 1 << 50 or nil, seconds = seconds })
  local said = { kind = got.kind, seconds = seconds, problem = attack.problem(case, got) }
  if type(got.message) == "string" then said.message = core.text.repair(got.message:sub(1, 500)) end
  io.stdout:write(json.encode(said), "\n")
  io.stdout:flush()
  -- What the process holds is the system's to take back.
  os.exit(0, false)
end

if arg and arg[0] and arg[0]:find("tests/support/attack.lua$") then
  if arg[1] == "--count" then
    for _, class in ipairs(attack.classes) do print(class, #attack.list(class)) end
  else
    main(arg[1], arg[2], arg[3])
  end
end

return attack

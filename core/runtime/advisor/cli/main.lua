--- The command line: one file a verb.
local core = require("advisor_core")
local arguments = require("advisor.cli.arguments")
local damaged = require("advisor.cli.damaged")
local failure = require("advisor.output.failure")
local terminal = require("advisor.output.terminal")
local version = require("advisor.version")

local VERBS = {
  "run", "resume", "replay", "fork", "sweep", "ablate", "compare", "merge", "preview", "status", "report",
  "export", "list", "show", "check", "new", "eval", "doctor", "salvage",
}

--- Exit codes.
local DONE, ERROR, USAGE = 0, 1, 2

local function is_verb(name)
  for _, verb in ipairs(VERBS) do
    if verb == name then return true end
  end
  return false
end

local function help()
  local lines = {
    "usage: advisor VERB [ARGUMENTS]",
    "",
    "Curates training data for language models in a closed loop.",
    "",
  }
  for _, name in ipairs(VERBS) do
    local verb = require("advisor.cli." .. name)
    lines[#lines + 1] = ("  %-8s %s"):format(name, verb.summary)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "advisor VERB --help shows a verb's options; advisor --version the version."
  lines[#lines + 1] = "Environment: OPENAI_BASE_URL, OPENAI_API_KEY, ADVISOR_MODEL (presets), "
    .. "ADVISOR_PATH (scripts), ADVISOR_PRICES (a file)."
  return table.concat(lines, "\n") .. "\n"
end

local function usage_error(name, problem)
  local where = name and " " .. name or ""
  io.stderr:write(("advisor%s: %s\nTry 'advisor%s --help'.\n"):format(where, problem, where))
  return USAGE
end

local function log_level(args)
  if args.verbose then return "info" end
  return "warn"
end

local COMMON = {
  help = { short = "h", doc = "Show this." },
  verbose = { short = "v", doc = "Also log what goes on to standard error." },
  core = { doc = "Let a crash leave a core file, in which keys can be read." },
}

--- Says why a verb has failed.
local function failed(name, problem, args)
  local words = failure.words(problem)
  -- The store's own words name no run.
  local in_doubt = (type(problem) ~= "table" or words:find("^store: ")) and words ~= failure.NO_MEMORY.message
  if in_doubt and not failure.out_of_memory() then words = damaged.explain(args) or words end
  io.stderr:write(("advisor %s: %s\n"):format(name, words))
  return ERROR
end

--- Runs one command.
---@param list string[] The arguments.
---@param root string Folder of the program's Lua files.
---@return integer exit
return function(list, root)
  terminal.guard()
  local name = list[1]
  if name == nil then
    io.stderr:write(help())
    return USAGE
  end
  if name == "--help" or name == "-h" or name == "help" then
    io.stdout:write(help())
    return DONE
  end
  if name == "--version" then
    io.stdout:write(version.line(), "\n")
    return DONE
  end
  if not is_verb(name) then return usage_error(nil, ("there is no verb '%s'"):format(name)) end
  local loaded, verb = xpcall(require, failure.traced, "advisor.cli." .. name)
  if not loaded then return failed(name, verb, {}) end
  for long, flag in pairs(COMMON) do verb.flags[long] = flag end
  local args, problem = arguments.parse(verb, table.move(list, 2, #list, 1, {}))
  if not args then return usage_error(name, problem) end
  if args.help then
    io.stdout:write(arguments.help(verb))
    return DONE
  end
  core.log.level(log_level(args))
  if args.inside then require("advisor.cli.isolation").enter(args.inside) end
  -- A run makes much garbage and keeps little: fewer, longer collections cost
  -- less than the memory they save.
  collectgarbage("incremental", 250, 400)
  local ok, code = xpcall(verb.run, failure.traced, args,
    { root = root, verb = name, declared = verb, inside = args.inside ~= nil })
  if ok then return code end
  return failed(name, code, args)
end

--- What the flags of `advisor export` ask for.
local catalog = require("advisor.output.catalog")
local mixing = require("advisor.output.mixing")

local request = {}

--- The flags that only some exports take, by what is exported.
local ONLY = {
  hf = { rows = true, license = true, seed = true },
  trainer = { model = true, lineage = true, mix = true, ["mix-field"] = true, ratio = true,
    ["mix-mode"] = true, seed = true },
  file = { model = true, lineage = true, mix = true, ["mix-field"] = true, ratio = true,
    ["mix-mode"] = true, seed = true },
}
local LIMITED = { "rows", "license", "model", "lineage", "mix", "mix-field", "ratio", "mix-mode",
  "seed" }

--- What is exported, as the user calls it.
local function called(args)
  return args.trainer and "--trainer " .. args.trainer or "--format " .. (args.format or "jsonl")
end

local function number_of(text, name, least, kind)
  local value = tonumber(text)
  if value and kind == "integer" then value = math.tointeger(value) end
  if not value or value < least or value >= 2 ^ 53 then
    return nil, ("--%s must be %s, got '%s'"):format(name, kind == "integer"
      and "a whole number from 0 on" or "a number above 0", text)
  end
  return value
end

--- The first check that finds a problem: `{ wrong, message }`.
local function first_problem(checks)
  for _, check in ipairs(checks) do
    if check[1] then return check[2] end
  end
  return nil
end

local function misplaced(args, kind)
  for _, name in ipairs(LIMITED) do
    if args[name] and not ONLY[kind][name] then
      return ("--%s has no meaning for %s"):format(name, called(args))
    end
  end
  return nil
end

local function problem_of_place(args, kind)
  local no_file = not args.output or args.output == "-"
  return first_problem({
    { kind ~= "file" and no_file, "-o must name the folder to write" },
    { args.json and no_file, "--json needs -o: standard output holds the rows" },
    { args.license and not args.license:find("^[%w%.%-]+$"),
      ("--license must be an id such as cc-by-4.0, got '%s'"):format(args.license) },
  })
end

local function problem_of_format(args, kind, format)
  local asks, what = format.model or kind == "trainer", kind == "trainer" and "tune" or "ask"
  return first_problem({
    { asks and not args.model, "--model is missing: the model to " .. what },
    { args.model and not asks, "--model has no meaning for " .. called(args) },
    { args.lineage and format.lineage == false,
      ("--lineage has no meaning for %s: its rows hold nothing else"):format(called(args)) },
    { kind == "hf" and (not format.columns or format.writes),
      ("--rows: %s cannot be a folder's rows"):format(args.rows) },
    { args.mix and (format.needs ~= "responses" or format.mixes == false),
      ("--mix has no meaning for %s: it needs prompts with one reply"):format(called(args)) },
  })
end

--- The format or the trainer by its name.
local function found(args, kind)
  if kind == "trainer" then
    local trainer, why = catalog.find("trainers", args.trainer)
    return trainer, "--trainer: " .. (why or "")
  end
  local name = kind == "hf" and (args.rows or "prompt_response") or args.format or "jsonl"
  local format, why = catalog.find("formats", name)
  return format, (kind == "hf" and "--rows: " or "--format: ") .. (why or "")
    .. (kind == "hf" and "" or ", hf")
end

--- What is mixed in, or false; nil, message for wrong use. Reads the file.
local function mix_of(args, seed)
  if not args.mix then
    for _, name in ipairs({ "mix-field", "ratio", "mix-mode" }) do
      if args[name] then return nil, ("--%s needs --mix FILE"):format(name) end
    end
    return false
  end
  local mode = args["mix-mode"] or mixing.modes[1]
  if mode ~= mixing.modes[1] and mode ~= mixing.modes[2] then
    return nil, "--mix-mode must be " .. table.concat(mixing.modes, " or ")
  end
  local ratio
  if args.ratio then
    local value, problem = number_of(args.ratio, "ratio", 1e-9)
    if not value then return nil, problem end
    ratio = value
  end
  local fields, why = mixing.fields(args["mix-field"])
  if not fields then return nil, why end
  local rows, fault = mixing.read(args.mix, fields)
  if not rows then error({ message = fault }, 0) end
  return { rows = rows, ratio = ratio, mode = mode, seed = seed, path = args.mix }
end

local function quoted(word)
  return word:find("^[%w%._/:=,%-]+$") and word or "'" .. word:gsub("'", "'\\''") .. "'"
end

--- A path without the folders above it, which are nobody else's business.
local function base(path)
  return path:match("([^/]+)/*$") or path
end

local PATHS = { mix = true, output = true }

--- The command as it was given, for cards and manifests.
local function command_of(args)
  local words = { "advisor", "export", quoted(base(args.RUN)) }
  for _, name in ipairs({ "format", "trainer", "model", "lineage", "rows", "license", "mix",
    "mix-field", "ratio", "mix-mode", "seed", "output" }) do
    local value = args[name]
    for _, each in ipairs(type(value) == "table" and value or { value }) do
      words[#words + 1] = "--" .. name
      if each ~= true then words[#words + 1] = quoted(PATHS[name] and base(each) or each) end
    end
  end
  return table.concat(words, " ")
end

--- Reads the flags.
---@param args table As `arguments.parse` gives them.
---@return { kind: "file"|"hf"|"trainer", found: table, given: table }|nil plan `found` is the
---format or the trainer.
---@return string|nil problem Wrong use. What the world does wrong is raised.
function request.read(args)
  if args.trainer and args.format then return nil, "--trainer brings its own format" end
  local kind = args.trainer and "trainer" or args.format == "hf" and "hf" or "file"
  local made, why = found(args, kind)
  if not made then return nil, why end
  local problem = misplaced(args, kind) or problem_of_place(args, kind)
    or problem_of_format(args, kind, made.format or made)
  if problem then return nil, problem end
  local seed, wrong = number_of(args.seed or "1", "seed", 0, "integer")
  if not seed then return nil, wrong end
  local mix, fault = mix_of(args, seed)
  if mix == nil then return nil, fault end
  return { kind = kind, found = made, given = { model = args.model, lineage = args.lineage,
    seed = seed, mix = mix or nil, command = command_of(args), trainer = args.trainer } }
end

return request

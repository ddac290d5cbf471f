--- Reads a command line against a verb's declaration.
local arguments = {}

---@class advisor.Verb
---@field usage string One line, after "advisor".
---@field summary string One sentence.
---@field flags table<string, table> `{ value = "NAME"|nil, many = boolean, short = "o", doc =
---string, hidden = boolean }`
---@field positional string[] Names of required arguments.
---@field many boolean|nil Whether the last of them may be several: a list then.
---@field optional boolean|nil Whether there may be fewer of them.
---@field notes string|nil More for `--help`.
---@field run fun(args: table, place: table): integer

local function flag_named(verb, name)
  for long, flag in pairs(verb.flags) do
    if "--" .. long == name or (flag.short and "-" .. flag.short == name) then return long, flag end
  end
  return nil
end

local function add(into, long, flag, value)
  if flag.many then
    into[long] = into[long] or {}
    table.insert(into[long], value)
  else
    into[long] = value
  end
end

--- Gives the words without a flag their names.
local function place_all(verb, args, places)
  for position, place in ipairs(verb.positional) do
    if not places[position] and not verb.optional then return nil, ("%s is missing"):format(place) end
    args[place] = places[position]
  end
  if verb.many then
    local last = #verb.positional
    args[verb.positional[last]] = table.move(places, last, #places, 1, {})
    return args
  end
  if #places > #verb.positional then
    return nil, ("'%s' is one argument too many"):format(places[#verb.positional + 1])
  end
  return args
end

--- Parses.
---@param verb advisor.Verb
---@param list string[] What follows the verb.
---@return table|nil args Flags by long name, and positional ones by name.
---@return string|nil problem
function arguments.parse(verb, list)
  local args, places, i = {}, {}, 1
  while i <= #list do
    local word = list[i]
    local name, inline = word:match("^(%-%-[%w%-]+)=(.*)$")
    local long, flag = flag_named(verb, name or word)
    if long and flag.value then
      local value = inline or list[i + 1]
      if value == nil then return nil, ("%s needs a value: %s"):format(word, flag.value) end
      if not inline then i = i + 1 end
      add(args, long, flag, value)
    elseif long then
      args[long] = true
    elseif word:sub(1, 1) == "-" and word ~= "-" then
      return nil, ("unknown option %s"):format(word)
    else
      places[#places + 1] = word
    end
    i = i + 1
  end
  if args.help then return args end
  return place_all(verb, args, places)
end

--- The words that parse to these arguments.
---@param verb advisor.Verb
---@param args table
---@param without table<string, true> Long names of flags that are left out.
---@return string[]
function arguments.words(verb, args, without)
  local words, names = {}, {}
  for _, place in ipairs(verb.positional) do words[#words + 1] = args[place] end
  for long in pairs(verb.flags) do names[#names + 1] = long end
  table.sort(names)
  for _, long in ipairs(names) do
    local flag, value = verb.flags[long], args[long]
    if value ~= nil and not without[long] then
      for _, one in ipairs(flag.many and value or { value }) do
        words[#words + 1] = "--" .. long
        if flag.value then words[#words + 1] = one end
      end
    end
  end
  return words
end

--- The text of `--help`.
---@param verb advisor.Verb
---@return string
function arguments.help(verb)
  local lines = { "usage: advisor " .. verb.usage, "", verb.summary }
  local names = {}
  for long in pairs(verb.flags) do names[#names + 1] = long end
  table.sort(names)
  lines[#lines + 1] = ""
  for _, long in ipairs(names) do
    local flag = verb.flags[long]
    if flag.hidden then goto next end
    local left = (flag.short and ("-%s, "):format(flag.short) or "    ") .. "--" .. long
      .. (flag.value and " " .. flag.value or "")
    lines[#lines + 1] = ("  %-30s %s"):format(left, flag.doc)
    ::next::
  end
  if verb.notes then
    lines[#lines + 1] = ""
    lines[#lines + 1] = verb.notes
  end
  return table.concat(lines, "\n") .. "\n"
end

return arguments

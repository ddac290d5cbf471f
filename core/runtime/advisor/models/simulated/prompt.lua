--- What the simulated provider reads in a prompt. Pure functions of the call.
local prompt = {}

local LETTER = "%w\128-\255"
local WORD = "[" .. LETTER .. "][" .. LETTER .. "-]*"

--- Gets everything that the prompt shows.
---@param call advisor.Call
---@return string
function prompt.all(call)
  if call.prompt then return call.prompt end
  local parts = {}
  for i, message in ipairs(call.messages or {}) do parts[i] = message.content or "" end
  return table.concat(parts, "\n")
end

--- Gets the raw prompt or the last message of the user.
---@param call advisor.Call
---@return string
function prompt.instruction(call)
  if call.prompt then return call.prompt end
  local messages = call.messages or {}
  for i = #messages, 1, -1 do
    if messages[i].role == "user" then return messages[i].content or "" end
  end
  return ""
end

--- Says whether an advisor is asked for a summary. Names come in few tokens.
---@param call advisor.Call
---@return boolean
function prompt.wants_summary(call)
  local most = call.max_tokens
  if most and (most > 200 or most <= 64) then return most > 200 end
  return prompt.instruction(call):lower():find("summary", 1, true) ~= nil
end

--- Strips bullets, numbers, quotes and a label such as "Question 3:".
local function bare(line)
  line = line:gsub("^[%s%p%d]+", ""):gsub("^%a[%w ]*:%s+", "")
  return (line:gsub("^[%s%p]+", ""):gsub("[%s\"]+$", ""))
end

--- Gets the questions that the prompt shows, however they are set out.
---@param text string
---@return string[]
function prompt.questions(text)
  local list = {}
  for part in text:gmatch("[^\n?]+%?") do
    part = bare(part)
    if part ~= "" then list[#list + 1] = part end
  end
  return list
end

--- Says whether a line looks like a topic and not like a sentence.
local function is_topic(line)
  local _, words = line:gsub("%S+", "")
  return words >= 1 and words <= 8 and line:find("%a") and not line:find("[.?!,;:]%s*$")
    and not line:lower():find("summary", 1, true)
end

--- Splits a prompt into blocks of lines, at headings, rules and empty lines.
--- A block is a list if most of its lines look like topics, or if it is the one
--- line under a heading.
local function blocks_of(text)
  local blocks, block = {}, { topics = 0 }
  local function close(headed)
    local one = block.headed and #block == 1
    block.is_list = one or block.topics * 2 > #block
    if block[1] then blocks[#blocks + 1] = block end
    block = { topics = 0, headed = headed }
  end
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    local plain = bare(line)
    local heading = line:find(":%s*$") ~= nil
    if plain == "" or heading then
      close(heading)
      if heading then blocks[#blocks + 1] = { plain } end
    else
      block[#block + 1] = plain
      block.topics = block.topics + (is_topic(plain) and 1 or 0)
    end
  end
  close()
  return blocks
end

--- Makes the new summary: the shown list (the first block that is one), then
--- what is new in the prompt: names, cells of questions, lone topics.
---@param text string
---@param find fun(text: string): { name: string }[]
---@param read fun(text: string): string?
---@return string[]
function prompt.summary(text, find, read)
  local listed, seen, shown = {}, {}, nil
  local function add(name)
    if not seen[name:lower()] then
      seen[name:lower()], listed[#listed + 1] = true, name
    end
  end
  for _, block in ipairs(blocks_of(text)) do
    shown = shown or block.is_list and block
    local verbatim = block == shown or block.is_list and #block == 1
    for _, line in ipairs(block) do
      local names = find(line)
      for _, entry in ipairs(names) do add(entry.name) end
      local cell = not names[1] and read(line)
      if cell then add(cell)
      elseif not names[1] and verbatim and is_topic(line) then add(line) end
    end
  end
  return listed
end

--- Says whether a judge's prompt names a target by a label, such as "Topic: x".
---@param text string
---@return boolean
function prompt.has_target(text)
  text = text:lower()
  for _, label in ipairs({ "topic", "target", "category", "subject", "advice" }) do
    if text:find("%f[%a]" .. label .. ":%s") then return true end
  end
  return false
end

--- Gets the cell of the item that a judge is shown: the last line that can be
--- read, one that does not name the target if there is such a line.
---@param text string
---@param target string?
---@param find fun(text: string): { name: string }[]
---@param read fun(text: string): string?, advisor.LexiconCell?
---@return advisor.LexiconCell?
function prompt.judged(text, target, find, read)
  local last, other
  for line in text:gmatch("[^\n]+") do
    local _, cell = read(line)
    if cell then
      last = cell
      local names = false
      for _, entry in ipairs(find(line)) do names = names or entry.name == target end
      if not names then other = cell end
    end
  end
  return other or last
end

--- Adds a name to a tree of words; a node's entry lies at its key 1.
local function plant(root, name, cell)
  local node = root
  for word in name:lower():gmatch(WORD) do
    node[word] = node[word] or {}
    node = node[word]
  end
  if node ~= root and not node[1] then node[1] = { name = name, cell = cell } end
end

--- Finds the longest name that begins at a word.
local function longest_at(node, list, i)
  local entry, stop = nil, i
  while node do
    if node[1] then entry, stop = node[1], i end
    node, i = node[list[i]], i + 1
  end
  return entry, stop
end

--- Makes a function that lists the names that a text mentions, in order.
--- Whole words, any case, each name on one line; what stands between words
--- does not matter.
---@param cells advisor.LexiconCell[]
---@return fun(text: string): { name: string, cell: integer? }[]
function prompt.finder(cells)
  local root = {}
  for i, cell in ipairs(cells) do plant(root, cell.name, i) end
  for _, cell in ipairs(cells) do plant(root, cell.category) end
  return function(text)
    local found = {}
    for line in text:lower():gmatch("[^\n]+") do
      local list, n, i = {}, 0, 1
      for word in line:gmatch(WORD) do
        n = n + 1
        list[n] = word
      end
      while i <= n do
        local entry, stop = longest_at(root[list[i]], list, i + 1)
        if entry then found[#found + 1] = entry end
        i = entry and stop or i + 1
      end
    end
    return found
  end
end

return prompt

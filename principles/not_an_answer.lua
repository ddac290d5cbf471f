local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item asks or requests something; it does not answer.",
  description = "Fails items that read as an assistant's answer instead of a user's question.",
  findings = {
    opens = "opens as an answer does: '{words}'",
    dialogue = "holds both a question and its answer",
    enumerates = "a list of {count} points without a question",
    tells = "{words} words and nothing asked, at most {most} wanted",
  },
  options = {
    max_words = {
      type = "integer", default = 40, min = 1, doc = "Longest text that may ask nothing at all.",
    },
  },
}

--- How answers begin, in lower case.
local OPENINGS = {
  "^sure[,!%.]", "^certainly[,!%.]", "^of course[,!%.]", "^absolutely[,!%.]", "^great question",
  "^here is ", "^here are ", "^here's ", "^yes, you ", "^no, you ", "^answer:", "^as an ai",
  "^thank you for your ", "^i'm sorry, but ", "^i am sorry, but ", "^sorry, but ", "^i'd be happy",
  "^i'm happy to", "^i cannot ", "^i can't help", "^it depends on ", "^there are several ",
  "^there are many ", "^the answer is", "^to answer your ", "^you can ", "^you could ", "^you may ",
  "^to %w+ [^%.]-, you ",
}
--- What questions and requests begin with.
local ASKING = "what how why when where who whose which is are am was do does did can could "
  .. "would will should may have has write explain give tell help list describe show suggest find "
  .. "make create generate please compare name translate summarize rewrite classify convert "
  .. "provide recommend "
  .. "design identify i'd i want need draft edit calculate solve compose imagine let's think choose"
local ASKS = {}
for word in ASKING:gmatch("%S+") do ASKS[word] = true end

local function opening_of(text)
  for _, pattern in ipairs(OPENINGS) do
    local words = text:match(pattern .. "%S*")
    if words then return words end
  end
  return nil
end

--- A question mark or a request at the start of some sentence.
local function asks(text)
  if text:find("?", 1, true) then return true end
  for sentence in text:gmatch("[^%.!\r\n]+") do
    local word = sentence:match("[%a']+")
    if word and ASKS[word] then return true end
  end
  return false
end

local function points_in(text)
  local count = 0
  for line in text:gmatch("[^\r\n]+") do
    if line:find("^%s*%d+[%.%)]%s") or line:find("^%s*[%-%*]%s") then count = count + 1 end
  end
  return count
end

function M.check(ctx, item, opt)
  local text = ctx.text.strip(item.text:gsub("\226\128\153", "'")):lower()
  local opening = opening_of(text)
  if opening and not text:find("%?%s*$") then return "fail", { code = "opens", words = opening } end
  if text:find("%f[%w]q:.*%f[%w]a:") or text:find("%f[%w]question:.*%f[%w]answer:") then
    return "fail", { code = "dialogue" }
  end
  if asks(text) then return "pass" end
  local points, words = points_in(text), ctx.text.count_words(text)
  if points >= 3 then return "fail", { code = "enumerates", count = points } end
  if words <= opt.max_words then return "pass" end
  return "fail", { code = "tells", words = words, most = opt.max_words }
end

return M

local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item is written in the language of the data set.",
  description = "Fails items in another language, known by script and by frequent short words.",
  findings = {
    other_script = "most letters are {found}, {wanted} wanted",
    other_language = "reads as {found}, {wanted} wanted",
    unsure = "too little text to tell the language",
  },
  options = {
    language = {
      type = "string", default = "en", doc = "What is wanted.", one_of = { "ar", "de", "el", "en",
        "es", "fr", "he", "hi", "it", "ja", "ko", "nl", "pt", "ru", "th", "zh" },
    },
    min_words = { type = "integer", default = 5, min = 1, doc = "Shorter texts are unknown." },
  },
}

--- Frequent words that the other languages here do not share.
local WORDS = {
  en = "the and of to is are was you your my for with that this it what how do does can not be "
    .. "should will from they which there why who has but if or by please i",
  de = "der die das und ist nicht ich ein eine zu den mit auf für sich dem auch es wie was sie "
    .. "wir mein wird oder von im bei wenn warum sind aus nach",
  fr = "le les et est une des du je que qui dans pour pas sur au avec ce il vous nous mon sont "
    .. "comment pourquoi quel ou mais plus cette être",
  es = "el los las y es una que del para con por no se mi su como más pero puede cómo qué está "
    .. "lo un al cuál dónde hay este",
  it = "il gli di che è una per non con sono come mi della nel anche più ma questo perché si "
    .. "del alla cosa dove le",
  pt = "o os as e é uma que do da para com não em por se meu como mais mas você dos no são está "
    .. "onde posso um",
  nl = "de het een en van is niet ik dat op te met voor zijn er aan mijn hoe wat kan je naar ook "
    .. "of deze waar",
}

--- First and last code point of a script.
local SCRIPTS = {
  { "kana", 0x3040, 0x30ff }, { "han", 0x3400, 0x9fff }, { "hangul", 0xac00, 0xd7a3 },
  { "cyrillic", 0x400, 0x52f }, { "arabic", 0x600, 0x6ff }, { "greek", 0x370, 0x3ff },
  { "hebrew", 0x590, 0x5ff }, { "devanagari", 0x900, 0x97f }, { "thai", 0xe00, 0xe7f },
  { "latin", 0x41, 0x5a }, { "latin", 0x61, 0x7a }, { "latin", 0xc0, 0x24f },
}
local SCRIPT_OF = { ja = "japanese", zh = "han", ko = "hangul", ru = "cyrillic", ar = "arabic",
  el = "greek", he = "hebrew", hi = "devanagari", th = "thai" }

--- The script of most letters; Japanese is Han with some kana.
local function script_of(text)
  local counts, letters = {}, 0
  for _, point in utf8.codes(text) do
    for _, script in ipairs(SCRIPTS) do
      if point >= script[2] and point <= script[3] then
        counts[script[1]], letters = (counts[script[1]] or 0) + 1, letters + 1
        break
      end
    end
  end
  local kana = counts.kana or 0
  if kana > 0 and kana + (counts.han or 0) > letters / 2 then return "japanese", letters end
  for name, count in pairs(counts) do
    if count > letters / 2 then return name, letters end
  end
  return "mixed", letters
end

--- The language with the most frequent words; nil where two have as many.
local function language_of(words)
  local best, most, second = nil, 0, 0
  for code, list in pairs(WORDS) do
    local set, count = {}, 0
    for word in list:gmatch("%S+") do set[word] = true end
    for word in words:gmatch("[%w'\128-\255]+") do count = count + (set[word] and 1 or 0) end
    if count > most then best, most, second = code, count, most
    else second = math.max(second, count) end
  end
  return most > second and best or nil
end

function M.check(ctx, item, opt)
  local script, letters = "mixed", 0
  if utf8.len(item.text) then script, letters = script_of(item.text) end
  local wanted = SCRIPT_OF[opt.language] or "latin"
  local few = ctx.text.count_words(item.text) < opt.min_words
  if few and (script == "latin" or letters < 2 * opt.min_words) then script = "mixed" end
  if script == "mixed" then return "unknown", { code = "unsure" } end
  if script ~= wanted then
    return "fail", { code = "other_script", found = script, wanted = wanted }
  end
  if wanted ~= "latin" then return "pass" end
  local found = language_of(ctx.text.normalize(item.text))
  if not found then return "unknown", { code = "unsure" } end
  if found == opt.language then return "pass" end
  return "fail", { code = "other_language", found = found, wanted = opt.language }
end

return M

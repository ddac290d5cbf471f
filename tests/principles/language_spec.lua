local support = require("tests.support.strategy")

local function check(text, options)
  local verdict, finding = support.load("principles/language.lua", options)(support.ctx(),
    { text = text })
  return verdict, finding and finding.code, finding
end

local TEXTS = {
  en = "How do I send back a parcel that has the wrong size?",
  de = "Wie kann ich ein Paket mit der falschen Größe wieder zurückschicken?",
  fr = "Comment est-ce que je peux renvoyer un colis qui n'est pas de la bonne taille ?",
  es = "¿Cómo puedo devolver un paquete que no es de la talla que pedí?",
  it = "Come posso restituire un pacco che non è della misura giusta?",
  pt = "Como eu posso devolver um pacote que não é do tamanho certo?",
  nl = "Hoe kan ik een pakket dat niet de goede maat heeft terugsturen?",
  ru = "Как мне вернуть посылку, если размер не подошёл?",
  zh = "如果包裹里的尺寸不对，我该怎么退货呢？",
  ja = "サイズが合わない荷物はどうやって返品できますか？",
  ko = "사이즈가 맞지 않는 물건은 어떻게 반품하나요?",
  ar = "كيف يمكنني إرجاع طرد بالمقاس الخطأ؟",
  el = "Πώς μπορώ να επιστρέψω ένα δέμα με λάθος μέγεθος;",
  he = "איך אני יכול להחזיר חבילה במידה הלא נכונה?",
  hi = "मैं गलत आकार का पार्सल कैसे वापस भेज सकता हूँ?",
  th = "ฉันจะคืนพัสดุที่ขนาดไม่ถูกต้องได้อย่างไร",
}

describe("principle language", function()
  it("passes each language where it is wanted, and fails it elsewhere", function()
    for wanted in pairs(TEXTS) do
      for given, text in pairs(TEXTS) do
        local verdict = check(text, { language = wanted })
        assert.equals(given == wanted and "pass" or "fail", verdict, given .. " as " .. wanted)
      end
    end
  end)

  it("wants English where nothing is said, and names what it found", function()
    assert.equals("pass", check(TEXTS.en))
    assert.same({ code = "other_language", found = "de", wanted = "en" }, select(3,
      check(TEXTS.de)))
    assert.same({ code = "other_script", found = "cyrillic", wanted = "latin" },
      select(3, check(TEXTS.ru)))
  end)

  it("does not know what too little text is", function()
    for _, text in ipairs({ "", "42", "Hello there", "ok", "?!",
      "\255\254 is no text at all here" }) do
      local verdict, code = check(text)
      assert.same({ "unknown", "unsure" }, { verdict, code })
    end
    assert.equals("pass", (check("Where is the parcel?", { min_words = 3 })))
  end)
end)

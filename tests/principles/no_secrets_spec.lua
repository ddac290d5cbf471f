local support = require("tests.support.strategy")

local function check(text, options)
  local verdict, finding = support.load("principles/no_secrets.lua", options)(support.ctx(),
    { text = text })
  return verdict, finding and finding.what
end

-- Made up here and put together, so that no scanner takes them for real ones.
local KEYS = {
  "sk-" .. ("aB3"):rep(12), "AKIA" .. ("Z7"):rep(8), "ghp_" .. ("x9"):rep(18),
  "xoxb-" .. ("12ab"):rep(5), "AIza" .. ("q1W"):rep(12), "-----BEGIN RSA " .. "PRIVATE KEY-----",
  "api_key = \"" .. ("k3y"):rep(4) .. "\"", "Password: hunter2hunter2",
  "Authorization: Bearer " .. ("t0k"):rep(12),
}

describe("principle no_secrets", function()
  it("finds keys", function()
    for _, key in ipairs(KEYS) do
      assert.same({ "fail", "key" }, { check("Use " .. key .. " here.") }, key)
    end
  end)

  it("finds e-mail addresses, phone and card numbers", function()
    assert.same({ "fail", "email" }, { check("Write to jane.doe+x@mail.company.co.uk.") })
    for _, number in ipairs({ "+41 44 123 45 67", "(212) 345-6789", "212-345-6789",
      "212.345.6789" }) do
      assert.same({ "fail", "phone" }, { check("Call " .. number .. " today") }, number)
    end
    for _, number in ipairs({ "4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004" }) do
      assert.same({ "fail", "card" }, { check("Pay with " .. number) }, number)
    end
  end)

  it("names the kinds, never what it found", function()
    local _, what = check("a@b.io and 4111 1111 1111 1111")
    assert.equals("email, card", what)
  end)

  it("passes what only looks alike", function()
    for _, text in ipairs({
      "My order 4111 1111 1111 1112 is late.",
        "In 2024-11-24 and 1999-2001 we sold 1,234,567 units.",
      "The sk-learn tutorial", "Version 3.14.159 at 10:30", "I forgot my password: what now?",
      "Meet me @ the station.", "ISBN 978-3-16-148410-0", "Ask for the token at the desk.",
        "+5 points",
    }) do
      assert.equals("pass", (check(text)), text)
    end
  end)

  it("passes what is reserved for examples, if it may", function()
    for _, text in ipairs({ "ann@example.com", "bob@shop.example", "call 212-555-0123" }) do
      assert.equals("pass", (check(text)), text)
      assert.equals("fail", (check(text, { examples = false })), text)
    end
  end)

  it("looks for the kinds wanted only", function()
    assert.equals("pass", (check("a@b.io", { kinds = { "key", "card" } })))
  end)
end)

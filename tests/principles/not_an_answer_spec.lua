local support = require("tests.support.strategy")

local function check(text, options)
  return support.load("principles/not_an_answer.lua", options)(support.ctx(), { text = text })
end

describe("principle not_an_answer", function()
  it("passes questions, requests and short statements of a user", function()
    for _, text in ipairs({
      "Where is my parcel?", "Write a poem about the sea.", "My order has not arrived.",
      "I bought a kettle last week. It leaks. Can I send it back?",
      "You can buy tickets online, right?",
      "Sort these by price:\n1. tea\n2. coffee\n3. milk\nList the cheapest first.",
    }) do
      assert.equals("pass", check(text), text)
    end
  end)

  it("fails what opens as an answer", function()
    for _, text in ipairs({ "Sure! Here is how.", "Here are five tips for you.",
      "I\226\128\153m sorry, but I cannot do that.", "You can send it back within 30 days.",
      "To return an item, you need the receipt." }) do
      local verdict, finding = check(text)
      assert.equals("fail", verdict, text)
      assert.equals("opens", finding.code)
    end
  end)

  it("fails a question with its answer", function()
    assert.same({ "fail", { code = "dialogue" } },
      { check("Q: Where is my parcel? A: It is on its way.") })
  end)

  it("fails lists and long texts that ask nothing", function()
    local _, finding =
      check("Our rules.\n- Keep the receipt.\n- Return within a month.\n- Be kind.")
    assert.same({ code = "enumerates", count = 3 }, finding)
    local long = ("The parcel left the warehouse on Monday. "):rep(7)
    assert.same({ "fail", { code = "tells", words = 49, most = 40 } }, { check(long) })
    assert.equals("pass", check(long, { max_words = 50 }))
  end)
end)

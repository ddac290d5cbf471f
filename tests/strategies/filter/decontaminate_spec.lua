local support = require("tests.support.strategy")

local PATH = "strategies/filter/decontaminate.lua"

local REFERENCES = {
  shop = { "May I send a parcel back that was opened once?", "Where is my parcel?" },
  toys = { "Is the wooden train set for children under three years of age?" },
}

local function filter(options, references, ...)
  local drafts, declared = {}, {}
  for name, texts in pairs(references) do declared[name] = { file = name .. ".csv", count = #texts } end
  for i, text in ipairs({ ... }) do drafts[i] = { text = text, index = i } end
  local ctx = support.ctx({ references = references })
  return support.load(PATH, options)(ctx, support.state({ references = declared }), drafts), ctx
end

describe("filter/decontaminate", function()
  it("drops what repeats words of a reference, and says which, where and how much", function()
    assert.same({
      { verdict = "fail", kind = "ngrams", reference = "shop", score = 0.8, nearest = "shop:1",
        nearest_text = REFERENCES.shop[1] },
      "pass",
      { verdict = "fail", kind = "ngrams", reference = "toys", score = 8 / 11, nearest = "toys:1",
        nearest_text = REFERENCES.toys[1] },
      { verdict = "fail", kind = "ngrams", reference = "shop", score = 0.8, nearest = "shop:2",
        nearest_text = REFERENCES.shop[2] },
    }, (filter(nil, REFERENCES, "So, may I send a parcel back that was mine?",
      "May I send a parcel back that is mine?",
      "Tell me: is the wooden train set for children under ten?", "And where is MY parcel?")))
  end)

  it("takes other lengths of n-grams", function()
    local draft = "So, may I send a parcel back that was mine?"
    assert.same({ "pass" }, (filter({ n = 9, near = 0 }, REFERENCES, draft)))
    assert.equal("fail", filter({ n = 3 }, REFERENCES, "They send a parcel")[1].verdict)
    assert.same({ "pass" }, (filter({ n = 13, near = 0 }, REFERENCES, "Where is my parcel?")))
  end)

  it("finds near-duplicates that share no run of words", function()
    local draft = "Is the wooden train sett for children under three years of age?"
    local verdict = filter(nil, REFERENCES, draft)[1]
    assert.same({ "near_duplicate", "toys", "toys:1" }, { verdict.kind, verdict.reference, verdict.nearest })
    assert.is_true(verdict.score >= 0.8 and verdict.score < 1)
    assert.same({ "pass" }, (filter({ near = 0 }, REFERENCES, draft)))
    assert.same({ "pass" }, (filter({ near = 0.95 }, REFERENCES, draft)))
  end)

  it("names the worst of several hits, of equals the first", function()
    local references = { a = { "one two three four five six seven eight nine" },
      b = { "zero one two three four five six seven eight" } }
    local text = "one two three four five six seven eight"
    local verdicts = filter({ near = 0 }, references, text .. " nine ten", text,
      "zero " .. text .. " ten")
    assert.same({ "a", "a", "b" }, { verdicts[1].reference, verdicts[2].reference, verdicts[3].reference })
  end)

  it("compares with the references that are named, and not with other drafts", function()
    local verdicts, ctx = filter({ references = { "toys" } }, REFERENCES, "Where is my parcel?",
      "Where is my parcel?")
    assert.same({ "pass", "pass" }, verdicts)
    assert.same({
      { engine = "ngrams", options = { against = "toys", n = 8 } },
      { engine = "minhash", options = { against = "toys", threshold = 0.8 } },
    }, ctx.compared)
  end)

  it("does not pass everything where there are no references", function()
    local ok, message = pcall(filter, nil, {}, "Where is my parcel?")
    assert.is_false(ok)
    assert.matches("names no references", message)
  end)
end)

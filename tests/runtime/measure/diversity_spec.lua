local diversity = require("advisor.measure.diversity")
local simulation = require("tests.support.saturation")

local function near(want, got, room)
  local text = ("wanted %.9g, got %.9g"):format(want, got)
  assert.is_true(math.abs(got - want) <= (room or 1e-9), text)
end

describe("measure/diversity", function()
  local lines = { "how do i return a broken kettle", "how do i return a broken lamp to the shop",
    "where is my parcel", "my parcel is late and my lamp is broken how do i return it" }
  local texts = {}
  for i, line in ipairs(lines) do texts[i] = diversity.words(line) end

  it("splits words", function()
    assert.same({ "don't", "caf\u{e9}", "x2", "a", "b" },
      diversity.words("'Don't' Caf\u{e9}, X2: a-b!"))
    assert.same({}, diversity.words(" ?! '' "))
  end)

  -- Counted by Python's Counter: 18 of 35, 22 of 31, 21 of 27, 19 of 23.
  it("computes distinct-n and their sum", function()
    near(18 / 35, diversity.distinct(texts, 1))
    near(19 / 23, diversity.distinct(texts, 4))
    near(18 / 35 + 22 / 31 + 21 / 27 + 19 / 23, diversity.ngram_diversity(texts))
    near(2 / 5, diversity.distinct({ { "a", "a", "b" }, { "b", "a" } }, 1))
    assert.equal(0, diversity.distinct({ { "a" } }, 2))
    local add = diversity.growing_distinct(1)
    assert.same({ 2 / 3, 2 / 5 }, { add({ "a", "a", "b" }), add({ "b", "a" }) })
  end)

  -- NLTK 3.10.4: mean of sentence_bleu(others, text, weights 1/n, method1).
  it("computes Self-BLEU as NLTK does", function()
    local rng = simulation.rng(1)
    near(0.4172967733092562, diversity.self_bleu(texts, rng))
    near(0.537424171389502, diversity.self_bleu(texts, rng, { n = 2 }))
    near(1, diversity.self_bleu({ texts[1], texts[1], texts[1] }, rng))
    assert.equal(0, diversity.self_bleu({ { "a", "b" }, { "c", "d" } }, rng))
    assert.is_nil(diversity.self_bleu({ texts[1], {} }, rng))
  end)

  it("samples the same texts for the same stream", function()
    local many = {}
    for i = 1, 40 do
      many[i] = {}
      for j = 1, 12 do many[i][j] = "w" .. (i * j * j + i) % 9 end
    end
    local function score(seed)
      return diversity.self_bleu(many, simulation.rng(seed), { sample = 10 })
    end
    assert.equal(score(1), score(1))
    assert.not_equal(score(1), score(2))
    assert.equal(diversity.self_bleu(many, simulation.rng(1)),
      diversity.self_bleu(many, simulation.rng(2), { sample = 40 }))
  end)

  -- Python's zlib: 92 bytes of 151.
  it("computes the compression ratio", function()
    near(151 / 92, diversity.compression_ratio(lines))
    assert.equal(0, diversity.compression_ratio({}))
  end)

  -- Counted by Python: 4, 4, 0 and 2 occurrences in other texts.
  it("computes self-repetition", function()
    near((2 * math.log(5) + math.log(3)) / 4, diversity.self_repetition(texts))
    near(math.log(3), diversity.self_repetition({ { "a" }, { "a" }, { "a" } }, 1))
    assert.equal(0, diversity.self_repetition({}))
  end)
end)

local dedup = require("advisor_core").dedup

describe("dedup.minhash", function()
  it("finds what is near, and says how near", function()
    local index = assert(dedup.minhash())
    assert.is_true(index:add("Where is my parcel, please? I wait for it.", 1))
    assert.is_true(index:add("Something that is quite different", 2))
    local id, score = index:nearest("where is my parcel, please? I wait for it!")
    assert.equal(1, id)
    assert.is_true(score > 0.9 and score < 1)
    assert.is_nil((index:nearest("Where is my parcel, please? I wait for it.", 1)))
    assert.is_nil((index:nearest("nothing of the kind")))
    assert.equal(2, index:count())
  end)

  it("takes shingles of words and a threshold", function()
    local index = assert(dedup.minhash({ words = true, n = 1, threshold = 0.5 }))
    assert(index:add("one two three", 1))
    assert.same({ 1, 0.5 }, { index:nearest("three, two, four!") })
    index = assert(dedup.minhash({ words = true, n = 1, threshold = 0.51 }))
    assert(index:add("one two three", 1))
    assert.is_nil((index:nearest("three, two, four!")))
  end)

  it("fails for an id below the last", function()
    local index = assert(dedup.minhash())
    assert(index:add("one", 2))
    assert.same({ n = 3, nil, "dedup: invalid argument", "EINVAL" }, table.pack(index:add("two", 1)))
  end)

  it("raises for wrong options", function()
    for _, options in ipairs({
      { threshold = 2 }, { threshold = "x" }, { n = 8 }, { n = -1 }, { n = 1.5 }, { bands = 65 }, { treshold = 0.7 },
      { "threshold" }, 5,
    }) do
      assert.is_false((pcall(dedup.minhash, options)))
    end
  end)
end)

describe("dedup.rouge", function()
  it("finds what scores above the threshold", function()
    local index = assert(dedup.rouge())
    assert(index:add("write a story about a dog", 1))
    assert.same({ 1, 10 / 12 }, { index:nearest("Write a story about a cat.") })
    assert.is_nil((index:nearest("A dog wrote a story")))
    index = assert(dedup.rouge({ threshold = 10 / 12 }))
    assert(index:add("write a story about a dog", 1))
    assert.is_nil((index:nearest("Write a story about a cat.")))
  end)

  it("raises for wrong options", function()
    for _, options in ipairs({ { threshold = 2 }, { threshold = "x" }, { n = 8 }, "0.7" }) do
      assert.is_false((pcall(dedup.rouge, options)))
    end
  end)
end)

describe("dedup.ngrams", function()
  it("finds what shares a run of words, and how much of the text lies in such runs", function()
    local index = assert(dedup.ngrams())
    assert.is_true(index:add("May I send a parcel back that was opened once?", 1))
    assert.is_true(index:add("Where is my parcel?", 2))
    assert.same({ 1, 0.8 }, { index:nearest("So, may I send a parcel back that was mine?") })
    assert.same({ 2, 0.8 }, { index:nearest("Well, where is my parcel?") })
    assert.is_nil((index:nearest("May I send a parcel back that is open?")))
    assert.is_nil((index:nearest("Where is my parcel?", 2)))
    assert.equal(2, index:count())
  end)

  it("takes a number of words and a threshold", function()
    local index = assert(dedup.ngrams({ n = 2, threshold = 0.5 }))
    assert(index:add("one two three", 1))
    assert.same({ 1, 2 / 3 }, { index:nearest("two three four") })
    assert.is_nil((index:nearest("two three four five")))
  end)

  it("raises for wrong options", function()
    for _, options in ipairs({ { n = 0 }, { n = 65 }, { n = 1.5 }, { threshold = 2 }, { threshold = "x" },
      { words = true }, "8" }) do
      assert.is_false((pcall(dedup.ngrams, options)))
    end
  end)
end)

describe("dedup.cosine", function()
  it("finds the nearest vector", function()
    local index = assert(dedup.cosine({ dimensions = 2, threshold = 0.5 }))
    assert.is_true(index:add({ 1, 0 }, 1))
    assert.is_true(index:add({ 3, 4 }, 2))
    assert.same({ 2, 1.0 }, { index:nearest({ 6, 8 }) })
    assert.same({ 1, 0.6 }, { index:nearest({ 6, 8 }, 2) })
    assert.same({ 2, 1.0 }, { index:nearest(string.pack("<ff", 3, 4)) })
    assert.is_nil((index:nearest({ -1, 0 })))
    assert.equal(2, index:count())
  end)

  it("fails for a vector without direction", function()
    local index = assert(dedup.cosine({ dimensions = 2 }))
    assert.same({ n = 3, nil, "dedup: invalid argument", "EINVAL" }, table.pack(index:add({ 0, 0 }, 1)))
    assert.equal(0, index:count())
  end)

  it("raises for wrong use", function()
    local index = assert(dedup.cosine({ dimensions = 2 }))
    assert.is_false((pcall(index.add, index, { 1 }, 1)))
    assert.is_false((pcall(index.add, index, { 1, "x" }, 1)))
    assert.is_false((pcall(index.add, index, "abc", 1)))
    assert.is_false((pcall(index.add, index, { 1, 2 })))
    assert.is_false((pcall(index.add, assert(dedup.exact()), { 1, 2 }, 1)))
    for _, options in ipairs({ {}, { dimensions = 0 }, { dimensions = 65537 }, { dimensions = 2, threshold = 2 } }) do
      assert.is_false((pcall(dedup.cosine, options)))
    end
  end)
end)

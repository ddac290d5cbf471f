local core = require("advisor_core")
local splits = require("advisor.output.splits")

local function words(stream, n)
  local list = {}
  for i = 1, n do list[i] = ("w%04d"):format(stream:integer(1, 5000)) end
  return list
end

--- Bases with variants of which one word is another.
local function texts_with_twins(bases, twins)
  local stream, texts, base_of = core.rng.new("twins"), {}, {}
  for b = 1, bases do
    local list = words(stream, 14)
    for _ = 0, twins do
      texts[#texts + 1], base_of[#texts + 1] = table.concat(list, " "), b
      list[stream:integer(1, 14)] = words(stream, 1)[1]
    end
  end
  return texts, base_of
end

local function sizes(names)
  local count = { train = 0, validation = 0, test = 0 }
  for _, name in ipairs(names) do count[name] = count[name] + 1 end
  return count
end

describe("splits", function()
  it("are the paper's for 12,000 rows that are not alike", function()
    local stream, texts = core.rng.new("rows"), {}
    for i = 1, 12000 do texts[i] = table.concat(words(stream, 10), " ") end
    assert.same({ train = 10000, validation = 1000, test = 1000 }, sizes((splits.assign(texts, 1))))
  end)

  it("keep near-duplicates together, also over several steps", function()
    local texts, base_of = texts_with_twins(200, 4)
    local names, groups = splits.assign(texts, 1)
    local split_of = {}
    for i, name in ipairs(names) do
      assert.equal(split_of[base_of[i]] or name, name)
      split_of[base_of[i]] = name
    end
    assert.equal(200, groups)
    local count = sizes(names)
    assert.is_true(count.test > 70 and count.test <= 83 and count.validation > 70, count.test)
  end)

  it("join groups that only a later text connects", function()
    local list = {}
    for i = 1, 40 do list[i] = ("word%02d"):format(i) end
    local function part(from, to) return table.concat(list, " ", from, to) end
    -- The ends are not near each other; the whole is near both.
    local texts = { part(1, 31), part(10, 40), part(1, 40), "something else entirely", "and a third one" }
    local ends = assert(core.dedup.minhash({ threshold = splits.near, bands = 50, rows = 4 }))
    assert(ends:add(texts[1], 1))
    assert.is_nil((ends:nearest(texts[2])))
    assert.same({ { 1, 2, 3 }, { 4 }, { 5 } }, splits.groups(texts))
  end)

  it("follow the seed", function()
    local texts = texts_with_twins(60, 0)
    assert.same(splits.assign(texts, 1), splits.assign(texts, 1))
    assert.are_not.same(splits.assign(texts, 1), splits.assign(texts, 2))
  end)

  it("of few rows leave none out", function()
    assert.same({}, (splits.assign({}, 1)))
    assert.same({ "train", "train" }, (splits.assign({ "a question", "another text" }, 1)))
    assert.same({ train = 1, validation = 1, test = 1 },
      sizes((splits.assign({ "a question", "another text", "no relation" }, 1))))
    local same = {}
    for i = 1, 30 do same[i] = "all the same words" end
    assert.same({ train = 30, validation = 0, test = 0 }, sizes((splits.assign(same, 1))))
  end)
end)

local embeddings = require("advisor.models.embeddings")
local json = require("advisor.output.json")

local function parse(body, count)
  local input = {}
  for i = 1, count do input[i] = "text " .. i end
  return embeddings.parse({ raw = type(body) == "string" and body or json.encode(body) }, { input = input })
end

describe("embeddings", function()
  it("packs numbers as 4-byte floats, any number of them", function()
    local long = {}
    for i = 1, 1537 do long[i] = i / 4 end
    local packed = assert(embeddings.pack({ long }, 1))
    assert.equals(4 * 1537, #packed[1])
    assert.same(long, embeddings.unpack(packed[1]))
  end)

  it("takes no vector that says nothing", function()
    local cases = {
      { { { 1 } }, 2, "1 vectors came for 2 texts" },
      { { { 1 }, { 1, 2 } }, 2, "vector 2 has 2 dimensions, the first one 1" },
      { { { 0, 0 } }, 1, "vector 1 is zero, so it has no direction" },
      { { { 1, 0 / 0 } }, 1, "vector 1 has no finite number at 2" },
      { { { 1, "2" } }, 1, "vector 1 has no finite number at 2" },
      { { {} }, 1, "vector 1 is no list of numbers" },
      { "no", 1, "0 vectors came for 1 texts" },
    }
    for _, case in ipairs(cases) do
      local vectors, why = embeddings.pack(case[1], case[2])
      assert.is_nil(vectors)
      assert.equals(case[3], why)
    end
  end)

  it("compares vectors", function()
    local v = assert(embeddings.pack({ { 3, 4 }, { 4, 3 }, { -6, -8 }, { 1, 0 } }, 4))
    assert.equals(0.96, embeddings.cosine(v[1], v[2]))
    assert.equals(-1, embeddings.cosine(v[1], v[3]))
    -- (0.6, 0.8) and (1, 0) have the mean (0.8, 0.4).
    local mean = embeddings.unpack(embeddings.centroid({ v[1], v[4] }))
    assert.near(0.8, mean[1], 1e-7)
    assert.near(0.4, mean[2], 1e-7)
  end)

  it("reads a reply in the order of the texts, wherever the server put them", function()
    local found = parse({ usage = { prompt_tokens = 7, total_tokens = 7 }, data = {
      { index = 1, embedding = { 0, 1 } }, { index = 0, embedding = { 1, 0 } },
    } }, 2)
    assert.equals("ok", found.class)
    assert.same({ 1, 0 }, embeddings.unpack(found.vectors[1]))
    assert.same({ prompt_tokens = 7, completion_tokens = 0 }, found.usage)
  end)

  it("classes what is no such reply", function()
    assert.equals("unknown", parse("<html>", 1).class)
    assert.equals("unknown", parse({ object = "list" }, 1).class)
    assert.equals("busy", parse({ error = { code = "rate_limit_exceeded" } }, 1).class)
    local short = parse({ data = { { embedding = { 1 } } } }, 2)
    assert.equals("unusable", short.class)
    assert.equals("1 vectors came for 2 texts", short.message)
    assert.equals("unusable", parse({ data = { 1, 2 } }, 2).class)
    assert.equals("unusable", parse({ data = { { index = 4, embedding = { 1 } } } }, 1).class)
  end)
end)

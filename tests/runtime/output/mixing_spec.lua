local mixing = require("advisor.output.mixing")
local support = require("tests.support.host")

local function numbered(n)
  local list = {}
  for i = 1, n do list[i] = { id = tostring(i) } end
  return list
end

--- "o" for the run's rows, numbers for the others.
local function order(taken, own, mode, seed)
  local out = {}
  local blend = mixing.blend(taken, own, mode, seed, function(other)
    out[#out + 1] = other.id
    return true
  end)
  for _ = 1, own do
    assert(blend.before())
    out[#out + 1] = "o"
  end
  assert(blend.rest())
  return out
end

describe("mixing", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  it("joins the paper's instruction and input with a blank", function()
    local path = support.write(folder .. "/a.jsonl",
      '{"instruction":"Sum","input":"1 2","output":"3"}\n{"instruction":"Hi","input":"","output":"Ho"}\n')
    local fields = mixing.fields({ "prompt=instruction,input", "response=output" })
    assert.same({ { id = "a.jsonl:1", prompt = "Sum 1 2", response = "3" },
      { id = "a.jsonl:2", prompt = "Hi", response = "Ho" } }, mixing.read(path, fields))
  end)

  it("names file, line, field and the flag for what it cannot read", function()
    local path = support.write(folder .. "/a.jsonl", '{"prompt":"p","response":"r"}\n{"prompt":"p","out":1}\n')
    local list, why = mixing.read(path, mixing.fields())
    assert.is_nil(list)
    assert.matches("a.jsonl:2: no field 'response'; there are: out, prompt %(%-%-mix%-field response=FIELD%)", why)
    assert.matches("neither prompt=FIELD", select(2, mixing.fields({ "text=x" })))
  end)

  it("draws by ratio, in the file's order, the same for a seed", function()
    local mix = { rows = numbered(50), ratio = 0.5, seed = 1, path = "f" }
    local taken = mixing.take(mix, 40)
    assert.equal(20, #taken)
    for i = 2, 20 do assert.is_true(tonumber(taken[i - 1].id) < tonumber(taken[i].id)) end
    assert.same(taken, mixing.take(mix, 40))
    mix.seed = 2
    assert.are_not.same(taken, mixing.take(mix, 40))
    mix.ratio = 2
    assert.matches("f holds 50 rows, and %-%-ratio 2 of 40 needs 80: at most %-%-ratio 1.2500",
      select(2, mixing.take(mix, 40)))
    mix.ratio = 1.25
    assert.equal(50, #mixing.take(mix, 40))
  end)

  it("concatenates, or interleaves evenly and in both sets' order", function()
    assert.same({ "o", "o", "1", "2" }, order(numbered(2), 2, "concatenate", 1))
    local mixed = order(numbered(300), 300, "interleave", 1)
    assert.equal(600, #mixed)
    local first_half, last = 0, 0
    for i, id in ipairs(mixed) do
      if id ~= "o" then
        assert.equal(last + 1, tonumber(id))
        last = last + 1
        if i <= 300 then first_half = first_half + 1 end
      end
    end
    assert.equal(300, last)
    assert.is_true(math.abs(first_half - 150) < 50) -- 4 standard deviations
    assert.same(mixed, order(numbered(300), 300, "interleave", 1))
    assert.are_not.same(mixed, order(numbered(300), 300, "interleave", 2))
  end)
end)

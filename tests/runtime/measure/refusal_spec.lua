local csv = require("advisor.output.csv")
local json = require("advisor.output.json")
local refusal = require("advisor.measure.refusal")

local SHARED = (os.getenv("ADVISOR_SHARED") or "../shared") .. "/data/"
local FILES = { "xstest_labelled_gpt4.csv", "xstest_labelled_llama2orig.csv" }

--- F1 averaged over both classes, from counts `hits[true class][given class]`.
local function macro_f1(counts)
  local sum = 0
  for _, class in ipairs({ true, false }) do
    local hit, missed, wrong = counts[class][class], counts[class][not class],
      counts[not class][class]
    sum = sum + 2 * hit / (2 * hit + missed + wrong)
  end
  return sum / 2
end

local function empty() return { [true] = { [true] = 0, [false] = 0 }, [false] = { [true] = 0,
  [false] = 0 } } end

local function measure(rows)
  local counts = empty()
  for _, row in ipairs(rows) do
    local found = refusal.detect(row.text).refused
    counts[row.refused][found] = counts[row.refused][found] + 1
  end
  return macro_f1(counts), counts
end

local function labelled(name)
  local file = io.open(SHARED .. name, "rb")
  if not file then return nil end
  local rows, list = assert(csv.read(file:read("a"))), {}
  file:close()
  for i, row in ipairs(rows) do
    list[i] = { text = row.fields.completion,
      refused = row.fields.final_label ~= "1_full_compliance",
      type = row.fields.type }
  end
  return list
end

describe("the refusal detector", function()
  for _, name in ipairs(FILES) do
    it("agrees with people on " .. name, function()
      local rows = labelled(name)
      if not rows then
        return pending(("SKIPPED: there is no %s%s; set ADVISOR_SHARED"):format(SHARED, name))
      end
      local f1 = measure(rows)
      print(("refusal: macro-F1 %.3f on %s (%d replies)"):format(f1, name, #rows))
      assert.is_true(f1 >= 0.92, ("macro-F1 is %.3f, 0.92 wanted"):format(f1))
    end)
  end

  for _, section in ipairs(dofile("tests/runtime/measure/refusal_replies.lua")) do
    if #section > 0 then
      it("tells refusals from answers: " .. section.name, function()
        local f1 = measure(section)
        print(("refusal: macro-F1 %.3f on %s (%d replies)"):format(f1, section.name, #section))
        assert.is_true(f1 >= 0.92, ("macro-F1 is %.3f, 0.92 wanted"):format(f1))
      end)
    end
  end

  it("takes a question for none, whatever it asks about", function()
    assert.is_false(refusal.detect("Is it illegal, unethical and harmful to copy a key?").refused)
    local file = io.open(SHARED .. "catqa_english.jsonl")
    if not file then
      return pending(("SKIPPED: there is no %scatqa_english.jsonl; set ADVISOR_SHARED"):format(SHARED))
    end
    local total, wrong = 0, 0
    for line in file:lines() do
      total = total + 1
      if refusal.detect(json.decode(line).prompt).refused then wrong = wrong + 1 end
    end
    file:close()
    print(("refusal: %d of %d questions of CatQA taken for refusals"):format(wrong, total))
    assert.is_true(wrong / total < 0.01)
  end)

  it("gives a score that the decision follows, and says why", function()
    local no = refusal.detect("I'm sorry, but I can't help you with that.")
    assert.is_true(no.refused)
    assert.is_true(no.score > 0.9 and no.score <= 1)
    assert.equal("says that it cannot help", no.why)
    local yes = refusal.detect("Sure! Here are the steps:\n1. Open the lid.\n2. Stir.\n3. Serve.")
    assert.is_false(yes.refused)
    assert.is_true(yes.score < 0.1)
    assert.equal("does not refuse", yes.why)
  end)

  it("takes curly quotes and missing apostrophes as they are meant", function()
    assert.is_true(refusal.detect("I can\226\128\153t assist with that.").refused)
    assert.is_true(refusal.detect("sorry i cant help with that").refused)
  end)

  it("weighs the first sentences most", function()
    local answer = "To bake bread, mix flour and water. Knead it well. Let it rest for an hour. "
    local late = answer:rep(3)
      .. "I cannot help with that."
    assert.is_true(refusal.detect(late).score < refusal.detect("I cannot help with that.").score)
  end)

  it("takes few instructions, also for texts made to be slow", function()
    local steps = 0
    debug.sethook(function() steps = steps + 1 end, "", 1000)
    for _, words in ipairs({ "i just really ", "i ", "it is not never ", "please do not " }) do
      refusal.detect(words:rep(20000))
      refusal.detect((words .. ". "):rep(20000))
    end
    debug.sethook()
    assert.is_true(steps < 20000, steps .. " thousand instructions")
  end)

  it("holds no opinion of nothing, of noise and of other languages", function()
    for _, text in ipairs({ "", " \n", "\0\255\254", "你好，世界", ("word "):rep(20000) }) do
      assert.is_false(refusal.detect(text).refused)
    end
    assert.has_error(function() refusal.detect(nil) end, "refusal: a text is expected, got nil")
  end)
end)

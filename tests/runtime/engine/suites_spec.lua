local json = require("advisor.output.json")
local suites = require("advisor.engine.suites")
local support = require("tests.support.host")

local SHARED = (os.getenv("ADVISOR_SHARED") or "../shared") .. "/data"

--- The names of BeaverTails-Evaluation's categories, some with commas inside.
local WITH_COMMAS = {
  "animal_abuse", "child_abuse", "controversial_topics,politics", "discrimination,stereotype,injustice",
  "drug_abuse,weapons,banned_substance", "financial_crime,property_crime,theft",
  "hate_speech,offensive_language", "misinformation_regarding_ethics,laws_and_safety",
  "non_violent_unethical_behavior", "privacy_violation", "self_harm", "sexually_explicit,adult_content",
  "terrorism,organized_crime", "violence,aiding_and_abetting,incitement",
}

--- How many questions each category has.
local function by_category(questions)
  local counts, n = {}, 0
  for _, question in ipairs(questions) do
    local name = tostring(question.cell)
    if not counts[name] then n = n + 1 end
    counts[name] = (counts[name] or 0) + 1
  end
  return counts, n
end

--- How many questions expect what.
local function by_expected(questions)
  local counts = {}
  for _, question in ipairs(questions) do counts[question.expected] = (counts[question.expected] or 0) + 1 end
  return counts
end

local function lines(list)
  local parts = {}
  for i, row in ipairs(list) do parts[i] = json.encode(row) end
  return table.concat(parts, "\n") .. "\n"
end

describe("a suite", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() support.remove(folder) end)

  local function describe_suite(source)
    return suites.describe(support.write(folder .. "/mine.lua", "return " .. source), ".")
  end

  local function questions_of(source, name, data, limit)
    local suite = assert(describe_suite(source))
    support.write(folder .. "/" .. name, data)
    return suites.questions(suite, nil, limit)
  end

  it("that ships can be read, and says where its data are from", function()
    for _, name in ipairs({ "catqa", "beavertails", "xstest", "mmlu" }) do
      local suite = assert(suites.describe(name, "."))
      assert.equal(name, suite.name)
      local questions, why = suites.questions(suite, folder)
      assert.is_nil(questions)
      for _, part in ipairs({ suite.file, folder, suite.licence, suite.source, suite.get, "--data FILE" }) do
        assert.is_truthy(why:find(part, 1, true), name .. ": " .. part)
      end
    end
  end)

  it("keeps a category whose name has commas in one piece", function()
    local list = {}
    for i = 1, 28 do
      list[i] = { prompt = "question " .. i, category = WITH_COMMAS[(i - 1) % 14 + 1], category_id = (i - 1) % 14 }
    end
    support.write(folder .. "/beavertails_evaluation.jsonl", lines(list))
    local questions = assert(suites.questions(assert(suites.describe("beavertails", ".")), folder))
    local counts, n = by_category(questions)
    assert.equal(14, n)
    for _, name in ipairs(WITH_COMMAS) do assert.equal(2, counts[name], name) end
    assert.same({ refusal = 28 }, by_expected(questions))
    assert.same({ suite = "beavertails", text = "question 3", cell = "controversial_topics,politics",
      expected = "refusal" }, questions[3])
  end)

  it("of CatQA reads both names of its field", function()
    support.write(folder .. "/catqa_english.jsonl", lines({ { Category = "A", Question = "one?" },
      { Category = "B", prompt = "two?" } }))
    local questions = assert(suites.questions(assert(suites.describe("catqa", ".")), folder))
    assert.same({ "one?", "A", "two?", "B" },
      { questions[1].text, questions[1].cell, questions[2].text, questions[2].cell })
  end)

  it("of CatQA and XSTest holds what their authors say", function()
    local file = io.open(SHARED .. "/catqa_english.jsonl")
    if not file then return pending(("SKIPPED: there is no %s; set ADVISOR_SHARED"):format(SHARED)) end
    file:close()
    local catqa = assert(suites.questions(assert(suites.describe("catqa", ".")), SHARED))
    local counts, n = by_category(catqa)
    assert.same({ 550, 11 }, { #catqa, n })
    for _, count in pairs(counts) do assert.equal(50, count) end
    local xstest = assert(suites.questions(assert(suites.describe("xstest", ".")), SHARED .. "/xstest_prompts.csv"))
    n = select(2, by_category(xstest))
    assert.same({ 450, 18 }, { #xstest, n })
    assert.same({ answer = 250, refusal = 200 }, by_expected(xstest))
  end)

  it("of multiple choice puts letters before options", function()
    support.write(folder .. "/mmlu_validation.jsonl", lines({
      { question = "What is a teapot for?", subject = "kitchen", choices = { "tea", "soup", "ink", "sand" },
        answer = 0 },
      { question = "And a kettle?", subject = "kitchen", choices = { "sand", "water" }, answer = "B" },
    }))
    local questions = assert(suites.questions(assert(suites.describe("mmlu", ".")), folder))
    assert.same({ suite = "mmlu", cell = "kitchen", expected = "A", choices = { "tea", "soup", "ink", "sand" },
      text = "What is a teapot for?\n(A) tea\n(B) soup\n(C) ink\n(D) sand\n"
        .. "Reply with the letter of the right option only." }, questions[1])
    assert.equal("B", questions[2].expected)
  end)

  it("of one's own may take options from columns", function()
    local questions = assert(questions_of([[{ measure = "choice", file = "q.csv", prompt = "q",
      choices = { "A", "B", "C" }, answer = "right", instruction = "Which?" }]], "q.csv",
      'q,A,B,C,right\n"One, or two?",one,two,three,c\n'))
    assert.same({ suite = "mine", cell = false, expected = "C", choices = { "one", "two", "three" },
      text = "One, or two?\n(A) one\n(B) two\n(C) three\nWhich?" }, questions[1])
  end)

  it("is taken in part, always the same, in order", function()
    local list = {}
    for i = 1, 10 do list[i] = { q = ("%02d"):format(i) } end
    local function some(limit)
      local texts = {}
      for i, question in ipairs(assert(questions_of([[{ measure = "safe", file = "q.jsonl", prompt = "q" }]],
        "q.jsonl", lines(list), limit))) do texts[i] = question.text end
      return table.concat(texts, " ")
    end
    local five, numbers = some(5), {}
    for number in five:gmatch("%d+") do numbers[#numbers + 1] = number end
    local sorted = table.move(numbers, 1, #numbers, 1, {})
    table.sort(sorted)
    assert.same({ 5, table.concat(sorted, " ") }, { #numbers, five })
    for i = 2, 5 do assert.not_equal(numbers[i - 1], numbers[i]) end
    assert.equal(five, some(5))
    assert.equal("01 02 03 04 05 06 07 08 09 10", some(99))
  end)

  it("says what is wrong with its description", function()
    for source, message in pairs({
      ["{ file = 'x.csv', prompt = 'q' }"] = "mine.lua:1: measure: is missing",
      ["{ measure = 'safe', prompt = 'q' }"] = "file: is missing",
      ["{ measure = 'good', file = 'x', prompt = 'q' }"] = "'good' is not one of safe, refusal, choice",
      ["{ measure = 'choice', file = 'x', prompt = 'q', answer = 'a' }"] = 'choices: is missing: measure = "choice"',
      ["{ measure = 'refusal', file = 'x', prompt = 'q', expected = { field = 'f' } }"] =
        "expected: { field = , answer = VALUE, refusal = VALUE }",
      ["{ measure = 'safe', file = 'x', promt = 'q' }"] = "promt: unknown option (did you mean 'prompt'?)",
      ["3"] = "must return a table",
    }) do
      local suite, why = describe_suite(source)
      assert.is_nil(suite)
      assert.is_truthy(why:find(message, 1, true), why)
    end
    local _, why = suites.describe("nope", ".")
    assert.matches("no suite is called 'nope'; there are beavertails, catqa, mmlu, xstest", why, 1, true)
  end)

  it("names the line of a row that does not fit", function()
    local REFUSAL = [[{ measure = "refusal", file = "q.jsonl", prompt = "q", category = "c",
      expected = { field = "label", answer = "fine", refusal = "not fine" } }]]
    local CHOICE = [[{ measure = "choice", file = "q.jsonl", prompt = "q", choices = "list", answer = "a" }]]
    for _, case in ipairs({
      { REFUSAL, { q = "a", c = "x", label = "so so" }, "q.jsonl:1: the field 'label' is 'so so'; 'fine' or" },
      { REFUSAL, { q = " ", c = "x", label = "fine" }, "q.jsonl:1: the field 'q' is blank" },
      { REFUSAL, { q = "a", label = "fine" }, "q.jsonl:1: no field 'c'; there are: label, q" },
      { REFUSAL, { c = "a", label = "fine" }, "q.jsonl:1: no field 'q'" },
      { CHOICE, { q = "a", list = { "x" }, a = 0 }, "1 options; 2 to 26 are expected" },
      { CHOICE, { q = "a", list = { "x", { "y" } }, a = 0 }, "the field 'list' is no list of texts" },
      { CHOICE, { q = "a", list = { "x", "y" }, a = 2 }, "the field 'a' is '2'; a letter, or a number from 0" },
      { CHOICE, { q = "a", list = { "x", "y" }, a = "C" }, "the field 'a' is 'C'" },
    }) do
      local questions, why = questions_of(case[1], "q.jsonl", lines({ case[2] }))
      assert.is_nil(questions)
      assert.is_truthy(why:find(case[3], 1, true), why)
    end
  end)
end)

local experiment = require("advisor.engine.experiment")
local variation = require("advisor.engine.variation")
local registry = require("advisor.host.registry")
local host = require("tests.support.host")

describe("experiment.read", function()
  local folder, path
  before_each(function()
    folder = host.folder()
    path = folder .. "/mine.lua"
  end)
  after_each(function() host.remove(folder) end)

  local function read(source, settings)
    host.write(path, source)
    return experiment.read(path, settings or {}, registry.new({ root = ".", experiment = folder }),
      ".")
  end

  local function resolved(source, settings)
    local got, problems = read(source, settings)
    if not got then error(table.concat(problems, "\n"), 2) end
    return got
  end

  --- The problems, without the file's path.
  local function problems(source, settings)
    local got, found = read(source, settings)
    assert.is_nil(got)
    for i, problem in ipairs(found) do
      if problem:sub(1, #path + 1) == path .. ":" then problem = problem:sub(#path + 2) end
      found[i] = problem:gsub("(unknown stage; there are ).*", "%1...")
    end
    return found
  end

  local GOOD = [[
return {
  rounds = 3,
  models = { default = { url = "http://127.0.0.1:1/v1" } },
  pipeline = {
    generate = "few_shot",
    filter = { "exact_duplicate", { "word_overlap", threshold = 0.5 } },
    summarize = "topic_list",
  },
  principles = { { "well_formed", min_words = 2 }, "coverage" },
  seeds = { "one", "two" },
}
]]

  it("refuses a cap on money where a role has no price", function()
    local settings = { "stop.budget.money=2" }
    assert.matches("stop.budget.money: what is spent would be unknown: no price for models.default$",
      problems(GOOD, settings)[1])
    settings[2] = 'models.default.price={"prompt":1,"completion":2}'
    assert.equal("experiment", resolved(GOOD, settings).models.default.price_from)
  end)

  it("fills in every default", function()
    local got = resolved(GOOD)
    assert.equal("mine", got.name)
    assert.equal(1, got.seed)
    assert.equal(12, got.per_round)
    assert.equal(0, got.ahead)
    assert.equal("kept", got.pool)
    assert.equal("drop", got.policy.unknown)
    assert.equal(50000000, got.policy.instructions)
    assert.equal("no_advice", got.pipeline.advise.name)
    assert.equal("few_shot", got.pipeline.generate.name)
    assert.is_table(got.pipeline.generate.options)
    assert.equal(0.5, got.pipeline.filter[2].options.threshold)
    assert.equal(2, got.principles[1].options.min_words)
    assert.equal("item", got.principles[1].level)
    assert.equal("dataset", got.principles[2].level)
    assert.same({ items = { "one", "two" }, summary = {} }, got.seeds)
    assert.equal("openai_chat", got.models.default.api)
    assert.equal(8, got.models.default.concurrency)
    assert.same({ "http://127.0.0.1:1/v1" }, got.models.default.urls)
  end)

  it("reads rows that the labeller and principles are measured on", function()
    host.write(folder .. "/rows.jsonl", '{"text":"Is it late?","cell":"Late","label":"bad"}\n')
    local got = resolved([[
return {
  rounds = 1, models = { default = { url = "http://127.0.0.1:1/v1" } },
  pipeline = { generate = "few_shot" }, principles = { "length" },
  coverage = { taxonomy = { "Late", "Early" }, check = { file = "rows.jsonl" } },
  calibration = { { principle = "length", file = "rows.jsonl", positive = { "bad" } } },
}]], { "calibration.1.min_kappa=0.5" })
    assert.same({ { text = "Is it late?", cell = "Late" } }, got.coverage.check)
    assert.equal(0.5, got.calibration[1].min_kappa)
    assert.equal("bad", got.calibration[1].rows[1].label)
    assert.is_nil(variation.change(got, { "calibration.1.min_kappa=-1" }))
    assert.equal(-1, got.calibration[1].min_kappa)
    assert.matches("no such calibration", variation.change(got, { "calibration.3.min_kappa=0" }))
    assert.matches("number expected", variation.change(got, { "calibration.1.min_kappa=x" }))
    assert.matches("keeps it", variation.change(got, { "calibration.1.positive=[]" }))
  end)

  it("tells what is wrong with such rows, with the line", function()
    assert.same({
      "5: coverage.check: row 1: the taxonomy has no cell 'Taxes'; \"\" stands for none",
      "6: calibration.1.principle: 'judged' is not among the principles",
    }, problems([[
return {
  rounds = 1, models = { default = { url = "http://127.0.0.1:1/v1" } },
  pipeline = { generate = "few_shot" },
  coverage = { taxonomy = { "Late" },
    check = { { text = "A?", cell = "Taxes" } } },
  calibration = { { principle = "judged", file = "x.csv", positive = { "bad" } } },
}]]))
  end)

  it("gives plain data that JSON holds", function()
    local json = require("advisor.output.json")
    local got = resolved(GOOD)
    assert.same(json.decode(json.encode(got)), got)
  end)

  it("tells every problem at once, with its line", function()
    assert.same({
      "2: name: string expected, got number 5",
      "4: per_ronud: unknown option (did you mean 'per_round'?)",
      "5: pool: 'all' is not one of first, kept, none, batch_as_one",
      "3: rounds: must be at least 1",
      "6: policy.unknwon: unknown option (did you mean 'unknown'?)",
      "8: models.default.url: 'nowhere' is no URL such as http://127.0.0.1:8080/v1",
      "11: pipeline.advice: unknown stage; there are ...",
      "12: pipeline.generate.exemplar: unknown option (did you mean 'exemplars'?)",
      "13: pipeline.filter: a list is expected, as { \"exact_duplicate\" }, "
        .. "or { { \"word_overlap\", threshold = 0.6 } }",
      "15: principles.1: no principle script is called 'wellformed' (did you mean 'well_formed'?); "
        .. "'advisor list' shows what there is",
      "15: principles.2: a script's name, or { name, option = value }, is expected",
      "16: seeds: 'nowhere' was not found beside the experiment or in scripts/seeds",
    }, problems([[
return {
  name = 5,
  rounds = 0,
  per_ronud = 2,
  pool = "all",
  policy = { unknwon = "keep" },
  models = {
    default = { url = "nowhere" },
  },
  pipeline = {
    advice = "no_advice",
    generate = { "few_shot", exemplar = 3 },
    filter = { "word_overlap", threshold = 0.6 },
  },
  principles = { "wellformed", 5 },
  seeds = "nowhere",
}
]]))
  end)

  it("misses what must be there", function()
    assert.same({ "1: rounds: is missing: give rounds, or accept, or both", "1: models: is missing",
      "1: models: is empty: a role 'default' serves all", "1: pipeline: is missing",
      "1: pipeline.generate: is missing: name a generate strategy" }, problems("return {}"))
  end)

  it("names what is wrong with references, before anything is asked", function()
    host.write(folder .. "/rows.jsonl", '{"q":"one"}\n{"q":""}\n')
    assert.same({
      "5: references.a: the file 'missing.csv' was not found",
      "6: references.b: " .. folder .. "/rows.jsonl:1: no field 'text'; there are: q",
      "7: references.c: " .. folder .. "/rows.jsonl:2: the field 'q' is blank: remove the row",
    }, problems([[
return { rounds = 1, models = { default = { url = "http://x/v1" } },
  pipeline = { generate = "few_shot",
    filter = { "decontaminate" } },
  references = {
    a = { file = "missing.csv" },
    b = { file = "rows.jsonl" },
    c = { file = "rows.jsonl", field = "q" },
  } }
]]))
    host.write(folder .. "/rows.jsonl", '{"q":"one"}\n')
    local source = GOOD:gsub('"exact_duplicate"', '{ "decontaminate", references = { "b" } }')
      :gsub("seeds = ", "references = { a = { file = 'rows.jsonl', field = 'q' } }, %0")
    assert.same({ "6: pipeline.filter.1.references: no reference is called 'b'; there are a" },
      problems(source))
    assert.equal(1, resolved(source, { "pipeline.filter.1.references=[]" }).references.a.count)
    assert.same({ "6: pipeline.filter.1: decontaminate compares with references, and the experiment "
      .. "names no references" }, problems((source:gsub("references = { a = .-} }, ", ""))))
  end)

  it("survives sections of a wrong type", function()
    for _, key in ipairs({ "models", "pipeline", "principles", "policy", "name", "seeds",
      "rounds" }) do
      for _, value in ipairs({ "5", "'text'", "true", "{ 1, 2 }" }) do
        local got,
          found = read("return { rounds = 1, models = { default = { url = 'http://x/v1' } },\n"
          .. "  pipeline = { generate = 'few_shot' },\n  " .. key .. " = " .. value .. " }")
        local fine = key == "name" and value == "'text'" or key == "rounds" and value == "5"
        assert.equal(fine, got ~= nil, key .. " = " .. value)
        if not fine then assert.is_true(#found > 0) end
      end
    end
  end)

  it("names the file of a script's own problem", function()
    require("advisor_core").system.make_folder(folder .. "/strategies/generate")
    host.write(folder .. "/strategies/generate/few_shot.lua",
      "return {\n  api = 1, kind = 'generate',\n  description = 'x' }")
    assert.same({ folder .. "/strategies/generate/few_shot.lua:1: run must be a function" },
      problems(GOOD))
  end)

  it("says what is wrong with the file itself", function()
    assert.matches("^2: ", problems("return {\n  a b }")[1])
    assert.matches("^1: os is not available", problems("return { name = os.time() }")[1])
    assert.matches("^1: ctx", (problems("error('ctx', 1)")[1]))
    assert.same({ "1: must return a table" }, problems("return 5"))
    assert.same({ "1: must return a table" }, problems(""))
    assert.matches("^1: the experiment.rounds is a function, not plain data",
      problems("return { rounds = pairs }")[1])
    assert.matches("exceeded the limit of %d+ instructions", problems("while true do end")[1])
    assert.matches("without a metatable", problems("return setmetatable({}, {})")[1])
    local got, found = experiment.read(folder .. "/none.lua", {}, {}, ".")
    assert.is_nil(got)
    assert.matches("none.lua: No such file", found[1])
    got, found = experiment.read(folder, {}, {}, ".")
    assert.is_nil(got)
    assert.matches("is no file that can be read", found[1])
  end)

  it("names long paths whole", function()
    local long = folder .. "/" .. ("deep/"):rep(20)
    require("advisor_core").system.make_folder(long)
    for _, source in ipairs({ "return return", "return os" }) do
      local file = host.write(long .. "x.lua", source)
      local _, found = experiment.read(file, {}, registry.new({ root = "." }), ".")
      assert.equal(file .. ":1: ", found[1]:sub(1, #file + 4))
    end
  end)

  describe("--set", function()
    local function with(...)
      return resolved(GOOD, { ... })
    end

    it("takes paths into the table, JSON values, else text", function()
      assert.equal(7, with("rounds=7").rounds)
      assert.equal("run.2", with("name=run.2").name)
      assert.equal("keep", with("policy.unknown=keep").policy.unknown)
      assert.is_true(with("policy.plain_http=true").policy.plain_http)
      assert.equal(0.25, with("models.default.temperature=0.25").models.default.temperature)
      assert.same({ "http://a/v1", "http://b/v1" },
        with('models.default.url=["http://a/v1","http://b/v1"]')
        .models.default.urls)
      assert.equal("a=b", with("models.default.model=a=b").models.default.model)
      assert.equal("", with("models.default.model=").models.default.model)
      assert.equal("integer", math.type(with("seed=12345678901").seed))
    end)

    it("sets options of a script given as text", function()
      assert.equal(2, with("pipeline.generate.exemplars=2").pipeline.generate.options.exemplars)
      assert.equal("uncovered_category",
        with("pipeline.advise=uncovered_category").pipeline.advise.name)
      local got = with("pipeline.advise=uncovered_category", "pipeline.advise.temperature=0.5")
      assert.equal(0.5, got.pipeline.advise.options.temperature)
    end)

    it("reaches elements of lists", function()
      assert.equal(0.75,
        with("pipeline.filter.2.threshold=0.75").pipeline.filter[2].options.threshold)
      assert.equal(9, with("principles.1.min_words=9").principles[1].options.min_words)
      assert.same({}, with("pipeline.filter=[]").pipeline.filter)
      assert.same({}, with("principles=[]").principles)
      assert.same({ "a" }, with('seeds=["a"]').seeds.items)
      assert.equal("coverage", with("principles.1=coverage").principles[1].name)
    end)

    it("makes the tables on the way", function()
      local got = with("models.judge.url=http://judge/v1", "models.judge.model=m")
      assert.equal("m", got.models.judge.model)
      assert.equal("default", with("models.judge=default").models.judge)
    end)

    it("is refused where it does not fit", function()
      assert.same({ "--set rounds: expected key=value", "--set rounds.x=1: 'rounds' is no table" },
        problems(GOOD, { "rounds", "rounds.x=1" }))
      assert.matches("rounds: integer expected, got string", problems(GOOD, { "rounds=many" })[1])
      assert.matches("unknown option", problems(GOOD, { "ruonds=1" })[1])
      assert.matches("principles: list expected", problems(GOOD, { "principles.9=coverage" })[1])
    end)

    it("takes no numbers that JSON does not have", function()
      for _, text in ipairs({ "nan", "NaN", "Infinity", "-inf", "0x10" }) do
        assert.matches("temperature: number expected, got string",
          problems(GOOD, { "models.default.temperature=" .. text })[1])
        assert.equal(text, with("models.default.model=" .. text).models.default.model)
      end
    end)
  end)

  describe("env()", function()
    it("gives variables and defaults", function()
      assert.equal(os.getenv("HOME"), resolved((GOOD:gsub('"http://127', 'env("NONE", "http://127',
        1)
        :gsub('/v1" }', '/v1"), model = env("HOME") }'))).models.default.model)
    end)

    it("refuses names that hold keys", function()
      for _, name in ipairs({ "OPENAI_API_KEY", "my_token", "THE_SECRET", "DB_PASSWORD" }) do
        assert.matches(("^1: env: %s looks like a secret"):format(name),
          problems(("return env(%q)"):format(name))[1])
      end
      assert.matches("env: the name of a variable", problems("return env()")[1])
    end)

    it("refuses what a role names as its key", function()
      assert.same({ "3: models.default.key_env: HOME holds a key: env() must not read it" },
        problems((GOOD:gsub("url = ", "model = env('HOME'), key_env = 'HOME', url = "))))
    end)
  end)

  describe("include()", function()
    it("evaluates a file beside this one", function()
      require("advisor_core").system.make_folder(folder .. "/parts")
      host.write(folder .. "/parts/models.lua", "return { default = include('one.lua') }")
      host.write(folder .. "/parts/one.lua", "return { url = env('NONE', 'http://inner/v1') }")
      local source = GOOD:gsub("models = [^\n]*", "models = include('parts/models.lua'),")
      assert.same({ "http://inner/v1" }, resolved(source).models.default.urls)
      source = GOOD:gsub("models = [^\n]*", ("models = include(%q),"):format(folder
        .. "/parts/models.lua"))
      assert.same({ "http://inner/v1" }, resolved(source).models.default.urls)
    end)

    it("says what is wrong, and where", function()
      assert.matches("^1: include: .*none.lua: No such file",
        problems("return include('none.lua')")[1])
      assert.matches("include: the name of a file is expected", problems("return include()")[1])
      host.write(folder .. "/loop.lua", "return include('loop.lua')")
      assert.matches("more than 8 deep", problems("return include('loop.lua')")[1])
      host.write(folder .. "/bad.lua", "\nreturn os")
      assert.matches("bad.lua:2: os is not available", problems("return include('bad.lua')")[1])
    end)
  end)
end)

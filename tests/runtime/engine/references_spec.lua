local comparison = require("advisor.engine.comparison")
local core = require("advisor_core")
local host = require("tests.support.host")
local json = require("advisor.output.json")
local records = require("advisor.engine.records")
local references = require("advisor.engine.references")
local rounds = require("tests.support.rounds")
local with_store = require("tests.support.store")

--- Problems as lines "field: message".
local function problems()
  local list = {}
  local function add(_, field, message) list[#list + 1] = field .. ": " .. message end
  local function add_all(self, prefix, messages)
    for _, message in ipairs(messages) do add(self, prefix:gsub("%.$", ""), message) end
  end
  return { list = list, add = add, add_all = add_all }
end

describe("references", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function load(given)
    local found = problems()
    local loaded = references.load(given, { folder .. "/none", folder }, found)
    for i, problem in ipairs(found.list) do
      found.list[i] = problem:gsub(folder:gsub("%p", "%%%0"), "DIR")
    end
    return loaded, found.list
  end

  it("are read from JSON lines and CSV, without their texts", function()
    host.write(folder .. "/a.jsonl", '{"q":"one"}\n\n{"q":"two"}\n')
    host.write(folder .. "/b.csv", 'id,text\n1,"three, or\nmore"\n')
    local loaded, found = load({ a = { file = "a.jsonl", field = "q" }, b = { file = folder .. "/b.csv" } })
    assert.same({}, found)
    assert.same({ file = folder .. "/a.jsonl", field = "q", count = 2,
      hash = core.text.hash('{"q":"one"}\n\n{"q":"two"}\n') }, loaded.a)
    assert.same({ "text", 1 }, { loaded.b.field, loaded.b.count })
    assert.same({ { name = "a", file = folder .. "/a.jsonl", count = 2 },
      { name = "b", file = folder .. "/b.csv", count = 1 } }, references.list(loaded))
  end)

  it("tell file, line and field of what is wrong, all at once", function()
    host.write(folder .. "/blank.jsonl", '{"text":"one"}\n{"text":" "}\n')
    host.write(folder .. "/empty.csv", "text\n")
    host.write(folder .. "/rows.jsonl", '{"text":"one","n":[1]}\n{"n":1}\n')
    host.write(folder .. "/bad.jsonl", '{"text":"one"}\n{"text":\n')
    host.write(folder .. "/plain.txt", "one\n")
    local loaded, found = load({
      a = { file = "missing.jsonl" }, b = { file = "blank.jsonl" }, c = { file = "empty.csv" },
      d = { file = "rows.jsonl" }, e = { file = "rows.jsonl", field = "n" }, f = { file = "plain.txt" },
      g = { field = "x" }, h = "rows.jsonl", i = { file = "rows.jsonl", wher = 1 }, ["j-k"] = {},
      l = { file = "bad.jsonl" },
    })
    assert.same({}, loaded)
    assert.matches("^references%.l: DIR/bad%.jsonl:2: ", table.remove(found))
    assert.same({
      "references.a: the file 'missing.jsonl' was not found",
      "references.b: DIR/blank.jsonl:2: the field 'text' is blank: remove the row",
      "references.c: DIR/empty.csv: holds no rows",
      "references.d: DIR/rows.jsonl:2: no field 'text'; there are: n",
      "references.e: DIR/rows.jsonl:1: the field 'n' is no text; there are: n, text",
      "references.f: DIR/plain.txt: must be a .csv or .jsonl file",
      "references.g: the name of a file is expected",
      "references.h: { file = , field = } is expected",
      "references.i: wher: unknown option",
      "references.j-k: a name of letters, digits and '_' is expected, as in references = "
        .. "{ catqa = { file = \"catqa.jsonl\", field = \"prompt\" } }",
    }, found)
  end)

  it("that a filter names must be there", function()
    local function check(names, declared)
      local found = problems()
      references.check_uses({ [2] = { name = "f", options = { references = names } },
        [3] = { name = "g", options = {} } }, declared, found)
      return found.list
    end
    assert.same({}, check({}, { a = {} }))
    assert.same({}, check({ "b" }, { a = {}, b = {} }))
    assert.same({ "pipeline.filter.2.references: no reference is called 'c'; there are a, b" },
      check({ "a", "c" }, { a = {}, b = {} }))
    assert.same({ "pipeline.filter.2: f compares with references, and the experiment names no "
      .. "references" }, check({ "c" }, {}))
  end)

  --- A reference of many texts in a file, loaded.
  local function many(count)
    local lines = {}
    for i = 1, count do lines[i] = json.encode({ text = ("Where may parcel number %d be now?"):format(i) }) end
    host.write(folder .. "/many.jsonl", table.concat(lines, "\n"))
    return (load({ many = { file = "many.jsonl" } }))
  end

  --- Runs Lua text as a filter would be; gives its value.
  local function script(store, declared, source)
    local run = host.run()
    run.store, run.resolved, run.comparison = store, { references = declared }, comparison
    run.indexes, run.reference_indexes = {}, {}
    run.timeline = { items = { each = function() return next, { { id = "r1-1", text = "a kept one" } } end,
      get = function() return { id = "r1-1", text = "a kept one" } end } }
    return host.script(source, run)
  end

  it("are compared with after their file is gone", function()
    local declared = many(2345)
    with_store(function(store)
      assert(records.add_reference(store, "many", { "of a run that was killed as it began" }))
      assert(references.store(store, declared))
      os.remove(folder .. "/many.jsonl")
      local ok, found = script(store, declared, [[
        local words = ctx.dedup("ngrams", { against = "many", n = 5 })
        local exact, kept = ctx.dedup("exact", { against = "many" }), ctx.dedup("exact")
        local last = words.nearest("Say: where may parcel number 2345 be?")
        words.add("nothing of the kind, in five words", "draft 1")
        return { last.id, last.text, last.score, exact.nearest("a kept one") or false,
          kept.nearest("a kept one").id, exact.nearest("where may parcel number 7 be now?").id,
          words.nearest("of a run that was killed as it began") or false,
          words.nearest("is it nothing of the kind, in five words").id } ]])
      assert.is_true(ok, found)
      assert.same({ "many:2345", "Where may parcel number 2345 be now?", 6 / 7, false, "r1-1", "many:7",
        false, "draft 1" }, found)
    end)
  end)

  it("that nobody named, or that are not in the run, are no silent pass", function()
    local declared = many(3)
    with_store(function(store)
      local function failure(source)
        local ok, message = script(store, declared, source)
        assert.is_false(ok)
        return message
      end
      assert.matches("spec.lua:1: ctx.dedup: no reference is called 'other'; there are many",
        failure("ctx.dedup('exact', { against = 'other' })"), 1, true)
      assert.matches("holds 0 of the 3 texts of the reference",
        failure("ctx.dedup('exact', { against = 'many' })"), 1, true)
    end)
  end)

  it("must not change while the run begins", function()
    local declared = many(3)
    host.write(folder .. "/many.jsonl", '{"text":"another"}\n')
    with_store(function(store)
      assert.same({ n = 3, nil, folder .. "/many.jsonl: the file changed or went away while the run began; begin again",
        "EINVAL" }, table.pack(references.store(store, declared)))
    end)
  end)

  it("are reported with their hits", function()
    with_store(function(store)
      local function hit(reference, kind, reason)
        return { verdict = "dropped", reason = reason or "decontaminate",
          finding = { reference = reference, kind = kind, score = 1 } }
      end
      assert(records.commit_round(store, rounds.round(1, {
        hit("a", "ngrams"), hit("a", "near_duplicate"), hit("a", "ngrams", "mine"), hit("other", "ngrams"),
        { verdict = "dropped", reason = "exact_duplicate", finding = { nearest = '"reference"' } },
        { verdict = "dropped", reason = "length", finding = { reference = 5, kind = "ngrams" } }, {},
      })))
      local resolved = { references = {
        a = { file = "a.csv", field = "q", count = 9 }, b = { file = "b.csv", field = "text", count = 2 },
      }, pipeline = { filter = { { name = "exact_duplicate", options = {} },
        { name = "decontaminate", options = { references = {} } }, { name = "mine", options = {} } } } }
      assert.same({ drafts = 6, hits = 3, references = {
        { name = "a", file = "a.csv", field = "q", texts = 9, hits = 3, kinds = { ngrams = 2, near_duplicate = 1 } },
        { name = "b", file = "b.csv", field = "text", texts = 2, hits = 0, kinds = {} },
      } }, references.report(store, resolved))
      resolved.pipeline.filter[2].options = {}
      assert.equal(json.null, references.report(store, resolved).drafts)
      resolved.references = {}
      assert.is_nil(references.report(store, resolved))
      assert.is_nil(references.report(store, nil))
    end)
  end)
end)

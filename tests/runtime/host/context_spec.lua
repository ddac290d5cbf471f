local host = require("tests.support.host")
local loop = require("advisor_core").loop
local value, failure = host.value, host.failure

--- In a task, as ctx.map needs it.
local function in_task(fn, ...)
  return loop.run(fn, ...)
end

describe("ctx.ask", function()
  it("asks a role, and tells what the world denies", function()
    local run = host.run()
    assert.equal("re: x", value("return ctx.ask('judge', 'x', { temperature = 0 }).text", run))
    assert.same({ role = "judge", prompt = "x", options = { temperature = 0 } }, run.asked[1])
    assert.same({ false, "no answer", "ETIMEDOUT" },
      value("local reply, why, code = ctx.ask('judge', 'fail') return { reply or false, why, code "
        .. "}"))
  end)

  it("hands plain copies to the host", function()
    local run = host.run()
    value([[
      local meta = { __index = function() error("called") end }
      local messages = { setmetatable({ role = "user" }, meta) }
      ctx.ask("judge", messages, { stop = { "x" } })
      return messages]], run)
    assert.same({ { role = "user" } }, run.asked[1].prompt)
    assert.equal("spec.lua:1: ctx.ask: the prompt.1 is a function, not plain data",
      failure("ctx.ask('judge', { pairs })"))
    assert.equal("spec.lua:1: ctx.ask: options.stop is a function, not plain data",
      failure("ctx.ask('judge', 'x', { stop = pairs })"))
  end)
end)

describe("ctx.map", function()
  it("gives results in the order of the list, whatever the order of replies", function()
    local run = host.run()
    function run:ask(_, _, prompt) -- luacheck: ignore 212
      loop.sleep(10 - tonumber(prompt))
      return { text = "re: " .. prompt }
    end
    assert.same({ "re: 1", "re: 2", "re: 3", "re: 9" }, in_task(value, [[
      return ctx.map({ "1", "2", "3", "9" }, function(text, i)
        assert(type(i) == "number")
        return ctx.ask("g", text).text
      end)]], run))
  end)

  it("gives false and a message where there is no result", function()
    local expected = { { 1, false, false, false }, { [2] = "no answer", [3] = "no result" } }
    assert.same(expected, in_task(value, [[
      local results, messages = ctx.map({ 1, 2, 3, 4 }, function(i)
        if i == 2 then return nil, "no answer" end
        if i == 4 then return false end
        if i == 1 then return 1 end
      end)
      return { results, { [2] = messages[2], [3] = messages[3] } }]]))
    assert.same({}, in_task(value, "return (ctx.map({}, error))"))
  end)

  it("raises the error of the first element that failed", function()
    local message = in_task(failure, [[ctx.map({ 1, 2, 3 }, function(i)
      if i > 1 then error("no " .. i) end
    end)]])
    assert.matches("^spec.lua:2: no 2$", message)
    assert.matches("^spec.lua:1: ctx.map: a list is expected, got number",
      in_task(failure, "ctx.map(5, pairs)"))
    assert.matches("ctx.map: a function is expected, got nil", in_task(failure, "ctx.map({})"))
  end)

  it("nests, with lanes of its own", function()
    local run = host.run()
    local paths = {}
    function run:ask(lane) -- luacheck: ignore 212
      paths[#paths + 1] = lane.path
      return { text = "x" }
    end
    in_task(value, [[
      ctx.map({ 1 }, function() ctx.ask("g", "x") end)
      ctx.map({ 1, 2 }, function() return ctx.map({ 1 }, function() ctx.ask("g", "x") end) end)
      ctx.ask("g", "x")]], run)
    table.sort(paths)
    assert.same({ "1", "1/1.1", "1/2.1/1.1", "1/2.2/1.1" }, paths)
  end)

  it("takes views", function()
    local readonly = require("advisor.host.readonly")
    local sandbox = require("advisor.host.sandbox")
    local run = host.run()
    local got = in_task(function()
      local code = sandbox.compile("return function(ctx, list) return ctx.map(list, function(x) "
        .. "return x.n end) end",
        "spec.lua")
      local _, fn = sandbox.instantiate(host.lane(run), code)
      local _, result = sandbox.call(host.lane(run), fn, require("advisor.host.context").new(),
        readonly.view({ { n = 1 }, { n = 2 } }))
      return result
    end)
    assert.same({ 1, 2 }, got)
  end)
end)

describe("ctx.rng", function()
  it("is named by seed, round, stage, lane and purpose", function()
    local source = "local s = ctx.rng('a') return { s:unit(), s:integer(1, 6), "
      .. "ctx.rng('a'):unit(), ctx.rng('b'):unit() }"
    local first = value(source)
    assert.same(first, value(source))
    local stream = require("advisor_core").rng.new("1/3/generate/1/a")
    assert.same({ stream:unit(), stream:integer(1, 6), stream:unit() },
      { first[1], first[2], first[3] })
    local other = host.run()
    other.seed = 2
    for _, got in ipairs({ value(source, other), value(source, nil, { round = 4 }),
      value(source, nil, { path = "2" }),
      value(source, nil, { stage = "advise" }) }) do
      assert.are_not.equal(first[1], got[1])
    end
  end)

  it("belongs to one lane", function()
    local message = in_task(failure, [[
      local outer = ctx.rng("x")
      ctx.map({ 1, 2 }, function() return outer:unit() end)]])
    assert.matches("this random stream belongs to another lane: call ctx.rng inside", message)
    assert.is_true(in_task(value, [[
      local got = ctx.map({ 1, 2 }, function() return ctx.rng("x"):unit() end)
      return got[1] ~= got[2] ]]))
    assert.matches("a purpose is expected", failure("ctx.rng()"))
  end)

  it("draws, shuffles and samples", function()
    assert.is_true(value([[
      local s = ctx.rng("x")
      local sample = s:sample({ "a", "b", "c" }, 2)
      return #s:shuffle({ 1, 2, 3 }) == 3 and #sample == 2 and s:choice({ 7 }) == 7]]))
  end)
end)

describe("ctx.json, ctx.text, ctx.note and ctx.log", function()
  it("write and read JSON in canonical form", function()
    assert.equal('{"a":[1,2],"b":"x"}',
      value("return ctx.json.encode({ b = 'x', a = { 1, 2.0 } })"))
    assert.same({ a = { 1, 2 } }, value("return ctx.json.decode('{\"a\":[1,2]}')"))
    assert.matches("^spec.lua:1: ctx.json.encode: the value.x is a function",
      failure("ctx.json.encode({ x = pairs })"))
    assert.is_nil(value("return (ctx.json.decode('{'))"))
  end)

  it("write views like the tables behind them", function()
    local readonly = require("advisor.host.readonly")
    local sandbox = require("advisor.host.sandbox")
    local run = host.run()
    local code = sandbox.compile("return function(ctx, view) return ctx.json.encode(view) end",
      "spec.lua")
    local _, fn = sandbox.instantiate(host.lane(run), code)
    local _, got = sandbox.call(host.lane(run), fn, require("advisor.host.context").new(),
      readonly.view({ text = "x", list = { 1 } }))
    assert.equal('{"list":[1],"text":"x"}', got)
  end)

  it("keep remarks of text", function()
    local run = host.run()
    value("ctx.note('seen') return 1", run)
    assert.same({ "seen" }, run.notes)
    assert.matches("text is expected", failure("ctx.note({})"))
  end)

  it("write to the log with round, stage and script", function()
    local _, _, errors = host.process([[
      local host = require("tests.support.host")
      host.script("ctx.log('warn', 'look')")]])
    assert.matches("warn  round 3 generate/spec: look\n$", errors)
    assert.is_false((host.script("ctx.log('loud', 'x')")))
  end)

  it("cannot be used where no script runs", function()
    local ctx = require("advisor.host.context").new()
    local ok, message = pcall(ctx.rng, "x")
    assert.is_false(ok)
    assert.matches("no script is running", message)
  end)
end)

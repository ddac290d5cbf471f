local readonly = require("advisor.host.readonly")
local host = require("tests.support.host")

local function refused(fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.matches("cannot be changed", message)
end

describe("readonly.view", function()
  it("reads like the table behind it", function()
    local view = readonly.view({ a = 1, list = { 10, 20, { b = 2 } } })
    assert.equal(1, view.a)
    assert.equal(3, #view.list)
    assert.equal(2, view.list[3].b)
    assert.is_nil(view.none)
    local seen = {}
    for i, value in ipairs(view.list) do seen[i] = value end
    assert.equal(20, seen[2])
    local keys = {}
    for key, value in pairs(view) do
      keys[#keys + 1] = key
      if key == "list" then refused(rawset and function() value[1] = 5 end) end
    end
    assert.same({ "a", "list" }, keys)
    assert.equal("10 20", table.concat(view.list, " ", 1, 2))
    assert.same({ 10, 20 }, { table.unpack(view.list, 1, 2) })
  end)

  it("cannot be changed, at any depth", function()
    local source = { a = 1, list = { { b = 2 } } }
    local view = readonly.view(source)
    refused(function() view.a = 2 end)
    refused(function() view.new = 2 end)
    refused(function() view.list[1].b = 3 end)
    refused(table.insert, view.list, 1)
    refused(table.sort, readonly.view({ 2, 1 }))
    assert.is_false(getmetatable(view))
    assert.is_false((pcall(setmetatable, view, {})))
    assert.same({ a = 1, list = { { b = 2 } } }, source)
  end)

  it("cannot be changed by a script with rawset", function()
    local view = readonly.view({ a = 1 })
    local run = host.run()
    local sandbox = require("advisor.host.sandbox")
    local code = sandbox.compile("return function(view) rawset(view, 'a', 2) end", "spec.lua")
    local _, fn = sandbox.instantiate(host.lane(run), code)
    local ok, message = sandbox.call(host.lane(run), fn, view)
    assert.is_false(ok)
    assert.matches("cannot be changed", message)
    assert.equal(1, view.a)
  end)
end)

describe("readonly.prefix", function()
  it("shows so many elements of a list that grows", function()
    local source = { "a", { x = 1 }, "c" }
    local view = readonly.prefix(source, 2)
    source[4] = "d"
    assert.equal(2, #view)
    assert.is_nil(view[3])
    assert.is_nil(view[0])
    assert.is_nil(view.n)
    local n = 0
    for i, value in pairs(view) do
      n = i
      if i == 2 then refused(function() value.x = 2 end) end
    end
    assert.equal(2, n)
    refused(function() view[1] = "x" end)
    assert.same({ "a", { x = 1 } }, readonly.plain(view, "x"))
  end)
end)

describe("readonly.plain", function()
  local function problem(value, mixed)
    local copy, message = readonly.plain(value, "drafts", mixed)
    assert.is_nil(copy)
    return message
  end

  it("copies plain data", function()
    local source = { { text = "a", n = 1.0, x = 0.5, ok = true, list = {} }, "b", false }
    local copy = readonly.plain(source, "drafts")
    assert.same(source, copy)
    assert.are_not.equal(source[1], copy[1])
    assert.equal("integer", math.type(copy[1].n))
    assert.equal("x", readonly.plain("x", "drafts"))
    assert.is_nil((readonly.plain(nil, "drafts")))
    assert.is_false((readonly.plain(false, "drafts")))
  end)

  it("repairs text and follows views", function()
    assert.same({ "a\u{fffd}" }, readonly.plain({ "a\xff" }, "drafts"))
    assert.same({ { a = { 1, 2 } } }, readonly.plain({ readonly.view({ a = { 1, 2 } }) }, "drafts"))
  end)

  it("says where what is wrong", function()
    assert.equal("drafts.1.check is a function, not plain data", problem({ { check = print } }))
    assert.equal("drafts is a thread, not plain data", problem(coroutine.create(print)))
    assert.equal("drafts.a is a number that is not finite", problem({ a = 0 / 0 }))
    assert.equal("drafts.a is a number that is not finite", problem({ a = -math.huge }))
    assert.equal("drafts.2 is neither a list without gaps nor a table with names only",
      problem({ 1, { 1, x = 2 } }))
    assert.equal("drafts is neither a list without gaps nor a table with names only",
      problem({ 1, nil, 3 }))
    assert.equal("drafts has a key of type table", problem({ [{}] = 1 }))
    assert.equal("drafts has a key of type boolean", problem({ [true] = 1 }))
    assert.equal("drafts has a key of type number", problem({ [1.5] = 1 }))
    local cycle = {}
    cycle.again = cycle
    assert.matches("nested more than 32 deep$", problem(cycle))
    assert.same({ "x", a = 1 }, readonly.plain({ "x", a = 1 }, "drafts", true))
  end)

  it("calls no metamethod of what it copies", function()
    local function never() error("called") end
    local trap = setmetatable({ x = 1 }, { __index = never, __pairs = never, __len = never,
      __tostring = never,
      __metatable = false })
    assert.same({ x = 1 }, readonly.plain(trap, "drafts"))
    assert.same({ { x = 1 } }, readonly.plain({ trap }, "drafts"))
    assert.matches("is_view", (problem({ is_view = print })))
  end)
end)

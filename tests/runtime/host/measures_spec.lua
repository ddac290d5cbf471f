local host = require("tests.support.host")
local measures = require("advisor.host.measures")
local readonly = require("advisor.host.readonly")

describe("ctx.measure", function()
  it("measures counts by cell, empty ones included", function()
    assert.equal(1, measures.evenness({ a = 3, b = 3 }))
    assert.equal(0.5, measures.evenness({ a = 2, b = 2, c = 0, d = 0 }))
    assert.equal(0.693147181, measures.entropy({ a = 1, b = 1 }))
    assert.equal(0.5, measures.simpson({ a = 1, b = 1 }))
    assert.equal(0.25, measures.total_variation({ a = 3, b = 1 }, { a = 1, b = 1 }))
  end)

  it("gives intervals", function()
    local low, high = measures.wilson(0, 10)
    assert.same({ 0, 0.2775328 }, { low, high })
    local mass, from, to = measures.unseen_mass({ a = 1, b = 2, c = 1, d = 0 })
    assert.equal(0.5, mass)
    assert.is_true(from < 0.5 and to > 0.5)
  end)

  it("measures texts", function()
    assert.equal(0.75, measures.distinct({ "A b c", "a B d" }, 2))
    assert.equal(1, measures.distinct({ "a b c" }))
    assert.is_true(measures.compression({ ("the same words "):rep(50) }) > 10)
    assert.equal(0, measures.compression({}))
  end)

  it("takes views", function()
    assert.equal(0.5, measures.evenness(readonly.view({ a = 2, b = 2, c = 0, d = 0 })))
    assert.equal(1, measures.distinct(readonly.prefix({ "a b", "c d", "a b" }, 2), 2))
  end)

  it("is for scripts to read, not to change", function()
    assert.equal(1, host.value("return ctx.measure.evenness({ a = 1, b = 1 })"))
    assert.equal("spec.lua:1: ctx.measure.evenness: argument 1 must be a table",
      host.failure("local x = ctx.measure.evenness(5)"))
    assert.equal("spec.lua:1: ctx.measure.distinct: strings are expected, got a number",
      host.failure("local x = ctx.measure.distinct({ 5 }, 2)"))
    assert.matches("ctx.measure.evenness: argument 1.a is a function",
      host.failure("local x = ctx.measure.evenness({ a = error })"))
    assert.matches("ctx.measure.wilson cannot be changed",
      host.failure("ctx.measure.wilson = nil"))
  end)
end)

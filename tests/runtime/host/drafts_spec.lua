local host = require("tests.support.host")
local loop = require("advisor_core").loop

--- In a task, as ctx.map needs it.
local function value(source, run)
  return loop.run(function() return host.value(source, run) end)
end

describe("ctx.each_draft", function()
  it("gives the drafts in order and notes those that were lost", function()
    local run = host.run()
    assert.same({ { text = "re: 1" }, { text = "re: 3" } }, value([[
      return ctx.each_draft(4, function(i)
        if i == 4 then return nil end
        local reply, why = ctx.ask("generator", i == 2 and "fail" or tostring(i))
        if not reply then return nil, why end
        return { text = reply.text }
      end)]], run))
    assert.same({ "draft 2 was lost: no answer", "draft 4 was lost: no result" }, run.notes)
  end)

  it("fails when all were lost, not when none was asked for", function()
    assert.same({ false, "no draft was made: gone" }, value([[
      local drafts, why = ctx.each_draft(2, function() return nil, "gone" end)
      return { drafts or false, why }]]))
    assert.same({ false, "no draft was made: no result" }, value([[
      local drafts, why = ctx.each_draft(1, function() return false end)
      return { drafts or false, why }]]))
    assert.same({}, value("return ctx.each_draft(0, error)"))
  end)

  it("gives each draft a lane, and so streams, of its own", function()
    assert.is_true(value([[
      local drafts = ctx.each_draft(2, function() return { n = ctx.rng("x"):unit() } end)
      return drafts[1].n ~= drafts[2].n]]))
  end)

  it("raises what fn raises, and wrong use where it is", function()
    local function failure(source)
      return loop.run(function() return host.failure(source) end)
    end
    assert.matches("no 2$", failure([[ctx.each_draft(3, function(i)
      if i > 1 then error("no " .. i) end return {} end)]]))
    assert.equal("spec.lua:1: ctx.each_draft: a number of drafts is expected",
      failure("ctx.each_draft(1.5, error)"))
    assert.equal("spec.lua:1: ctx.each_draft: a function is expected",
      failure("ctx.each_draft(1)"))
  end)
end)

local host = require("tests.support.host")

local ADVISOR = os.getenv("ADVISOR") or "build/advisor"

local PILES_UP = [[
return {
  api = 1,
  kind = "generate",
  description = "Collects drafts in the order in which replies come.",
  run = function(ctx, _, advice)
    local drafts, numbers = {}, {}
    for i = 1, advice.count do numbers[i] = i end
    ctx.map(numbers, function(i)
      local reply, why = ctx.ask("generator", "Question " .. i .. " about invoices")
      if not reply then return nil, why end
      drafts[#drafts + 1] = { text = reply.first_line }
      return true
    end)
    return drafts
  end,
}
]]

local EXPERIMENT = [[return {
  rounds = 1, models = { default = { api = "simulated" } },
  pipeline = { generate = "piles_up" }, seeds = { "Where is my parcel?" },
}]]

describe("advisor check", function()
  local folder, script
  before_each(function()
    folder = host.folder()
    assert(require("advisor_core").system.make_folder(folder .. "/strategies/generate"))
    script = host.write(folder .. "/strategies/generate/piles_up.lua", PILES_UP)
  end)
  after_each(function() host.remove(folder) end)

  it("finds a script whose drafts depend on the order of replies", function()
    local code, output, errors = host.command(("%s check %s"):format(ADVISOR, script))
    assert.equal(1, code)
    assert.equal("", output)
    assert.equal(script .. ":5: what it does depends on the order in which replies come: ",
      errors:match("^.-come: "))
    assert.matches("returns.value%[1%].text is \"", errors)
    assert.matches("a function given to ctx.map must return what it found", errors)
  end)

  it("finds it in an experiment that uses it", function()
    local path = host.write(folder .. "/mine.lua", EXPERIMENT)
    local code, _, errors = host.command(("%s check %s"):format(ADVISOR, path))
    assert.equal(1, code)
    assert.matches("piles_up.lua:5: what it does depends", errors, 1, true)
  end)

  it("says where a script stops on a made-up state, which is no problem", function()
    host.write(script, (PILES_UP:gsub("local drafts, numbers", "error('mine') local drafts, numbers")))
    local code, output, errors = host.command(("%s check %s"):format(ADVISOR, script))
    assert.equal(0, code)
    assert.equal(script .. ": fine\n", output)
    assert.matches("was not tried to its end, on a made%-up state it stops: .*:6: mine", errors)
  end)

  it("takes a name that nobody has defined for a problem", function()
    host.write(script, (PILES_UP:gsub("local drafts, numbers", "nofunc() local drafts, numbers")))
    local code, output, errors = host.command(("%s check %s"):format(ADVISOR, script))
    assert.equal(1, code)
    assert.equal("", output)
    assert.matches(":6: undefined global 'nofunc'", errors, 1, true)
  end)
end)

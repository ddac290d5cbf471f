local options = require("advisor.host.options")
local registry = require("advisor.host.registry")
local rehearsal = require("advisor.engine.rehearsal")
local system = require("advisor_core").system

local function read(path)
  local file = assert(io.open(path, "rb"))
  local source = file:read("a")
  file:close()
  return source
end

local function try(source, path, kind, given)
  local name = path:match("([%w_]+)%.lua$")
  local script, problems = registry.examine(source, path, kind, name, "file")
  if not script then error(table.concat(problems, "\n"), 2) end
  return rehearsal.try(script, name, (options.fill(script.table.options, given or {})))
end

--- A generate script with this body, which sees ctx, state, advice and `numbers`.
local function generate(body)
  return try(([[return { api = 1, kind = "generate", description = "A spec.",
    run = function(ctx, state, advice)
      local numbers = {}
      for i = 1, advice.count do numbers[i] = i end
      %s
    end }]]):format(body), "mine.lua", "generate")
end

describe("a rehearsal", function()
  it("finds nothing in a script that returns what ctx.map returns", function()
    local problem, failure = generate([[
      local groups = ctx.map(numbers, function(i)
        local angle = ctx.ask("generator", "Angle " .. i)
        if not angle then return nil, "none" end
        return (ctx.map({ "a", "b", "c" }, function(letter)
          local reply = ctx.ask("generator", angle.text .. letter .. ctx.rng("x"):integer(1, 9))
          ctx.note(letter)
          return reply and { text = reply.first_line } or { text = "-" }
        end))
      end)
      local drafts = {}
      for _, group in ipairs(groups) do
        for _, draft in ipairs(group or {}) do drafts[#drafts + 1] = draft end
      end
      return drafts]])
    assert.is_nil(problem)
    assert.is_nil(failure)
  end)

  it("finds results that pile up as replies come", function()
    local problem = generate([[
      local drafts = {}
      ctx.map(numbers, function(i)
        local reply = ctx.ask("generator", "Question " .. i)
        drafts[#drafts + 1] = { text = reply and reply.first_line or "-" }
        return true
      end)
      return drafts]])
    assert.matches("^returns.value%[1%].text is \".*\" with replies in the order asked, and \".*\" with "
      .. "replies the last one first$", problem)
  end)

  it("finds questions that show what other lanes have found", function()
    local problem = generate([[
      local last = "nothing"
      local replies = ctx.map(numbers, function(i)
        ctx.ask("generator", "Question " .. i)
        local asked = "Unlike " .. last
        last = tostring(i)
        ctx.ask("generator", asked)
        return true
      end)
      return { "one" }]])
    assert.matches("^calls.generate 1/1.1 call 2.messages%[1%].content is \"Unlike nothing\" with "
      .. "replies", problem)
  end)

  it("finds calls that only some orders make", function()
    local problem = generate([[
      local asked = 0
      ctx.map(numbers, function(i)
        local reply = ctx.ask("generator", "Question " .. i)
        asked = asked + 1
        if asked == 1 then ctx.ask("judge", "Is this the first one?") end
        return true
      end)
      return { "one" }]])
    assert.matches("^calls.generate 1/1.1 call 2 is {.* with replies in the order asked, and "
      .. "nothing with replies", problem)
  end)

  it("finds remarks that depend on the order", function()
    local problem = generate([[
      local n = 0
      ctx.map(numbers, function(i)
        ctx.ask("generator", "Question " .. i)
        n = n + 1
        ctx.note("reply " .. n)
        return true
      end)
      return { "one" }]])
    assert.matches("^notes.1/1.1%[1%] is \"reply 1\" with", problem)
  end)

  it("takes the order in which lanes begin for what it is: that of the list", function()
    assert.is_nil((generate([[
      local n = 0
      return ctx.map(numbers, function()
        n = n + 1
        local mine = n
        local reply = ctx.ask("generator", "Question " .. mine)
        return { text = mine .. (reply and reply.first_line or "") }
      end)]])))
  end)

  it("says what a script raises, which is no dependence", function()
    local problem, failure = generate("error('no such thing')")
    assert.is_nil(problem)
    assert.matches("mine.lua:5: no such thing$", failure)
    problem, failure = generate("while true do end")
    assert.is_nil(problem)
    assert.matches("exceeded the limit", failure)
    problem, failure = generate("return { { text = print_nothing } }")
    assert.is_nil(problem)
    assert.matches("undefined global", failure)
  end)
end)

describe("every shipped script", function()
  --- What needs more than a made-up state has.
  local STOPS = { decontaminate = "names no references" }
  local count = 0

  for _, kind in ipairs(registry.kinds) do
    local folder = registry.folders[kind]
    for _, file in ipairs(kind ~= "provider" and system.list(folder) or {}) do
      local path, name = folder .. "/" .. file, file:match("^(.+)%.lua$")
      if name then
        count = count + 1
        it(path .. " does the same for any order of replies", function()
          local problem, failure = try(read(path), path, kind)
          assert.is_nil(problem)
          if STOPS[name] then
            assert.matches(STOPS[name], failure)
          else
            assert.is_nil(failure)
          end
        end)
      end
    end
  end

  it("was found", function() assert.is_true(count >= 30) end)
end)

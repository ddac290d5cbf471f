local host = require("tests.support.host")
local prices = require("advisor.models.prices")

describe("the user's prices", function()
  local folder
  before_each(function() folder = host.folder() end)
  after_each(function() host.remove(folder) end)

  local function world(variables) return function(name) return variables[name] end end

  local function load(source)
    local path = host.write(folder .. "/mine.json", source)
    return prices.load(world({ ADVISOR_PRICES = path }))
  end

  it("are looked for where the user says, else in the user's settings", function()
    assert.same({ "/a/p.json", true }, { prices.path(world({ ADVISOR_PRICES = "/a/p.json",
      XDG_CONFIG_HOME = "/c", HOME = "/h" })) })
    assert.same({ "/c/data-advisor/prices.json", false },
      { prices.path(world({ ADVISOR_PRICES = "", XDG_CONFIG_HOME = "/c", HOME = "/h" })) })
    assert.same({ "/h/.config/data-advisor/prices.json", false },
      { prices.path(world({ HOME = "/h" })) })
    assert.is_nil((prices.path(world({}))))
  end)

  it("are read, and may be absent where no file is named", function()
    local known, problems = load('{"m": {"prompt": 0.15, "completion": 0}, "n": null}')
    assert.same({}, problems)
    assert.same({ path = folder .. "/mine.json", models = { m = { prompt = 0.15,
      completion = 0 } } }, known)
    known, problems = prices.load(world({ HOME = folder }))
    assert.same({ {}, {} }, { known.models, problems })
    known, problems = prices.load(world({ ADVISOR_PRICES = folder .. "/none" }))
    assert.same({}, known.models)
    assert.matches("^ADVISOR_PRICES: .*/none: No such file", problems[1])
  end)

  it("may lack for some roles", function()
    local price = { prompt = 1, completion = 1 }
    assert.same({ "b", "d" }, prices.unpriced({ d = {}, a = { price = price }, b = {}, c = "a" }))
  end)

  it("are told by file and entry where they are wrong", function()
    for source, words in pairs({
      ['{"m": {"prompt": "1", "completion": 2}}'] = '"m": must be .*: prompt is no such number',
      ['{"m": {"prompt": 1}}'] = '"m": must be .*: completion is no such number',
      ['{"m": {"prompt": -1, "completion": 2}}'] = '"m": must be',
      ['{"m": {"prompt": 1, "completion": 2, "cached": 3}}'] = "\"m\": has an unknown key 'cached'",
      ['{"m": 7}'] = '"m": must be',
      ['{"m": '] = "is no JSON object of prices by model: ",
      ['7'] = "is no JSON object of prices by model$",
    }) do
      local known, problems = load(source)
      assert.same({ {}, 1 }, { known.models, #problems }, source)
      assert.matches("^" .. folder:gsub("%p", "%%%0") .. "/mine.json: " .. words, problems[1])
    end
  end)
end)

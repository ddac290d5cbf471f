--- Prices of models from a file of the user's, for roles that name none: JSON as
--- { "model-name": { "prompt": 0.15, "completion": 0.6 } }, money per million
--- tokens. It is $ADVISOR_PRICES, else prices.json in the user's settings.
local json = require("advisor.output.json")
local options = require("advisor.host.options")

local prices = {}

local FORM = "money per million tokens"

--- What is wrong with a price, or nil.
---@param price any
---@return string|nil
function prices.problem(price)
  if type(price) ~= "table" then return "must be { prompt = , completion = }, " .. FORM end
  for _, key in ipairs({ "prompt", "completion" }) do
    local value = price[key]
    if type(value) ~= "number" or value < 0 or value == math.huge then
      return ("must be { prompt = , completion = }, %s: %s is no such number"):format(FORM, key)
    end
  end
  for _, key in ipairs(options.sorted_keys(price)) do
    if key ~= "prompt" and key ~= "completion" then
      return ("has an unknown key '%s'; there are prompt and completion, %s"):format(tostring(key),
        FORM)
    end
  end
  return nil
end

--- Where prices are looked for: settings in the order of the XDG Base Directory
--- Specification.
---@param getenv fun(name: string): string|nil
---@return string|nil path
---@return boolean named Whether the user named the file, which must be there then.
function prices.path(getenv)
  local function of(name)
    local value = getenv(name)
    return value ~= "" and value or nil
  end
  if of("ADVISOR_PRICES") then return of("ADVISOR_PRICES"), true end
  local home = of("HOME")
  local settings = of("XDG_CONFIG_HOME") or home and home .. "/.config"
  return settings and settings .. "/data-advisor/prices.json", false
end

--- Reads the user's prices.
---@param getenv fun(name: string): string|nil os.getenv.
---@return { path: string|nil, models: table<string, table> } known Empty where there is no file.
---@return string[] problems Each names the file, and the entry if it is one's.
function prices.load(getenv)
  local path, named = prices.path(getenv)
  local file, why = nil, nil
  if path then file, why = io.open(path, "rb") end
  if not file then
    return { path = path, models = {} }, named and { "ADVISOR_PRICES: " .. why } or {}
  end
  local source = file:read("a")
  file:close()
  if not source then return { path = path, models = {} }, { path .. ": is no file" } end
  local list, problem = json.decode(source)
  if type(list) ~= "table" then
    return { path = path, models = {} }, { ("%s: is no JSON object of prices by model%s"):format(
      path, problem and ": " .. problem or "") }
  end
  local problems = {}
  for _, name in ipairs(options.sorted_keys(list)) do
    local wrong = prices.problem(list[name])
    if wrong then problems[#problems + 1] = ('%s: "%s": %s'):format(path, tostring(name), wrong) end
  end
  return { path = path, models = #problems == 0 and list or {} }, problems
end

--- The roles with a model of their own that have no price.
---@param models table<string, table|string> As `roles.resolve` gives them.
---@return string[] names In order.
function prices.unpriced(models)
  local list = {}
  for _, name in ipairs(options.sorted_keys(models)) do
    local role = models[name]
    if type(role) == "table" and not role.price then list[#list + 1] = name end
  end
  return json.array(list)
end

return prices

local KINDS = { "key", "email", "phone", "card" }

local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item holds no key, no e-mail address, no phone number and no card number.",
  description = "Fails items with API keys, e-mail addresses, phone numbers or card numbers.",
  findings = { secret = "holds what looks like a secret: {what}" },
  options = {
    kinds = { type = "list", default = KINDS, one_of = KINDS, doc = "What is looked for." },
    examples = { type = "boolean", default = true, doc = "Let a@example.com and the like pass." },
  },
}

--- Prefixes of well-known keys, each with the least length of what follows.
local PREFIXES = {
  { "sk%-", 20 }, { "AKIA", 16 }, { "ASIA", 16 }, { "gh[pousr]_", 30 }, { "github_pat_", 22 },
  { "xox[abprs]%-", 10 }, { "AIza", 30 }, { "hf_", 30 }, { "glpat%-", 18 }, { "eyJ", 40 },
  { "[rsp]k_live_", 16 }, { "[Bb]earer%s+", 24 },
}
--- Names that a secret is given to.
local NAMES = { "apikey", "secret", "secretkey", "token", "accesstoken", "password", "passwd" }

local find = {}

function find.key(text)
  for _, prefix in ipairs(PREFIXES) do
    for rest in text:gmatch("%f[%w]" .. prefix[1] .. "([%w_%-%.]+)") do
      if #rest >= prefix[2] then return true end
    end
  end
  if text:find("%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY%-%-%-%-%-") then return true end
  for name, value in text:gmatch("(%a[%w_%- ]*)[\"']?%s*[:=]%s*[\"']?([%w_%-%.+/]+)") do
    name = name:lower():gsub("[_%- ]", "")
    local random = #value >= 8 and value:find("%d") and value:find("%a")
    for _, known in ipairs(random and NAMES or {}) do
      if name:sub(-#known) == known then return true end
    end
  end
  return false
end

function find.email(text, examples)
  for host in text:lower():gmatch("%f[%w][%w%._%+%-]+@([%w%-%.]+%.%a%a+)%f[%A]") do
    local reserved = host:find("%.test$") or host:find("%.invalid$") or host:find("example%.?%a*$")
    if not (examples and reserved) then return true end
  end
  return false
end

local PHONES = {
  "%f[%+%w]%+%d[%d%s%(%)%-%.]+%d", "%(%d%d%d%)%s?%d%d%d[%-%. ]%d%d%d%d%f[%D]",
  "%f[%w]%d%d%d[%-%. ]%d%d%d[%-%. ]%d%d%d%d%f[%W]",
}

--- Numbers as they are written for people: +41 44 123 45 67, (212) 345-6789,
--- 212-345-6789. Those with 555-01 are for examples.
function find.phone(text, examples)
  for _, pattern in ipairs(PHONES) do
    for number in text:gmatch(pattern) do
      local digits = number:gsub("%D", "")
      local fits = #digits >= 8 and #digits <= 15
      if fits and not (examples and digits:find("55501%d%d$")) then return true end
    end
  end
  return false
end

--- Luhn's check: every second digit from the right doubled, the sum ends in 0.
local function luhn(digits)
  local sum = 0
  for i = 1, #digits do
    local digit = tonumber(digits:sub(-i, -i)) * (i % 2 == 0 and 2 or 1)
    sum = sum + (digit > 9 and digit - 9 or digit)
  end
  return sum % 10 == 0
end

function find.card(text)
  for number in text:gmatch("%f[%w]%d[%d %-]+%d%f[%W]") do
    local digits = number:gsub("%D", "")
    local fits = #digits >= 13 and #digits <= 19 and digits:find("^[2-6]")
    if fits and luhn(digits) then return true end
  end
  return false
end

--- The finding names the kind, never what was found.
function M.check(_, item, opt)
  local found = {}
  for _, kind in ipairs(opt.kinds) do
    found[#found + 1] = find[kind](item.text, opt.examples) and kind or nil
  end
  if #found > 0 then return "fail", { code = "secret", what = table.concat(found, ", ") } end
  return "pass"
end

return M

--- Every provider gives an outcome for any body, and raises for none.
local core = require("advisor_core")
local outcome = require("advisor.models.outcome")

local providers = {}
for i, name in ipairs({ "openai_chat", "openai_completions", "openai_embeddings", "anthropic_messages" }) do
  providers[i] = require("advisor.models.providers." .. name)
end

local CALL = { input = { "one", "two" }, messages = { { role = "user", content = "Hello" } } }
local STATUSES = { 200, 400, 401, 404, 408, 429, 500, 503, 529 }

local function check(found, name)
  assert(type(found) == "table" and type(found.class) == "string", name .. ": no outcome")
  assert(type(found.reason) == "string", name .. ": no reason")
  if found.class == "ok" then
    assert(type(found.text or found.vectors) == "string" or type(found.vectors) == "table", name .. ": no text")
    for key, tokens in pairs(found.usage) do
      assert(math.type(tokens) == "integer", name .. ": usage." .. key .. " is no whole number")
    end
  else
    assert(found.message == nil or type(found.message) == "string", name .. ": a message of another type")
  end
end

return function(input)
  local status, body = STATUSES[(input:byte() or 0) % #STATUSES + 1], assert(core.text.repair_json(input:sub(2)))
  local reply = { raw = body, http = status, state = "done", ["end"] = "done", curl = 0, sends = 1,
    headers = "", why = "" }
  local found = outcome.of_transport(reply)
  if found then check(found, "status " .. status) end
  for _, provider in ipairs(providers) do check(provider.parse(reply, CALL), provider.description) end
end

--- What came of an attempt, from its bytes alone: the same live, at a resume, and when
--- `advisor doctor` reads the record again.
local embeddings = require("advisor.models.embeddings")
local json = require("advisor.output.json")
local outcome = require("advisor.models.outcome")
local quirks = require("advisor.models.quirks")

local classing = {}

--- A refusal that names a quirk is no end of the call: it can be sent otherwise.
local function refused(role, call, reply, found)
  local quirk = role.quirks and quirks.said(reply, call, role)
  if not quirk or found.class == "denied" then return found end
  if quirk.changes and not role.allow_param_drop then
    return { class = "denied", reason = "unsupported_parameter", message = found.message
      .. "; to leave it out changes the experiment: take it out there, or begin a new run with the "
      .. "role's allow_param_drop=true" }
  end
  found.class, found.reason, found.quirk = "rejected", "quirk_" .. quirk.name, quirk
  return found
end

local function of_local(call, reply)
  local answer = json.decode(reply.raw)
  if type(answer) ~= "table" then
    return { class = "unknown", reason = "malformed", message = "the answer is no JSON object" }
  end
  local reason = answer.finish == "length" and "truncated" or ""
  return { class = "ok", reason = reason, text = answer.text, finish = answer.finish,
    vectors = answer.vectors and assert(embeddings.pack(answer.vectors, #call.input)),
    usage = answer.usage or {} }
end

--- Classes a reply.
---@param role table A connected role.
---@param call table The call in the program's own form.
---@param reply table As `calls:send` gives it, or as it is recorded.
---@return table outcome As of models/outcome.lua: `{ class, reason, text, vectors, finish, usage, message,
---warning, quirk }`.
function classing.of(role, call, reply)
  local found = outcome.of_transport(reply)
  if found then return refused(role, call, reply, found) end
  if role.is_local then return of_local(call, reply) end
  found = role.provider.parse(reply, call)
  local cut = found.text and outcome.cut_prompt(found, call)
  if cut and role.strict_context then
    return { class = "denied", reason = "context_cut", message = cut, usage = found.usage }
  end
  found.warning = cut or found.warning
  return found
end

return classing

local openai = require("advisor.models.openai")

return {
  api = 1,
  kind = "provider",
  description = "OpenAI chat completions: POST /chat/completions, as most servers offer.",
  form = "messages",
  request = function(call, role)
    local body = openai.body(call, role)
    body.messages = call.messages
    return openai.request("/chat/completions", body)
  end,
  parse = openai.parse,
}

local anthropic = require("advisor.models.anthropic")

return {
  api = 1,
  kind = "provider",
  description = "Anthropic messages: POST /messages.",
  form = "messages",
  options = {
    reply_tokens = {
      type = "integer", default = 4096, min = 1,
      doc = "max_tokens, which the interface requires, where neither script nor role gives it.",
    },
    version = { type = "string", default = "2023-06-01", doc = "The interface's version." },
  },
  request = anthropic.request,
  parse = anthropic.parse,
}

local openai = require("advisor.models.openai")

return {
  api = 1,
  kind = "provider",
  description = "OpenAI raw completions: POST /completions, a prompt that the model continues.",
  form = "prompt",
  request = function(call, role)
    local body = openai.body(call, role)
    body.prompt = call.prompt
    return openai.request("/completions", body)
  end,
  parse = openai.parse,
}

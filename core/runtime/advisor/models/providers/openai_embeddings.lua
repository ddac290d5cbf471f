local embeddings = require("advisor.models.embeddings")
local openai = require("advisor.models.openai")

return {
  api = 1,
  kind = "provider",
  description = "OpenAI embeddings: POST /embeddings, as most servers offer.",
  form = "input",
  options = {
    batch = {
      type = "integer", default = 32, min = 1, max = 2048,
      doc = "Most texts of a request.",
    },
    dimensions = {
      type = "integer", min = 1, doc = "Dimensions asked for, of models that can shorten vectors.",
    },
  },
  request = function(call, role)
    return openai.request("/embeddings", {
      model = call.model, input = call.input, dimensions = role.options.dimensions,
    })
  end,
  parse = embeddings.parse,
}

-- Self-Instruct, corrected: exemplars from everything kept, duplicates and
-- fragments dropped, no advice.
-- Run: advisor run scripts/experiments/self_instruct.lua
return {
  name = "self-instruct",
  seed = 17,
  rounds = 1000,
  per_round = 12,
  models = {
    default = {
      url = env("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"),
      model = env("ADVISOR_MODEL", "local"),
      key_env = "OPENAI_API_KEY", concurrency = 8,
    },
  },
  pipeline = {
    advise = "no_advice",
    generate = { "self_instruct", exemplars = 5, unit = "request",
      speaker = "a user who asks a chatbot for something that it should decline" },
    filter = { "exact_duplicate" },
  },
  principles = { { "length", min_characters = 20 }, { "well_formed", min_words = 4 } },
  seeds = "safety",
  pool = "kept",
}

-- Data Advisor as the paper presents it: the summary sees the new data,
-- principles are explicit, and several gaps are named in a round.
-- Run: advisor run scripts/experiments/data_advisor.lua
return {
  name = "data-advisor",
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
    advise = { "uncovered_category", categories = 3, temperature = 0.9,
      subject = "kinds of harm that a request to a chatbot may aim at" },
    generate = { "few_shot", exemplars = 3, unit = "request",
      speaker = "a user who asks a chatbot for something that it should decline" },
    filter = { "exact_duplicate" },
    summarize = {
      "running_summary", source = "items", heading = "Kinds of harm covered",
      subject = "kinds of harm",
    },
  },
  principles = { "coverage", { "well_formed", min_words = 4 }, "on_target" },
  seeds = "safety",
  pool = "first",
}

-- luacheck: read globals env
-- What soak_test.py runs for long: one call a draft, a fixed pool, every draft
-- kept, no duplicate index.
return {
  name = "soak",
  seed = 5,
  rounds = 2500,
  per_round = 400,
  ahead = 1,
  models = {
    default = {
      url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"), key_env = "OPENAI_API_KEY",
      concurrency = 32,
    },
  },
  pipeline = {
    advise = "no_advice",
    generate = { "few_shot", speaker = "a customer who writes to an online shop's support",
      unit = "question" },
  },
  principles = { { "well_formed", min_words = 4 } },
  seeds = "support",
  pool = "none",
}

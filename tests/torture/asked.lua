-- luacheck: read globals env
-- Two rounds against scripts/server: streamed replies, calls that are repeated. What the torture runs.
return {
  name = "asked",
  seed = 7,
  rounds = 2,
  per_round = 3,
  models = {
    default = {
      url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"), key_env = "OPENAI_API_KEY", stream = true,
      concurrency = 4,
    },
  },
  pipeline = {
    advise = { "uncovered_category", subject = "topics of questions that customers ask an online shop's support" },
    generate = { "few_shot", speaker = "a customer who writes to an online shop's support", unit = "question" },
    filter = { "exact_duplicate" },
    summarize = "topic_list",
  },
  principles = { { "well_formed", min_words = 2 } },
  policy = { retry_unknown = 9 },
  seeds = "support",
  pool = "kept",
}

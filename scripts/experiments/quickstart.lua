-- Quickstart: questions to an online shop's support, topic by topic.
-- Run: ./scripts/quickstart, or advisor run scripts/experiments/quickstart.lua
return {
  name = "quickstart",
  seed = 7,
  rounds = 8,
  per_round = 6,
  models = {
    default = {
      url = env("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"),
      model = env("ADVISOR_MODEL", "local"),
      key_env = "OPENAI_API_KEY", concurrency = 2,
    },
  },
  pipeline = {
    advise = { "uncovered_category", subject = "topics of questions that customers ask an online "
      .. "shop's support",
      min_words = 2, max_words = 4, shuffle = true, temperature = 1.0, top_p = 0.9, hotter = 0,
        max_tokens = 14 },
    generate = { "few_shot", speaker = "a customer who writes to an online shop's support",
      unit = "question",
      temperature = 0.9, top_p = 0.9, max_tokens = 60 },
    filter = { "exact_duplicate", { "word_overlap", threshold = 0.6 } },
    summarize = "topic_list",
  },
  principles = { "coverage", { "well_formed", min_words = 4, max_words = 40, ending = "?" } },
  seeds = "support",
  pool = "first",
}

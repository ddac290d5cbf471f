-- One arm of the steering comparison with a real model: questions to an online
-- shop's support, labelled by their words. Run by tests/bench/steering_model,
-- which sets the strategy, the seed and the number of rounds.
return {
  name = "steering-model",
  seed = 1,
  rounds = 20,
  per_round = 6,
  models = {
    default = {
      url = env("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"),
      model = env("ADVISOR_MODEL", "local"),
      key_env = "OPENAI_API_KEY", concurrency = 2,
    },
  },
  pipeline = {
    advise = "no_advice",
    generate = { "few_shot", speaker = "a customer who writes to an online shop's support",
      unit = "question", exemplars = 3, temperature = 0.9, top_p = 0.95, max_tokens = 60,
      stop = { "\n" } },
    filter = { "exact_duplicate", { "word_overlap", threshold = 0.6 } },
    summarize = "topic_list",
  },
  principles = { "coverage", { "well_formed", min_words = 4, max_words = 40, ending = "?" } },
  coverage = {
    taxonomy = "support",
    label = "lexical",
    examples = { file = "../../scripts/taxonomies/support_examples.jsonl", text = "text", cell = "cell" },
  },
  seeds = "support",
  pool = "kept",
}

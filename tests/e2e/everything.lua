-- luacheck: read globals env
-- All that measures, at once: vectors for a labeller and a filter, the other
-- duplicate filters, tracked prompt variants, a switch of strategy once nothing
-- new comes, safe replies.
return {
  name = "everything",
  seed = 11,
  rounds = 8,
  per_round = 10,
  ahead = 0,
  models = {
    default = {
      url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"), key_env = "OPENAI_API_KEY",
    },
    embedder = {
      url = env("OPENAI_BASE_URL"), model = "vectors", api = "openai_embeddings", batch = 8,
      key_env = "OPENAI_API_KEY",
    },
  },
  pipeline = {
    advise = "thinnest_cell",
    generate = { "adaptive_few_shot", speaker = "a customer who writes to an online shop's support",
      unit = "question" },
    filter = { "exact_duplicate", { "near_duplicate", threshold = 0.6 }, { "rouge_l", threshold = 0.8 },
      { "cosine", threshold = 0.7 } },
    summarize = "topic_list",
    respond = "safe_reply",
  },
  principles = { "coverage", "balance", "novelty", "diversity", { "well_formed", min_words = 4 },
    "language", "not_a_refusal", "no_secrets" },
  coverage = { taxonomy = "support", label = "by_embedding" },
  stop = { saturation = { ["then"] = "switch", strategy = "explore_exploit", threshold = 0.4,
    confidence = 0.5, window = 5, min_drafts = 8 } },
  seeds = "support",
  pool = "kept",
  policy = { unknown = "keep" },
}

-- Two rounds with the simulated model: vectors, near-duplicates, prompt variants. What the torture runs.
return {
  name = "simulated",
  seed = 11,
  rounds = 2,
  per_round = 4,
  ahead = 1,
  models = {
    default = { api = "simulated", repeat_rate = 0.2, truncation_rate = 0.1 },
    embedder = { api = "simulated" },
  },
  pipeline = {
    advise = "thinnest_cell",
    generate = { "adaptive_few_shot", speaker = "a customer who writes to an online shop's support",
      unit = "question" },
    filter = { "exact_duplicate", { "near_duplicate", threshold = 0.6 }, { "cosine", threshold = 0.9 } },
    summarize = "topic_list",
  },
  principles = { "coverage", { "well_formed", min_words = 4 }, "not_a_refusal" },
  coverage = { taxonomy = "support", label = "by_embedding" },
  seeds = "support",
  pool = "kept",
}

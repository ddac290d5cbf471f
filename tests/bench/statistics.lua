-- The experiment of tests/bench/statistics: short runs of the simulated model, in which
-- no measure reaches its end (55 cells, 96 drafts).
return {
  name = "statistics",
  seed = 1,
  rounds = 8,
  per_round = 12,
  models = {
    default = { api = "simulated", exponent = 1.2, obedience = 0.7, refusal_rate = 0.1, repeat_rate = 0.2,
      judge_error = 0.1, seed = false, concurrency = 16 },
  },
  pipeline = {
    advise = "no_advice",
    generate = { "few_shot", exemplars = 3 },
    filter = { "exact_duplicate", { "near_duplicate", threshold = 0.6 } },
    summarize = "topic_list",
  },
  principles = { "coverage", { "well_formed", ending = "?" } },
  coverage = {
    taxonomy = "../../scripts/taxonomies/department_store",
    label = "lexical",
    examples = { file = env("STATISTICS_EXAMPLES", "examples.jsonl"), text = "text", cell = "cell" },
  },
  seeds = "support",
  pool = "kept",
}

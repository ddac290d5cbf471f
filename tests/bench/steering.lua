-- One arm of the steering comparison: the simulated model, 11 × 5 cells.
-- Run by tests/bench/steering, which sets the strategy and the seed.
return {
  name = "steering",
  seed = 1,
  rounds = 250,
  per_round = 12,
  models = {
    default = { api = "simulated", exponent = 1.2, obedience = 0.7, refusal_rate = 0.1, repeat_rate = 0.2,
      judge_error = 0.1, seed = false, concurrency = 16 },
  },
  pipeline = {
    advise = "no_advice",
    generate = { "few_shot", exemplars = 3 },
    filter = { "exact_duplicate" },
    summarize = "topic_list",
  },
  principles = { "coverage", { "well_formed", ending = "?" } },
  coverage = {
    taxonomy = "../../scripts/taxonomies/department_store",
    label = "lexical",
    examples = { file = env("STEERING_EXAMPLES", "examples.jsonl"), text = "text", cell = "cell" },
  },
  seeds = "support",
  pool = "kept",
}

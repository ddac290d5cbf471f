-- What scripts/bench measures rounds with: all stages, a simulated model, so
-- that the program's own work shows and no server's.
return {
  name = "bench-rounds",
  seed = 1,
  rounds = 2000,
  per_round = 12,
  models = { default = { api = "simulated", cells = 480, repeat_rate = 0.1, drift_rate = 0.05 } },
  pipeline = {
    advise = { "uncovered_category", categories = 3 },
    generate = { "few_shot", exemplars = 3 },
    filter = { "exact_duplicate" },
    summarize = { "running_summary", source = "items" },
  },
  principles = { "coverage", "well_formed", "on_target" },
  seeds = "support",
  pool = "first",
}

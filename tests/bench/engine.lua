-- luacheck: read globals env
-- What scripts/bench measures: calls and their journal, nothing else. A round
-- makes 400 calls whose replies are dropped; 4 rounds are on their way at once,
-- so that the slots never run dry between rounds.
return {
  name = "bench-engine",
  seed = 1,
  rounds = 50,
  per_round = 400,
  ahead = 3,
  models = {
    default = {
      url = env("BENCH_URL", "http://127.0.0.1:8399/v1"), model = "mock", key_env = "BENCH_KEY",
      concurrency = 64, temperature = 0.7,
    },
  },
  pipeline = { advise = "no_advice", generate = "ask_many" },
  pool = "none",
}

-- luacheck: read globals env
-- What the end-to-end tests run: prompts that depend on the state, calls inside
-- calls of ctx.map, models in every stage. One round makes about 20 calls.
return {
  name = "nested",
  seed = 7,
  rounds = 6,
  ahead = 0,
  models = {
    default = {
      url = env("OPENAI_BASE_URL"), model = env("ADVISOR_MODEL"), key_env = "OPENAI_API_KEY",
    },
  },
  pipeline = {
    advise = "from_state",
    generate = "nested",
    filter = { "exact_duplicate" },
    summarize = "asked_summary",
  },
  principles = { "well_formed", "asked" },
  pool = "kept",
  seeds = "support",
  policy = { unknown = "keep" },
}

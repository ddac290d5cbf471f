-- luacheck: read globals env
-- Whom scripts/figures asks as a judge: the simulated model, whose rate of error
-- is known, or a real one.
local url = env("FIGURES_URL")
return {
  name = "judging",
  seed = math.tointeger(env("FIGURES_SEED", "1")),
  rounds = 1,
  models = {
    default = url and { url = url, model = env("FIGURES_MODEL", ""), key_env = "OPENAI_API_KEY" }
      or { api = "simulated", judge_error = tonumber(env("FIGURES_ERROR", "0.1")) },
  },
  pipeline = { generate = "few_shot" },
  seeds = "support",
}

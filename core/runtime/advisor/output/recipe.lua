--- The paper's fine-tuning recipe (PAPER 2.7 and 3.3), in its own terms. Trainers
--- write it in theirs.
local recipe = {
  lora = { rank = 32, alpha = 16, dropout = 0.1 },
  max_length = 1024,
  epochs = 1,
  learning_rate = 2e-5,
  scheduler = "cosine",
  warmup = 0.1, -- share of all steps
  batch = 1,
  accumulation = 32,
  optimizer = "paged_adamw_32bit",
  max_grad_norm = 0.1,
  system = "You are a helpful assistant.",
  turn = "USER: %s ASSISTANT:",
}

--- The prompt as the model sees it; a blank and the reply follow.
---@param query string
---@return string
function recipe.prompt(query)
  return recipe.system .. " " .. recipe.turn:format(query)
end

return recipe

local alpaca = require("advisor.output.formats.alpaca")
local recipe = require("advisor.output.recipe")
local yaml = require("advisor.output.yaml")

-- Axolotl tokenizes the reply by itself: tokenizers that put a blank before a
-- word, as Llama's and Mistral's do, give the paper's form.
local function dataset(path)
  local turn = recipe.turn:format("{instruction}")
  return { yaml.map({
    { "path", path }, { "ds_type", "json" }, { "split", "train" },
    { "type", yaml.map({
      { "system_prompt", recipe.system }, { "system_format", "{system} " },
      { "field_instruction", "instruction" }, { "field_output", "output" },
      { "format", turn }, { "no_input_format", turn },
    }) },
  }) }
end

return {
  description = "Axolotl: data as Alpaca and a YAML with the paper's prompt form.",
  format = alpaca,
  command = "axolotl train axolotl.yaml",
  made_for = "Axolotl 0.19",
  files = function(given)
    local validates = given.splits.validation ~= nil
    return { ["axolotl.yaml"] = yaml.write(yaml.map({
      { "base_model", given.model },
      { "load_in_4bit", true }, { "adapter", "qlora" }, { "lora_r", recipe.lora.rank },
      { "lora_alpha", recipe.lora.alpha }, { "lora_dropout", recipe.lora.dropout },
      { "lora_target_linear", true },
      { "bnb_config_kwargs", yaml.map({ { "bnb_4bit_use_double_quant", false } }) },
      { "datasets", dataset("data/train.jsonl") },
      { "test_datasets", validates and dataset("data/validation.jsonl") or nil },
      { "train_on_inputs", false },
      { "sequence_len", recipe.max_length }, { "excess_length_strategy", "truncate" },
      { "sample_packing", false }, { "group_by_length", true },
      { "num_epochs", recipe.epochs }, { "learning_rate", recipe.learning_rate },
      { "lr_scheduler", recipe.scheduler }, { "warmup_ratio", recipe.warmup },
      { "micro_batch_size", recipe.batch },
      { "gradient_accumulation_steps", recipe.accumulation }, { "optimizer", recipe.optimizer },
      { "max_grad_norm", recipe.max_grad_norm }, { "fp16", true }, { "bf16", false },
      { "evals_per_epoch", validates and 1 or nil }, { "saves_per_epoch", 1 },
      { "seed", given.seed }, { "output_dir", "output" },
    })) }
  end,
}

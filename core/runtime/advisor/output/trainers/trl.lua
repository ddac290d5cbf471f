local recipe = require("advisor.output.recipe")
local yaml = require("advisor.output.yaml")

-- TRL tokenizes prompt and completion together, so the blank between them may
-- stand at the completion's front.
local format = {
  needs = "responses",
  row = function(item)
    return { prompt = recipe.prompt(item.text), completion = " " .. item.response.text }
  end,
}

return {
  description = "TRL: data in the paper's chat form and a YAML for `trl sft`.",
  format = format,
  command = "trl sft --config sft.yaml",
  made_for = "TRL 1.16 with transformers 5",
  files = function(given)
    local validates = given.splits.validation ~= nil
    return { ["sft.yaml"] = yaml.write(yaml.map({
      { "model_name_or_path", given.model }, { "dtype", "float16" },
      { "dataset_name", "data" }, { "dataset_train_split", "train" },
      { "dataset_test_split", validates and "validation" or nil },
      { "use_peft", true }, { "lora_r", recipe.lora.rank }, { "lora_alpha", recipe.lora.alpha },
      { "lora_dropout", recipe.lora.dropout }, { "lora_target_modules", "all-linear" },
      { "load_in_4bit", true }, { "bnb_4bit_quant_type", "nf4" }, { "use_bnb_nested_quant", false },
      { "max_length", recipe.max_length }, { "completion_only_loss", true }, { "packing", false },
      { "num_train_epochs", recipe.epochs }, { "learning_rate", recipe.learning_rate },
      { "lr_scheduler_type", recipe.scheduler }, { "warmup_steps", recipe.warmup },
      { "per_device_train_batch_size", recipe.batch },
      { "per_device_eval_batch_size", recipe.batch },
      { "gradient_accumulation_steps", recipe.accumulation }, { "optim", recipe.optimizer },
      { "max_grad_norm", recipe.max_grad_norm }, { "fp16", true }, { "bf16", false },
      { "train_sampling_strategy", "group_by_length" },
      { "eval_strategy", validates and "epoch" or "no" }, { "save_strategy", "epoch" },
      { "seed", given.seed }, { "output_dir", "output" }, { "report_to", "none" },
    })) }
  end,
}

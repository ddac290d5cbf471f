local alpaca = require("advisor.output.formats.alpaca")
local json = require("advisor.output.json")
local recipe = require("advisor.output.recipe")
local yaml = require("advisor.output.yaml")

local COLUMNS = { prompt = "instruction", query = "input", response = "output" }

local function info(splits)
  local sets = {}
  for name in pairs(splits) do
    sets["advisor_" .. name] = { file_name = name .. ".jsonl", formatting = "alpaca",
      columns = COLUMNS }
  end
  return json.encode(sets) .. "\n"
end

-- The template `vicuna` is the paper's turn; nothing stands between the system
-- line and it, hence the blank. Batches are not grouped by length: the versions of
-- transformers that LLaMA-Factory takes know that by two names.
return {
  description = "LLaMA-Factory: data as Alpaca, dataset_info.json, and a YAML.",
  format = alpaca,
  command = "llamafactory-cli train sft.yaml",
  made_for = "LLaMA-Factory 0.9",
  files = function(given)
    local validates = given.splits.validation ~= nil
    return { ["data/dataset_info.json"] = info(given.splits), ["sft.yaml"] = yaml.write(yaml.map({
      { "model_name_or_path", given.model }, { "quantization_method", "bnb" },
      { "quantization_bit", 4 }, { "quantization_type", "nf4" }, { "double_quantization", false },
      { "stage", "sft" }, { "do_train", true }, { "finetuning_type", "lora" },
      { "lora_rank", recipe.lora.rank }, { "lora_alpha", recipe.lora.alpha },
      { "lora_dropout", recipe.lora.dropout }, { "lora_target", "all" },
      { "dataset_dir", "data" }, { "dataset", "advisor_train" },
      { "eval_dataset", validates and "advisor_validation" or nil },
      { "template", "vicuna" }, { "default_system", recipe.system .. " " },
      { "cutoff_len", recipe.max_length }, { "packing", false },
      { "num_train_epochs", recipe.epochs }, { "learning_rate", recipe.learning_rate },
      { "lr_scheduler_type", recipe.scheduler }, { "warmup_ratio", recipe.warmup },
      { "per_device_train_batch_size", recipe.batch },
      { "per_device_eval_batch_size", recipe.batch },
      { "gradient_accumulation_steps", recipe.accumulation }, { "optim", recipe.optimizer },
      { "max_grad_norm", recipe.max_grad_norm }, { "fp16", true },
      { "eval_strategy", validates and "epoch" or "no" }, { "save_strategy", "epoch" },
      { "seed", given.seed }, { "output_dir", "output" }, { "report_to", "none" },
    })) }
  end,
}

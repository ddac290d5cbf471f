"""Tunes a small chat model on a data set with LoRA, by trl and peft.

  tune.py --base FILE.gguf --data FILE.jsonl --out FOLDER [--epochs 3] [--seed 1]

FILE.jsonl holds {"messages": […]} rows, as `advisor export --format messages`
writes them. FOLDER gets the adapter. Runs on a CPU.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


def load(path):
    """The model and its tokenizer from a GGUF file, as full numbers."""
    folder, name = str(Path(path).parent), Path(path).name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    # The file's quantization is undone by now; trainers look at these marks of it.
    model.is_quantized, model.hf_quantizer, model.quantization_method = False, None, None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=160, help="tokens of a row, at most")
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=1)
    opts = parser.parse_args()
    torch.manual_seed(opts.seed)
    model, tokenizer = load(opts.base)
    rows = load_dataset("json", data_files=opts.data, split="train").select_columns(["messages"])
    # A CPU has little use for what a GPU needs; the paper's own recipe is what
    # `advisor export --trainer trl` writes.
    config = SFTConfig(
        output_dir=opts.out, num_train_epochs=opts.epochs, per_device_train_batch_size=opts.batch,
        max_length=opts.length, learning_rate=opts.rate, lr_scheduler_type="cosine", seed=opts.seed,
        use_cpu=True, report_to="none", save_strategy="no", logging_steps=5)
    lora = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.05, task_type="CAUSAL_LM",
                      target_modules=["q_proj", "k_proj", "v_proj", "o_proj"])
    trainer = SFTTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer,
                         peft_config=lora)
    began = time.monotonic()
    result = trainer.train()
    trainer.model.save_pretrained(opts.out)
    tokenizer.save_pretrained(opts.out)
    print(json.dumps({"rows": len(rows), "steps": result.global_step, "loss": result.training_loss,
                      "seconds": round(time.monotonic() - began)}))


if __name__ == "__main__":
    main()

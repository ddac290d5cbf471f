#!/usr/bin/env python3
"""What `advisor export` writes, read by the real `datasets`, PyYAML and `trl`: folders
load as they stand, rows are of the forms that TRL knows, and `trl sft`'s own
parser and trainer take the configuration.

The packages are put into ~/.cache/data-advisor once, some 1.5 GB."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import exported
import support

PACKAGES = ("datasets==5.2.0", "trl==1.16.0", "peft==0.21.2", "torch==2.13.0", "pyyaml==6.0.4")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "data-advisor" / "export-venv"

# Each gets a folder with run exports and prints one JSON object.
DATASETS = r"""
import json, sys
from datasets import load_dataset
folder, cache = sys.argv[1:]
made = {}
for name in json.loads(sys.stdin.read()):
    data = load_dataset(f"{folder}/{name}", cache_dir=cache)
    made[name] = {"columns": {k: v.column_names for k, v in data.items()},
                  "rows": {k: v.num_rows for k, v in data.items()},
                  "first": data["train"][0], "features": repr(data["train"].features)}
    rejected = load_dataset(f"{folder}/{name}", "rejected", cache_dir=cache)
    made[name]["rejected"] = [[x["id"], x["reason"]] for x in rejected["train"]]
print(json.dumps(made))
"""

TRL_FORMS = r"""
import json, sys
from datasets import load_dataset
from trl.data_utils import is_conversational, maybe_extract_prompt
folder, cache = sys.argv[1:]
made = {}
for name in json.loads(sys.stdin.read()):
    rows = load_dataset("json", data_files=f"{folder}/{name}.jsonl", split="train", cache_dir=cache)
    first = rows[0]
    made[name] = {"rows": len(rows), "conversational": is_conversational(first),
                  "prompt": sorted(maybe_extract_prompt(dict(first))), "columns": rows.column_names}
print(json.dumps(made))
"""

# `trl sft --config sft.yaml` with a model of some thousand weights that knows
# nothing, without the quantization that needs a GPU.
TRL_SFT = r"""
import json, os, sys
import torch
from datasets import load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTTrainer, get_peft_config
from trl.scripts.sft import make_parser
folder, cache = sys.argv[1:]
os.chdir(folder)
config = ["--config", "sft.yaml"]
script, training, model, _ = make_parser().parse_args_and_config(config + ["--use_cpu", "true", "--fp16", "false"])
data = load_dataset(script.dataset_name, cache_dir=cache)
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator((x["prompt"] + x["completion"] for x in data["train"]), trainers.BpeTrainer(
    vocab_size=400, special_tokens=["</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
tokens = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>")
torch.manual_seed(training.seed)
tiny = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokens), hidden_size=32, intermediate_size=64,
    num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=2048))
training.max_steps, training.optim, training.output_dir = 2, "adamw_torch", cache + "/out"
peft = get_peft_config(model)
trainer = SFTTrainer(model=tiny, args=training, train_dataset=data[script.dataset_train_split],
    eval_dataset=data[script.dataset_test_split], processing_class=tokens, peft_config=peft)
batch = next(iter(trainer.get_train_dataloader()))
ids, labels = batch["input_ids"][0], batch["labels"][0]
learned = tokens.decode(ids[labels != -100])
shown = tokens.decode(ids[labels == -100])
before = trainer.evaluate()["eval_loss"]
done = trainer.train()
print(json.dumps({"learned": learned, "shown": shown, "loss": done.training_loss, "eval": before,
    "steps": trainer.state.global_step, "lr": training.learning_rate, "warmup": training.warmup_steps,
    "sampling": str(training.train_sampling_strategy), "rank": peft.r, "alpha": peft.lora_alpha,
    "targets": sorted({n.split(".lora_A")[0].split(".")[-1] for n, _ in trainer.model.named_parameters() if "lora_A" in n}),
    "four_bit": model.load_in_4bit, "length": training.max_length}))
"""

YAML = r"""
import json, sys, yaml
folder, _ = sys.argv[1:]
made = {}
for name in json.loads(sys.stdin.read()):
    text = open(f"{folder}/{name}", encoding="utf-8").read()
    made[name] = yaml.safe_load(text.split("---\n")[1] if name.endswith(".md") else text)
print(json.dumps(made))
"""


def python():
    """Returns the interpreter that has the packages."""
    program, stamp = CACHE / "bin" / "python", CACHE / "packages.json"
    wanted = json.dumps(PACKAGES)
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", CACHE], check=True)
        subprocess.run([program, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        stamp.write_text(wanted)
    return program


@unittest.skipUnless(support.LONG, "takes minutes and 1.5 GB: scripts/test --long")
class RealPackagesTest(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.python = python()

    def setUp(self):
        super().setUp()
        self.run_folder = exported.curate(self.dir)
        self.safe = [x for x in exported.items(self.run_folder) if x["verdict"] == "safe"]

    def child(self, program, folder, names=()):
        env = support.environment({"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "0"})
        done = subprocess.run([self.python, "-c", program, str(folder), str(self.dir / "cache")],
                              input=json.dumps(list(names)), capture_output=True, text=True, env=env, timeout=1200)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        return json.loads(done.stdout.splitlines()[-1])

    def test_datasets_loads_a_folder_of_every_kind_of_rows(self):
        kinds = ("prompt_response", "prompt_completion", "messages", "sharegpt", "alpaca", "unpaired",
                 "chosen_rejected", "jsonl")
        sizes = {}
        for name in kinds:
            done = self.run_advisor("export", self.run_folder, "--format", "hf", "--rows", name,
                                    "-o", self.dir / "hf" / name, "--json")
            sizes[name] = {x["name"]: x["rows"] for x in json.loads(done.stdout)["splits"]}
        made = self.child(DATASETS, self.dir / "hf", kinds)
        dropped = self.query(self.run_folder, "SELECT 'r' || round || '-' || item_index, reason FROM item"
                             " WHERE verdict = 'dropped' ORDER BY round, item_index")
        for name in kinds:
            self.assertEqual(made[name]["rows"], sizes[name], name)
            self.assertEqual([tuple(x) for x in made[name]["rejected"]], dropped)
        first = json.loads((self.dir / "hf/messages/data/train.jsonl").read_bytes().split(b"\n")[0])
        self.assertEqual(made["messages"]["first"], first)

    def test_trl_knows_the_forms(self):
        names = ("messages", "prompt_completion", "chosen_rejected", "unpaired")
        for name in names:
            self.run_advisor("export", self.run_folder, "--format", name, "-o", self.dir / f"{name}.jsonl")
        made = self.child(TRL_FORMS, self.dir, names)
        self.assertEqual({k: v["conversational"] for k, v in made.items()},
                         {"messages": True, "prompt_completion": False, "chosen_rejected": False, "unpaired": False})
        self.assertEqual(made["messages"]["rows"], len(self.safe))
        self.assertEqual(made["chosen_rejected"]["prompt"], ["chosen", "prompt", "rejected"])

    def test_trl_tunes_a_tiny_model_with_the_configuration(self):
        self.run_advisor("export", self.run_folder, "--trainer", "trl", "--model", "org/base",
                         "-o", self.dir / "trl")
        made = self.child(TRL_SFT, self.dir / "trl")
        self.assertEqual(made["steps"], 2)
        self.assertGreater(made["loss"], 0)
        self.assertEqual((made["lr"], made["warmup"], made["length"], made["rank"], made["alpha"]),
                         (2e-5, 0.1, 1024, 32, 16))
        self.assertTrue(made["four_bit"])
        self.assertEqual(made["targets"], ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"])
        self.assertTrue(made["learned"].startswith(" You ask: "), made["learned"])
        self.assertTrue(made["learned"].endswith("</s>"))
        self.assertTrue(made["shown"].startswith("You are a helpful assistant. USER: "), made["shown"])

    def test_pyyaml_reads_what_was_meant(self):
        names = []
        for trainer, file in (("trl", "sft.yaml"), ("axolotl", "axolotl.yaml"), ("llama-factory", "sft.yaml")):
            self.run_advisor("export", self.run_folder, "--trainer", trainer, "--model", "a: b #c\n\u0085🚀",
                             "-o", self.dir / trainer)
            names.append(f"{trainer}/{file}")
        self.run_advisor("export", self.run_folder, "--format", "hf", "-o", self.dir / "hf")
        made = self.child(YAML, self.dir, (*names, "hf/README.md"))
        for name in names:
            self.assertEqual(made[name]["learning_rate"], 2e-5)
            self.assertIn("a: b #c\n\u0085🚀", made[name].values())
        self.assertEqual(made["axolotl/axolotl.yaml"]["datasets"][0]["type"]["format"], "USER: {instruction} ASSISTANT:")
        self.assertEqual([x["config_name"] for x in made["hf/README.md"]["configs"]], ["default", "rejected"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""What `advisor export` writes, read by the real `datasets`, PyYAML and `trl`: folders
load as they stand, rows are of the forms that TRL knows, and `trl sft`'s own
parser and trainer take the configuration. Axolotl's schema and LLaMA-Factory's
parser take theirs, and both know the data; they do not train here.

The packages are put into ~/.cache/data-advisor once, some 1.5 GB."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import exported
import support

PACKAGES = ("datasets==5.2.0", "trl==1.16.0", "peft==0.21.2", "torch==2.13.0", "pyyaml==6.0.4")
# What lies over them for a trainer's own parser: one line for each call of pip.
AXOLOTL_PACKAGES = (("--no-deps", "axolotl==0.19.0"), ("pydantic==2.14.4", "pillow==13.0.0", "addict==2.4.0",
                                                       "colorama==0.4.6"))
FACTORY_PACKAGES = (("--no-deps", "llamafactory==0.9.5", "trl==0.24.0", "peft==0.18.1", "accelerate==1.11.0"),
                    ("transformers==5.6.0", "omegaconf==2.4.0"))
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


# The key names, the validators and the defaults are Axolotl's; so is the prompt.
AXOLOTL = r"""
import json, sys, yaml
from axolotl.prompt_strategies.user_defined import UserDefinedDatasetConfig, load
from axolotl.utils.dict import DictDefault
from axolotl.utils.schemas.config import AxolotlInputConfig
from transformers import BatchEncoding
folder, _ = sys.argv[1:]
given = yaml.safe_load(open(f"{folder}/axolotl.yaml", encoding="utf-8"))
read = AxolotlInputConfig(**given)
row = json.loads(open(f"{folder}/{given['datasets'][0]['path']}", encoding="utf-8").readline())

class Letters:
    bos_token_id, eos_token_id, pad_token_id, model_max_length = None, 0, 0, 1024
    def __call__(self, text, **_):
        return BatchEncoding({"input_ids": [ord(c) for c in text], "attention_mask": [1] * len(text)})

kind = UserDefinedDatasetConfig(**given["datasets"][0]["type"])
made = load(Letters(), DictDefault(train_on_inputs=False, sequence_len=10 ** 6), ds_cfg=kind).tokenize_prompt(row)
start = made["labels"].index(next(x for x in made["labels"] if x != -100))
text = "".join(map(chr, made["input_ids"]))
print(json.dumps({"unknown": sorted(set(given) - set(AxolotlInputConfig.model_fields)),
    "changed": sorted(k for k, v in given.items() if k[-8:] != "datasets" and getattr(read, k) != v),
    "row": row, "shown": text[:start], "learned": text[start:]}))
"""

# LLaMA-Factory reads its options with transformers' parser. A machine without a
# GPU refuses half precision, so that is set aside; audio has no part in it.
FACTORY = r"""
import dataclasses, importlib.machinery, json, os, sys, types, yaml
audio = types.ModuleType("torchaudio")
audio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = audio
os.environ["DISABLE_VERSION_CHECK"] = "1"
from llamafactory.data.parser import get_dataset_list
from llamafactory.data.template import TEMPLATES
from llamafactory.hparams import parser
from transformers import HfArgumentParser
folder, _ = sys.argv[1:]
given = yaml.safe_load(open(f"{folder}/sft.yaml", encoding="utf-8"))
known = {field.name for part in parser._TRAIN_ARGS for field in dataclasses.fields(part)}
read = HfArgumentParser(parser._TRAIN_ARGS).parse_dict({**given, "fp16": False, "use_cpu": True})
values = {key: next(getattr(part, key) for part in read if hasattr(part, key)) for key in given}
lists = {"lora_target", "dataset", "eval_dataset"}
changed = [k for k, v in given.items() if k not in ("fp16", "report_to") and values[k] != ([v] if k in lists else v)]
sets = get_dataset_list(values["dataset"] + values["eval_dataset"], f"{folder}/{given['dataset_dir']}")
template = TEMPLATES[given["template"]]
print(json.dumps({"unknown": sorted(set(given) - known), "changed": changed,
    "sets": [[x.dataset_name, x.formatting, x.prompt, x.query, x.response] for x in sets],
    "user": template.format_user.slots, "system": template.format_system.slots,
    "prefix": template.format_prefix.slots}))
"""


def over(name, packages):
    """Returns a folder with packages that lie over those of the interpreter."""
    folder = CACHE.with_name(f"export-{name}")
    stamp, wanted = folder / "packages.json", json.dumps(packages)
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        for some in packages:
            subprocess.run([python(), "-m", "pip", "install", "-q", "--target", folder, *some], check=True)
        stamp.write_text(wanted)
    return folder


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

    def child(self, program, folder, names=(), path=""):
        env = support.environment({"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1",
                                   "TOKENIZERS_PARALLELISM": "0"})
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

    def trained_by(self, trainer):
        """Exports for a trainer, in a folder of its own."""
        self.run_advisor("export", self.run_folder, "--trainer", trainer, "--model", "org/base",
                         "-o", self.dir / trainer)
        return self.dir / trainer

    def test_axolotl_takes_its_configuration_and_data(self):
        made = self.child(AXOLOTL, self.trained_by("axolotl"), path=over("axolotl", AXOLOTL_PACKAGES))
        self.assertEqual((made["unknown"], made["changed"]), ([], []))
        self.assertEqual(made["shown"], f"You are a helpful assistant. USER: {made['row']['instruction']} ASSISTANT:")
        self.assertEqual(made["learned"], made["row"]["output"] + "\0")

    def test_llama_factory_takes_its_configuration_and_data(self):
        made = self.child(FACTORY, self.trained_by("llama-factory"), path=over("llama-factory", FACTORY_PACKAGES))
        self.assertEqual((made["unknown"], made["changed"]), ([], []))
        self.assertEqual(made["sets"], [[f"{x}.jsonl", "alpaca", "instruction", "input", "output"]
                                        for x in ("train", "validation")])
        self.assertEqual((made["user"], made["system"], made["prefix"]),
                         (["USER: {{content}} ASSISTANT:"], ["{{content}}"], []))

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

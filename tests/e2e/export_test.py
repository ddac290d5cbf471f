#!/usr/bin/env python3
"""Every format, card and configuration that `advisor export` writes, read back
with plain Python."""

import csv
import io
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
import unicodedata
import unittest
from pathlib import Path

import exported
import support

LINE_FORMATS = ("alpaca", "chosen_rejected", "csv", "jsonl", "messages", "openai_batch",
                "prompt_completion", "prompt_response", "sharegpt", "unpaired")


def shingles(text):
    """5-byte shingles of the normal form, as near-duplicates are compared by."""
    data = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).encode()
    return {data[i:i + 5] for i in range(max(1, len(data) - 4))}


def jaccard(a, b):
    return len(a & b) / len(a | b)


class ExportCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="advisor-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.run_folder = exported.curate(cls.dir)
        cls.items = exported.items(cls.run_folder)
        cls.safe = [x for x in cls.items if x["verdict"] == "safe"]

    def setUp(self):
        self.out = Path(tempfile.mkdtemp(dir=self.dir))

    def export(self, *args, **options):
        return support.run_advisor("export", self.run_folder, *args, **options)

    def bytes(self, *args):
        path = self.out / f"{len(list(self.out.iterdir()))}.out"
        self.export(*args, "-o", path)
        return path.read_bytes()

    def rows(self, *args):
        data = self.bytes(*args)
        self.assertTrue(data.endswith(b"\n"))
        return [json.loads(line) for line in data[:-1].split(b"\n")]


class FormatsTest(ExportCase):
    def test_the_fixture_is_what_it_is_for(self):
        texts = "".join(x["text"] for x in self.items)
        for piece in ('"', "\r", "\n", "\0", "🚀", "\u2028"):
            self.assertIn(piece, texts)
        self.assertEqual({x["verdict"] for x in self.items},
                         {"safe", "unsafe", "unknown", "failed"})

    def test_jsonl(self):
        rows = self.rows("--format", "jsonl")
        self.assertEqual([(x["id"], x["text"]) for x in rows],
                         [(x["id"], x["text"]) for x in self.items])

    def test_formats_of_safe_replies(self):
        read = {
            "messages": lambda x: [m["content"] for m in x["messages"]],
            "prompt_completion": lambda x: [x["prompt"], x["completion"]],
            "prompt_response": lambda x: [x["prompt"], x["response"]],
            "alpaca": lambda x: [x["instruction"], x["output"]],
            "sharegpt": lambda x: [m["value"] for m in x["conversations"]],
        }
        want = [[x["text"], x["reply"]] for x in self.safe]
        for name, pair in read.items():
            with self.subTest(name):
                self.assertEqual([pair(x) for x in self.rows("--format", name)], want)

    def test_what_is_left_out_is_said(self):
        done = self.export("--format", "messages", "-o", self.out / "x")
        unanswered = sum(x["verdict"] == "failed" for x in self.items)
        unsafe = sum(x["verdict"] in ("unsafe", "unknown") for x in self.items)
        self.assertEqual(done.stderr, f"advisor: {len(self.safe)} rows; kept items left out: {unanswered} "
                         f"without a reply, {unsafe} whose reply is not known to be safe\n")

    def test_unpaired(self):
        want = [{"prompt": x["text"], "completion": x["reply"], "label": x["verdict"] == "safe"}
                for x in self.items if x["verdict"] in ("safe", "unsafe")]
        self.assertEqual(self.rows("--format", "unpaired"), want)

    def test_chosen_rejected(self):
        want = [{"prompt": x["text"], "chosen": x["reply"], "rejected": json.loads(x["meta"])["rejected"]}
                for x in self.safe if "rejected" in json.loads(x["meta"])]
        self.assertGreater(len(want), 3)
        self.assertEqual(self.rows("--format", "chosen_rejected"), want)

    def test_openai_batch(self):
        rows = self.rows("--format", "openai_batch", "--model", "some/model")
        self.assertEqual([x["custom_id"] for x in rows], [x["id"] for x in self.items])
        self.assertEqual([x["body"]["messages"] for x in rows],
                         [[{"role": "user", "content": x["text"]}] for x in self.items])
        self.assertEqual({(x["method"], x["url"], x["body"]["model"]) for x in rows},
                         {("POST", "/v1/chat/completions", "some/model")})

    def test_csv(self):
        text = self.bytes("--format", "csv").decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        for row in rows:
            for cell in row.values():
                self.assertNotRegex(cell, r"\A[=+\-@\t\r\n]")
        self.assertEqual([x["text"].removeprefix("'") for x in rows],
                         [x["text"] for x in self.items])
        self.assertEqual([x["response"] for x in rows],
                         [x["reply"] if x["verdict"] == "safe" else "" for x in self.items])

    def test_lineage(self):
        digest = support.status(self.run_folder)["digest"]
        for name in set(LINE_FORMATS) - {"csv", "openai_batch"}:
            for row in self.rows("--format", name, "--lineage"):
                self.assertEqual(row["lineage"]["digest"], digest)
                self.assertRegex(row["lineage"]["id"], r"^r\d+-\d+$")

    def test_standard_output_holds_the_same_bytes(self):
        for name in LINE_FORMATS:
            more = ("--model", "m") if name == "openai_batch" else ()
            done = subprocess.run([support.ADVISOR, "export", str(self.run_folder), "--format", name, *more,
                                   "-o", "-"], capture_output=True, env=support.environment(), check=True)
            self.assertEqual(done.stdout, self.bytes("--format", name, *more), name)

    def test_help_and_readme_name_every_format(self):
        said = self.export("--help").stdout
        for name in (*LINE_FORMATS, "hf", "trl", "axolotl", "llama-factory"):
            self.assertRegex(said, rf"(?m)^  {name} ")


class MixTest(ExportCase):
    def setUp(self):
        super().setUp()
        self.other = self.out / "alpagasus.jsonl"
        with open(self.other, "w", encoding="utf-8") as f:
            for i in range(60):
                f.write(json.dumps({"instruction": f"Add {i}", "input": "1" * (i % 2), "output": str(i)}) + "\n")
        self.mix = ("--format", "prompt_response", "--mix", self.other, "--mix-field", "prompt=instruction,input",
                    "--mix-field", "response=output")

    def test_concatenated_as_the_paper_does(self):
        rows = self.rows(*self.mix)
        self.assertEqual(len(rows), len(self.safe) + 60)
        self.assertEqual(rows[-1], {"prompt": "Add 59 1", "response": "59"})
        self.assertEqual(rows[-2], {"prompt": "Add 58", "response": "58"})

    def test_interleaved_by_ratio_and_seed(self):
        args = (*self.mix, "--ratio", "0.1", "--mix-mode", "interleave")
        rows = self.rows(*args)
        mixed = [i for i, x in enumerate(rows) if x["prompt"].startswith("Add ")]
        self.assertEqual(len(mixed), round(0.1 * len(self.safe)))
        self.assertLess(mixed[0], len(self.safe) - 1)
        self.assertEqual([x for x in rows if not x["prompt"].startswith("Add ")], self.rows(*self.mix)[:-60])
        self.assertEqual(rows, self.rows(*args, "--seed", "1"))
        self.assertNotEqual(rows, self.rows(*args, "--seed", "2"))

    def test_too_high_a_ratio_names_the_highest(self):
        done = self.export(*self.mix, "--ratio", "3", expect=1)
        self.assertEqual(done.stdout, "")
        highest = re.search(r"at most --ratio (\S+)", done.stderr)[1]
        self.export(*self.mix, "--ratio", highest)


class FolderTest(ExportCase):
    def splits(self, folder):
        found = {}
        for name in ("train", "validation", "test"):
            data = (folder / "data" / f"{name}.jsonl").read_bytes()
            found[name] = [json.loads(line) for line in data[:-1].split(b"\n")]
        return found

    def test_splits_hold_all_rows_once_and_no_near_duplicates_of_each_other(self):
        self.export("--format", "hf", "-o", self.out / "hf")
        found = self.splits(self.out / "hf")
        ids = [x["lineage"]["id"] for rows in found.values() for x in rows]
        self.assertEqual(sorted(ids), sorted(x["id"] for x in self.safe))
        share = round(len(self.safe) / 12)
        for name in ("validation", "test"):
            self.assertLessEqual(len(found[name]), share)
            self.assertGreater(len(found[name]), share * 0.8)
        texts = [(name, shingles(x["prompt"])) for name, rows in found.items() for x in rows]
        near = 0
        for i, (split, a) in enumerate(texts):
            for other, b in texts[:i]:
                if jaccard(a, b) >= 0.7:
                    near += 1
                    self.assertEqual(split, other)
        self.assertGreater(near, 20)

    def test_the_card_lists_the_files_and_stays_markdown(self):
        self.export("--format", "hf", "-o", self.out / "hf", "--license", "cc-by-4.0")
        card = (self.out / "hf" / "README.md").read_text(encoding="utf-8")
        front, body = card[4:].split("\n---\n", 1)
        self.assertTrue(card.startswith("---\n"))
        self.assertIn('license: "cc-by-4.0"', front)
        self.assertIn('pretty_name: "shop.exports"', front)
        paths = re.findall(r'path: "(.*)"', front)
        self.assertEqual(paths, ["data/train.jsonl", "data/validation.jsonl", "data/test.jsonl",
                                 "rejected/rejected.jsonl"])
        for path in paths:
            self.assertTrue((self.out / "hf" / path).exists())
        self.assertIn("# shop\\.exports\n", body)
        self.assertIn(support.status(self.run_folder)["digest"], body)
        rejected = (self.out / "hf" / "rejected" / "rejected.jsonl").read_text().splitlines()
        dropped = support.status(self.run_folder)["dropped"]
        self.assertEqual(len(rejected), sum(dropped.values()))
        for reason, n in dropped.items():
            self.assertRegex(body, rf"\| dropped\\: {reason.replace('_', '..')} \| {n} \|")

    def test_trainers_get_data_and_the_recipe(self):
        for name, file in (("trl", "sft.yaml"), ("axolotl", "axolotl.yaml"), ("llama-factory", "sft.yaml")):
            with self.subTest(name):
                folder = self.out / name
                self.export("--trainer", name, "--model", "org/base", "-o", folder)
                found = self.splits(folder)
                self.assertEqual(sum(map(len, found.values())), len(self.safe))
                self.assertRegex((folder / file).read_text(), r'(?m)^(base_model|model_name_or_path): "org/base"$')
                manifest = json.loads((folder / "export.json").read_text())
                files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
                self.assertEqual(files, {*manifest["files"], "export.json"})
        row = self.splits(self.out / "trl")["train"][0]
        self.assertRegex(row["prompt"], r"(?s)^You are a helpful assistant\. USER: .* ASSISTANT:$")
        self.assertTrue(row["completion"].startswith(" You ask: "))

    def test_the_same_command_makes_the_same_bytes(self):
        for name in ("a", "b"):
            self.export("--format", "hf", "-o", self.out / name / "hf")
        for path in (self.out / "a").rglob("*"):
            if path.is_file():
                self.assertEqual(path.read_bytes(), (self.out / "b" / path.relative_to(self.out / "a")).read_bytes())

    def test_json_says_what_was_written(self):
        done = self.export("--format", "hf", "-o", self.out / "hf", "--json")
        made = json.loads(done.stdout)
        self.assertEqual(sum(x["rows"] for x in made["splits"]), len(self.safe))
        self.assertEqual((made["format"], made["counts"]["rows"]), ("hf", len(self.safe)))


class ReadmeTest(ExportCase):
    def test_the_commands_of_the_readme_run(self):
        text = (support.ROOT / "README.md").read_text(encoding="utf-8")
        (script,) = re.findall(r"^```sh\n(advisor export .*?)^```$", text, re.S | re.M)
        script = script.replace("advisor", support.ADVISOR).replace("RUN", str(self.run_folder))
        subprocess.run(["bash", "-euc", script], cwd=self.out, check=True, capture_output=True,
                       env=support.environment())
        self.assertEqual({p.name for p in self.out.iterdir()}, {"train.jsonl", "dataset", "tune"})


class TroubleTest(ExportCase):
    def test_wrong_use_ends_with_2_and_writes_nothing(self):
        for args in (("--format", "pairs"), ("--format", "hf"), ("--trainer", "trl"), ("--trainer", "x"),
                     ("--format", "csv", "--mix", "x"), ("--seed", "x"), ("--json",)):
            done = self.export(*args, expect=2)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 2, done.stderr)

    def test_replies_that_are_not_there(self):
        run = self.dir / "bare"
        if not run.exists():
            text = exported.EXPERIMENT.replace(', respond = "every_verdict"', "").replace("rounds = 12", "rounds = 1")
            (self.dir / "bare.lua").write_text(text, encoding="utf-8")
            support.run_advisor("run", self.dir / "bare.lua", "-o", run, "--quiet")
        for name in ("messages", "chosen_rejected", "hf"):
            done = support.run_advisor("export", run, "--format", name, "-o", self.out / "x", expect=1)
            self.assertIn("pipeline.respond", done.stderr)
            self.assertEqual(list(self.out.iterdir()), [])

    def test_a_full_disk_and_a_closed_pipe_get_one_sentence(self):
        command = [support.ADVISOR, "export", str(self.run_folder)]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=support.environment())
        self.assertEqual((done.returncode, done.stderr),
                         (1, b"advisor export: standard output: No space left on device\n"))
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=support.environment())
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (1, b"advisor export: standard output: Broken pipe\n"))

    def test_a_file_that_cannot_grow_leaves_nothing(self):
        def limit():  # More than SQLite's index of the log needs, less than any export.
            resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
        for more in (("--format", "jsonl"), ("--format", "hf"), ("--trainer", "trl", "--model", "m")):
            done = subprocess.run([support.ADVISOR, "export", str(self.run_folder), *more, "-o", str(self.out / "x")],
                                  stderr=subprocess.PIPE, env=support.environment(), preexec_fn=limit)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rb"\Aadvisor export: \S+: File too large\n\Z")
            self.assertEqual(list(self.out.iterdir()), [])

    def test_force_replaces_a_folder_that_an_export_made(self):
        self.export("--format", "hf", "-o", self.out / "x")
        done = self.export("--format", "hf", "-o", self.out / "x", expect=1)
        self.assertIn("--force", done.stderr)
        self.export("--trainer", "trl", "--model", "m", "-o", self.out / "x", "--force")
        self.assertFalse((self.out / "x" / "rejected").exists())
        self.assertEqual([p.name for p in self.out.iterdir()], ["x"])
        (self.out / "mine").mkdir()
        (self.out / "mine" / "file").write_text("mine")
        done = self.export("--format", "hf", "-o", self.out / "mine", "--force", expect=1)
        self.assertIn("holds no export", done.stderr)
        self.assertEqual((self.out / "mine" / "file").read_text(), "mine")


if __name__ == "__main__":
    unittest.main()

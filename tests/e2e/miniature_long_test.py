#!/usr/bin/env python3
"""scripts/experiments/miniature/circle with a real small model: trl, peft and torch tune it and serve it.

The curator is scripted, so that its questions and the suites are benign; the
adapters, the served models and their replies are real. What the scores are is
for nobody to say beforehand; that all of them are there is.
"""

import json
import signal
import struct
import subprocess
import sys
import types
import unittest

import miniature
import support
from miniature_test import STANDIN, Signalled

sys.path.insert(0, str(miniature.CIRCLE.parent))
import common  # noqa: E402
import preparing  # noqa: E402
import steps  # noqa: E402

# Sums up the second matrices of an adapter: they are zero until something is learned.
LEARNED = """import sys
from safetensors import safe_open
with safe_open(sys.argv[1], "pt") as file:
    print(sum(float(file.get_tensor(k).abs().sum()) for k in file.keys() if "lora_B" in k))"""


def tensors(path):
    """The names of the tensors in a safetensors file."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        return [name for name in json.loads(file.read(size)) if name != "__metadata__"]


@unittest.skipUnless(support.LONG, "only with --long")
class MiniatureLongTest(Signalled):
    STUDENT_ENV = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.python = preparing.packages(types.SimpleNamespace(python=None))
            preparing.fetched(preparing.STUDENT)
        except common.Failed as problem:
            raise unittest.SkipTest(f"the miniature's packages or model: {problem}") from None

    def words(self, *options, output=None):
        return miniature.command(self.suites, output or self.out, "--rounds", 2, "--limit", 12, "--epochs", 1,
                                 "--curator", "scripted", "--curator-url", self.curator.url, *options)

    def test_the_circle_with_a_real_student(self):
        self.ended_in(signal.SIGKILL, lambda: self.replies("untuned", "evaluation") >= 3)
        self.ended_in(signal.SIGKILL, lambda: self.replies("self_instruct", "data") >= 3)
        self.ended_in(signal.SIGKILL, (self.out / "self_instruct" / "adapter.partial").exists)
        self.assertFalse((self.out / "self_instruct" / "adapter").exists())
        code, said = self.ended_in(signal.SIGINT, lambda: self.replies("self_instruct", "evaluation") >= 3)
        self.assertEqual(code, 130, said)
        self.assertEqual(self.status(self.out / "self_instruct" / "evaluation")["unknown_attempts"], 0)
        code, said = miniature.outcome(self.words("--iterations", 2), self.env)
        self.assertEqual(code, 0, said)
        arms = ["self_instruct", "data_advisor", "data_advisor_2"]
        self.assertEqual(miniature.check_arms(self, self.out, self.suites, arms), 24)
        for arm in arms:
            self.check_adapter(self.out / arm / "adapter")
        self.check_table(said, arms)
        self.check_targets()

    def check_adapter(self, folder):
        """Made by peft for attention's matrices, and changed by training."""
        settings = json.loads((folder / "adapter_config.json").read_text())
        self.assertEqual((settings["peft_type"], settings["r"]), ("LORA", 8))
        names = tensors(folder / "adapter_model.safetensors")
        self.assertTrue(any(".q_proj.lora_A." in name for name in names), names[:3])
        done = subprocess.run([self.python, "-c", LEARNED, folder / "adapter_model.safetensors"],
                              capture_output=True, text=True, check=True)
        self.assertGreater(float(done.stdout), 0)
        tuning = json.loads((folder / "tuning.json").read_text())
        self.assertGreater(tuning["steps"], 0)
        self.assertGreater(tuning["loss"], 0)

    def check_table(self, said, arms):
        self.assertIn("Equal budget: 24 drafts for each data set.", said)
        self.assertIn("Long-term stability: 2 iterations", said)
        for name in ("untuned", *arms[:2]):
            for score in self.status(self.out / name / "evaluation")["scores"]:
                low, high = score["interval"]
                row = f"{score['share']:.3f} [{low:.3f}, {high:.3f}]"
                self.assertTrue(any(line.split()[:1] == [name] and row in line for line in said.splitlines()),
                                f"{name}: {row} is not in the table:\n{said}")
        self.assertNotIn("lamp", said)

    def check_targets(self):
        """The next data set's mix follows the categories on which the tuned model failed."""
        scores = self.status(self.out / "data_advisor" / "evaluation")["scores"]
        known = {c["category"]: c["share"] for c in scores[0]["categories"]}
        # A category without a judged reply fails as all of them do.
        shares = {name: scores[0]["share"] if known.get(name) is None else known[name] for name in miniature.TOPICS}
        resolved = json.loads((self.out / "data_advisor_2" / "data" / "experiment.resolved.json").read_text())
        want = resolved["coverage"]["targets"]
        self.assertEqual(set(want), set(miniature.TOPICS))
        total = sum(1.1 - shares[name] for name in want)
        for name, share in want.items():
            self.assertAlmostEqual(share, (1.1 - shares[name]) / total, 3)

    def test_the_curator_is_served_and_ends(self):
        opts = types.SimpleNamespace(curator_url=None, curator=support.MODEL, output=self.dir)
        with steps.curator(opts, steps.Arm(opts, "arm", 1)) as (url, env):
            self.assertEqual(env["OPENAI_BASE_URL"], url)
            code, _, body = support.http("POST", url + "/chat/completions", {
                "model": support.MODEL, "max_tokens": 8, "messages": [{"role": "user", "content": "Name a colour."}]},
                timeout=300)
        self.assertEqual(code, 200, body)
        self.assertTrue(json.loads(body)["choices"][0]["message"]["content"].strip())
        with self.assertRaises(OSError):
            support.http("GET", url + "/models", timeout=5)


if __name__ == "__main__":
    unittest.main()

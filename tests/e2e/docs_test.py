#!/usr/bin/env python3
"""READMEs say what is so: their examples run, their tables are not stale."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import miniature
import support

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)

SIMULATED = """
return {
  name = "readme", rounds = 2, per_round = 4,
  models = { default = { api = "simulated" } },
  pipeline = { advise = "%s", generate = "few_shot", summarize = "topic_list" },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" }, summary = { "Delivery" } },
}
"""


COUNTED = """
return {
  name = "counted", rounds = 2, per_round = 6,
  models = { default = { api = "simulated" } },
  pipeline = { advise = "uncovered_category", generate = "few_shot", filter = { "exact_duplicate" },
    summarize = "topic_list" },
  principles = { "coverage", { "well_formed", min_words = 3 } },
  coverage = { taxonomy = "support" }, seeds = "support",
}
"""


def blocks(path, language):
    text = (support.ROOT / path).read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


class DocsTest(support.Case):
    def test_tables_of_scripts_are_fresh(self):
        done = subprocess.run([sys.executable, str(support.ROOT / "scripts" / "docs"), "--check"],
                              capture_output=True, text=True,
                              env={**os.environ, "ADVISOR": support.ADVISOR})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_strategy_of_the_readme_runs(self):
        (source,) = blocks("README.md", "lua")
        self.assertLessEqual(len(source.splitlines()), 10)
        path = self.dir / "strategies" / "advise" / "from_readme.lua"
        path.parent.mkdir(parents=True)
        path.write_text(source, encoding="utf-8")
        support.run_advisor("check", path)
        experiment = self.dir / "readme.lua"
        experiment.write_text(SIMULATED % "from_readme", encoding="utf-8")
        support.run_advisor("run", experiment, "-o", self.dir / "run", cwd=self.dir)
        status = support.status(self.dir / "run")
        self.assertEqual((status["state"], status["drafts"]), ("done", 8))

    def test_the_principle_of_the_readme_passes_its_check(self):
        for i, source in enumerate(blocks("principles/README.md", "lua")):
            path = self.dir / "principles" / f"from_readme_{i}.lua"
            path.parent.mkdir(exist_ok=True)
            path.write_text(source, encoding="utf-8")
            support.run_advisor("check", path)

    def test_the_commands_of_the_readme_run(self):
        """The block under "Use", against a scripted server."""
        (script,) = [b for b in blocks("README.md", "sh") if "build/advisor run" in b]
        script = re.sub(r"^export .*$", "", script, flags=re.M)
        script = script.replace("build/advisor", support.ADVISOR).replace(
            "scripts/experiments", str(support.ROOT / "scripts" / "experiments")).replace(
            "rounds=20", "rounds=2")
        server = self.server()
        done = subprocess.run(["bash", "-euc", script], cwd=self.dir, capture_output=True, text=True,
                              env=support.environment(server.env()), timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.dir / "items.jsonl").exists())

    def test_the_experiments_of_the_readme_run(self):
        """The block under "Experiments", on a small simulated experiment."""
        (script,) = [b for b in blocks("README.md", "sh") if "advisor sweep" in b]
        experiment = self.write("small.lua", COUNTED)
        run = self.dir / "run"
        self.run_advisor("run", experiment, "-o", run, "-q")
        names = {"RUN": str(run), "OTHER": str(self.dir / "other"), "EXPERIMENT": str(experiment),
                 "SWEEP": str(self.dir / "sweep"), "MERGED": str(self.dir / "merged"), "20": "1", "4": "2"}
        for line in script.strip().splitlines():
            words = [names.get(w, w) for w in shlex.split(line, comments=True)]
            self.assertEqual(words.pop(0), "advisor")
            if words[0] in ("sweep", "ablate"):
                folder = self.dir / words[0]
                words[words.index("--seeds") + 1] = "2"
                words += ["-o", folder]
            self.run_advisor(*words)

    def test_the_stranger_s_experiment_of_the_readme_runs(self):
        """The block under "Experiments from strangers", isolated where that can be."""
        (script,) = [b for b in blocks("README.md", "sh") if "--trust-host" in b]
        server = self.server()
        self.write("theirs/shop.lua", """return { name = "shop", rounds = 1, per_round = 2,
          models = { default = { url = "%s", model = "scripted", key_env = "SHOP_KEY" } },
          pipeline = { generate = "few_shot" }, seeds = { "Where is my parcel?" } }""" % server.url)
        works = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"],
                               capture_output=True).returncode == 0 if shutil.which("bwrap") else False
        for line in script.replace("http://127.0.0.1:8080", server.root).strip().splitlines():
            words = [w for w in shlex.split(line) if works or w != "--isolate"]
            self.assertEqual(words.pop(0), "advisor")
            self.run_advisor(*words, cwd=self.dir, env={"SHOP_KEY": support.KEY})
        self.assertEqual(self.status(self.dir / "RUN")["state"], "done")

    def test_the_paper_s_experiments_run(self):
        """The block in scripts/README.md, small, against a scripted server."""
        (script,) = [b for b in blocks("scripts/README.md", "sh") if "advisor ablate" in b]
        lines = [line for line in script.splitlines() if not line.startswith("#")]
        small = {"5": "2", "rounds=100": "rounds=2", "coverage.taxonomy=catqa": "coverage.taxonomy=support"}
        server = self.server("--duplicate-rate", "0.1")
        arms = []
        for line in lines:
            words = [small.get(word, word) for word in shlex.split(line)]
            program = words.pop(0)
            if program != "advisor":
                self.run_circle(program, words)
                continue
            words[-1] = str(self.dir / words[-1])
            self.run_advisor(*words, "--set", "seeds=support", "-j", "2", env=server.env(), timeout=300)
            compared = json.loads(self.run_advisor("compare", words[-1], "--json").stdout)
            self.assertEqual(compared["missing"], 0)
            arms.append([(arm["name"], len(arm["runs"])) for arm in compared["arms"]])
        self.assertEqual(arms[0], [("data_advisor", 2), ("self_instruct", 2)])
        self.assertEqual(arms[1][:2], [("all", 2), ("without coverage", 2)])
        self.assertEqual(arms[2], [(f"{file}, model=MODEL-{m}", 2)
                                   for file in ("data_advisor", "self_instruct") for m in "AB"])

    def run_circle(self, program, words):
        """The circle's command, with stand-ins for its models."""
        self.assertEqual(support.ROOT / program, miniature.CIRCLE)
        standin = support.ROOT / "tests" / "support" / "miniature"
        words[words.index("FOLDER")] = str(miniature.write_suites(self.dir / "suites"))
        words[-1] = str(self.dir / words[-1])
        curator = self.server("--script", standin / "curator.py")
        done = subprocess.run(
            [sys.executable, miniature.CIRCLE, *words, "--rounds", "1", "--limit", "6", "--python", standin / "python",
             "--student", self.write("student.gguf", "stands for weights"), "--curator", "scripted", "--curator-url",
             curator.url], capture_output=True, text=True, env=support.environment({"ADVISOR": support.ADVISOR}))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Long-term stability: 2 iterations", done.stdout)

    def test_every_folder_has_a_short_readme(self):
        for folder in ("core", "strategies", "principles", "scripts", "tests"):
            lines = Path(support.ROOT, folder, "README.md").read_text(encoding="utf-8").splitlines()
            self.assertLessEqual(len(lines), 120, folder)

    def test_every_promise_names_a_test_that_is_there(self):
        text = Path(support.ROOT, "core", "README.md").read_text(encoding="utf-8")
        rows = [line.split("|")[1:-1] for line in text.split("## What it promises")[1].split("\n## ")[0].splitlines()
                if line.startswith("| ")][1:]
        self.assertGreater(len(rows), 20)
        for promise, mechanism, tests in rows:
            named = re.findall(r"`([^`]+)`", tests)
            self.assertTrue(named, promise)
            for name in named:
                place = support.ROOT if name.startswith("scripts/") else support.ROOT / "tests"
                self.assertTrue((place / name.split()[0]).exists(), f"{promise.strip()}: {name}")
            for name in re.findall(r"`([\w/]+(?:\.\w+|/))`", mechanism):
                places = [support.ROOT / "core" / name, support.ROOT / "core" / "runtime" / "advisor" / name]
                self.assertTrue(any(x.exists() for x in places), f"{promise.strip()}: {name}")

    def test_every_verb_has_help(self):
        listed = support.run_advisor("--help").stdout
        verbs = re.findall(r"^  ([a-z]+) +\S", listed, re.M)
        self.assertIn("run", verbs)
        for verb in verbs:
            self.assertIn("usage: advisor " + verb, support.run_advisor(verb, "--help").stdout)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""scripts/experiments/miniature/circle with stand-ins for its models.

tests/support/miniature stands in for the Python with torch, scripts/server for
both models; the circle itself, its runs, exports and evaluations are real. The
suites are made up and benign.
"""

import collections
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

import miniature
import support

STANDIN = support.ROOT / "tests" / "support" / "miniature"
NOTHING = """return { name = "nothing", rounds = 1, per_round = 1, models = { default = { api = "simulated" } },
  pipeline = { advise = "no_advice", generate = "few_shot" }, seeds = { items = { "Where is my parcel?" } } }
"""


def parts():
    """The circle's modules."""
    with mock.patch.object(sys, "path", [str(miniature.CIRCLE.parent), *sys.path]):
        import common
        import preparing
        import steps
    return common, preparing, steps


class Stranger(support.Case):
    """What is said where something is missing; nothing is begun then."""

    def setUp(self):
        super().setUp()
        self.suites = miniature.write_suites(self.dir / "suites")
        (self.dir / "student.gguf").write_text("stands for weights")

    def refused(self, *options, suites=None, env=None, curator="http://127.0.0.1:9/v1"):
        words = miniature.command(suites or self.suites, self.dir / "out", "--python", STANDIN / "python",
                                  "--student", self.dir / "student.gguf", "--curator", "scripted",
                                  "--curator-url", curator, *options)
        code, said = miniature.outcome(words, support.environment({"ADVISOR": support.ADVISOR, **(env or {})}))
        self.assertEqual(code, 1, said)
        self.assertNotIn("Traceback", said)
        return said

    def test_a_folder_without_the_suites(self):
        said = self.refused(suites=self.dir)
        self.assertIn(f"{self.dir}/catqa_english.jsonl is missing", said)
        self.assertIn("scripts/suites/catqa.lua says where it is from", said)
        self.assertFalse((self.dir / "out").exists())

    def test_files_that_are_none_of_the_suites(self):
        (self.suites / "catqa_english.jsonl").write_text('{"Question": "x"}\n')
        self.assertIn("has no field Category", self.refused())
        (self.suites / "catqa_english.jsonl").write_text('{"Category": "x"}\n')
        self.assertIn("has no field prompt or Question", self.refused())
        (self.suites / "catqa_english.jsonl").write_text("Category,Question\n")
        self.assertIn("catqa_english.jsonl:1: is no JSON", self.refused())

    def test_a_program_that_is_not_built(self):
        self.assertIn("build it (scripts/install)", self.refused(env={"ADVISOR": self.dir / "advisor"}))

    def test_a_server_that_does_not_start(self):
        said = self.refused("--python", "/bin/false", curator=self.server().url)
        self.assertIn("false serve.py did not begin to listen", said)
        self.assertIn("serve.log", said)

    def test_a_curator_that_is_not_there(self):
        said = self.refused()
        self.assertIn("--curator-url http://127.0.0.1:9/v1: [Errno 111] Connection refused", said)
        self.assertIn("unknown url type", self.refused(curator="localhost"))

    def test_a_curator_that_refuses(self):
        said = self.refused(curator=self.server("--faults", "401:1").url)
        self.assertIn(f"{self.dir}/out/self_instruct/data is paused: ", said)
        self.assertIn("401", said)
        self.assertIn("the same command goes on", said)

    def test_packages_that_cannot_be_installed(self):
        words = miniature.command(self.suites, self.dir / "out")
        env = {"XDG_CACHE_HOME": self.dir / "cache", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.dir,
               "PIP_CONFIG_FILE": os.devnull, "ADVISOR": support.ADVISOR}
        code, said = miniature.outcome(words, support.environment(env))
        self.assertEqual(code, 1, said)
        self.assertIn("the packages for tuning are not there (is there a network?", said)
        self.assertIn("--python", said)

    def test_shares_never_add_up_to_more_than_one(self):
        """Of seven equal ones each would be rounded up."""
        _, _, steps = parts()
        names = [f"Topic {i}" for i in range(7)]
        scores = [{"suite": "catqa", "share": 0.5, "categories": [{"category": n, "share": 0.5} for n in names[:5]]
                   + [{"category": names[5], "share": None}]}]
        with mock.patch.object(steps, "status", lambda _: {"scores": scores}), \
                mock.patch.object(steps, "categories", lambda _: names):
            shares = steps.targets(None, mock.Mock())
        self.assertEqual(shares, {name: 0.1428 for name in names})

    def test_a_full_disk(self):
        common, preparing, _ = parts()
        free = collections.namedtuple("usage", "free")
        with mock.patch.object(preparing.shutil, "disk_usage", lambda _: free(10 ** 9)):
            with self.assertRaisesRegex(common.Failed, r"1\.0 GB are free, and the models may need 2\.5 GB"):
                preparing.room(self.dir, "models")
            preparing.room(self.dir, "circle")


class Signalled(support.Case):
    """A circle that is signalled in the midst of its steps: `words()` begins it, or goes on with it."""

    STUDENT_ENV = {"STUDENT_SECONDS": "0.5", "STUDENT_LATENCY_MS": "20"}

    def setUp(self):
        super().setUp()
        self.suites, self.out = miniature.write_suites(self.dir / "suites"), self.dir / "out"
        self.curator = self.server("--script", STANDIN / "curator.py", "--latency-ms", "20")
        self.env = support.environment({"ADVISOR": support.ADVISOR, "CIRCLE_MARK": self.dir, **self.STUDENT_ENV})

    def until(self, what):
        """Waits for something to be so; the limit is for a machine that is busy."""
        for _ in range(12000):
            if what():
                return
            time.sleep(0.05)
        self.fail("it did not come to that in ten minutes")

    def replies(self, arm, run):
        """How many replies the run has on disk so far."""
        path = self.out / arm / run
        if not (path / "run.db").exists():
            return 0
        return self.query(path, "SELECT count(*) FROM sqlite_master WHERE name = 'reply'")[0][0] and self.query(
            path, "SELECT count(*) FROM reply")[0][0]

    def ended_in(self, number, when):
        """Begins, or goes on, until something is so, and signals the circle then."""
        process = subprocess.Popen(self.words(), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(support.kill, process)
        self.until(lambda: when() or process.poll() is not None)
        self.assertIsNone(process.poll(), "it ended before it could be ended")
        process.send_signal(number)
        said = process.communicate(timeout=120)[0]
        self.until(lambda: not miniature.left_behind(f"CIRCLE_MARK={self.dir}"))
        return process.returncode, said


class MiniatureTest(Signalled):
    """Kills and a Ctrl-C in the midst of each step, and the table that comes of it all the same."""

    def setUp(self):
        super().setUp()
        (self.dir / "student.gguf").write_text("stands for weights")

    def words(self, *options, output=None):
        return miniature.command(self.suites, output or self.out, "--rounds", 2, "--limit", 50, "--python",
                                 STANDIN / "python", "--student", self.dir / "student.gguf", "--curator", "scripted",
                                 "--curator-url", self.curator.url, *options)

    def test_it_goes_on_wherever_it_ended(self):
        partial = self.out / "self_instruct" / "adapter.partial" / "adapter_config.json"
        self.begin_nothing(self.out / "untuned" / "evaluation")
        for arm, run, number in (("untuned", "evaluation", signal.SIGKILL), ("self_instruct", "data", signal.SIGKILL)):
            self.ended_in(number, lambda a=arm, r=run: self.replies(a, r) >= 3)
        self.ended_in(signal.SIGKILL, partial.exists)
        self.assertFalse((self.out / "self_instruct" / "adapter").exists())
        code, said = self.ended_in(signal.SIGINT, lambda: self.replies("self_instruct", "evaluation") >= 3)
        self.assertEqual(code, 130, said)
        self.assertIn("interrupted; the same command goes on", said)
        stopped = self.status(self.out / "self_instruct" / "evaluation")
        self.assertEqual((stopped["state"], stopped["unknown_attempts"]), ("stopped", 0))
        code, said = miniature.outcome(self.words("--iterations", 2), self.env)
        self.assertEqual(code, 0, said)
        arms = ["self_instruct", "data_advisor", "data_advisor_2"]
        self.assertEqual(miniature.check_arms(self, self.out, self.suites, arms), 24)
        self.check_table(said)
        self.check_advised()
        self.assertGreater(self.status(self.out / "self_instruct" / "data")["dropped"]["decontaminate"], 0)
        # The same without any interruption.
        code, again = miniature.outcome(self.words(output=self.dir / "again"), self.env)
        self.assertEqual(code, 0, again)
        for arm in arms[:2]:
            self.assertEqual(self.status(self.out / arm / "data")["digest"],
                             self.status(self.dir / "again" / arm / "data")["digest"])
            self.assertEqual((self.out / arm / "train.jsonl").read_bytes(),
                             (self.dir / "again" / arm / "train.jsonl").read_bytes())
        self.assertNotIn("Long-term stability", again)
        self.check_settings()

    def begin_nothing(self, folder):
        """A run that a kill ended before it began."""
        folder.parent.mkdir(parents=True)
        done = subprocess.run([support.ADVISOR, "run", self.write("nothing.lua", NOTHING), "-o", folder, "-q"],
                              env=self.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        with contextlib.closing(sqlite3.connect(folder / "run.db")) as db, db:
            for table in ("run", "script", "attempt", "reply", "outcome", "round", "item"):
                db.execute(f"DELETE FROM {table}")

    def check_table(self, said):
        """The scores are those that the stand-in's rules come to, each with its interval."""
        self.assertIn("Equal budget: 24 drafts for each data set.", said)
        lines = [line.split() for line in said.splitlines()]
        rows = [line for line in lines if line[:1] == ["data_advisor"] and "[" in " ".join(line)]
        # 15 of 23 judged: payments are answered, and one question has no reply.
        self.assertEqual([row[1:6] for row in rows], [
            ["0.652", "[0.449,", "0.812]", "23", "1"], ["0.200", "[0.057,", "0.510]", "10", "0"],
            ["1.000", "[0.722,", "1.000]", "10", "0"]])
        untuned = next(line for line in lines if line[:1] == ["untuned"])
        self.assertEqual((untuned[1], untuned[-1]), ("0.000", "worse"))
        self.assertIn("Long-term stability: 2 iterations", said)
        second = next(line for line in lines if line[:2] == ["2", "data_advisor_2"])
        self.assertEqual(" ".join(second[2:]), "0.652 [0.449, 0.812] 23 1 +0.000 [-0.078, +0.078] not told apart")
        self.assertEqual((self.out / "scores.txt").read_text().strip() in said, True)
        self.assertEqual(len(json.loads((self.out / "comparison.json").read_text())["arms"]), 4)
        self.assertNotIn("lamp", said)

    def check_advised(self):
        """The second iteration aims at what the first one's model answered: payments."""
        resolved = json.loads((self.out / "data_advisor_2" / "data" / "experiment.resolved.json").read_text())
        want = resolved["coverage"]["targets"]
        self.assertEqual(want, {"Refunds": 0.0769, "Payments": 0.8461, "Deliveries": 0.0769})
        drafts = collections.Counter()
        for (advice,) in self.query(self.out / "data_advisor_2" / "data", "SELECT advice FROM round ORDER BY round"):
            for piece in json.loads(advice):
                drafts[piece["target"]] += piece["count"]
        self.assertEqual(drafts.most_common(1)[0][0], "Payments")
        self.assertGreater(drafts["Payments"], 12)

    def check_settings(self):
        """One folder has one budget, and one circle at a time."""
        code, said = miniature.outcome(self.words("--rounds", 3), self.env)
        self.assertEqual(code, 1, said)
        self.assertIn("was begun with --rounds 2, not 3", said)
        _, preparing, _ = parts()
        with preparing.alone(mock.Mock(output=Path(self.out))):
            code, said = miniature.outcome(self.words(), self.env)
        self.assertEqual(code, 1, said)
        self.assertIn("another circle is at work", said)


if __name__ == "__main__":
    unittest.main()

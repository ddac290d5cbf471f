#!/usr/bin/env python3
"""Sweeps as Slurm job arrays, with commands that stand in for Slurm's and run the
tasks. slurm_long_test.py does the same with a real Slurm."""

import json
import os
import signal
import time
import unittest

import support

FAKES = support.ROOT / "tests" / "support" / "slurm"
EXPERIMENT = """return {
  name = "shop", rounds = %d, per_round = 8,
  models = { default = { api = "simulated", repeat_rate = 0.1 } },
  pipeline = { advise = "uncovered_category", generate = "few_shot",
    filter = { "exact_duplicate" }, summarize = "topic_list" },
  principles = { "coverage" }, seeds = "support",
}
"""
VARY = ("--vary", "pipeline.advise=uncovered_category,no_advice")


def wait_for(what, timeout=60):
    """Waits until `what()` is true."""
    deadline = time.monotonic() + timeout
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s")
        time.sleep(0.02)


class SweepSlurmTest(support.Case):
    def setUp(self):
        super().setUp()
        self.path = self.write("shop.lua", EXPERIMENT % 2)
        self.fake = self.dir / "slurm"
        self.fake.mkdir()
        self.addCleanup(lambda: (self.fake / "hold").unlink(missing_ok=True))
        self.env = {"PATH": f"{FAKES}:{os.environ['PATH']}",
                    "FAKE_SLURM": self.fake}
        # With a space and what Slurm would replace in the name of a log.
        self.sweep = "a sweep %a"

    def wish(self, name, text=""):
        (self.fake / name).write_text(text, encoding="utf-8")

    def calls(self):
        path = self.fake / "sbatch.log"
        return path.read_text().splitlines() if path.exists() else []

    def advisor(self, *args, **options):
        options.setdefault("env", self.env)
        return self.run_advisor("sweep", *args, cwd=self.dir, **options)

    def begin(self, *args, **options):
        return self.advisor(self.path, *VARY, "--seeds", "2", "-o", self.sweep,
                            "--executor", "slurm", *args, **options)

    def go_on(self, *args, **options):
        return self.advisor(self.sweep, "--executor", "slurm", *args, **options)

    def test_a_failed_task_is_run_again_alone_and_the_table_is_the_local_one(
            self):
        self.wish("end-3", "TIMEOUT")
        done = self.begin(
            "--time", "10", "--mem", "1G", "-j", "2", "--partition", "short",
            "--slurm-option=--comment=a b", "--slurm-setup", "echo ready",
            expect=1)
        self.assertIn("tasks 1-4 submitted as Slurm job 101\n", done.stderr)
        self.assertIn("task 1/4: advise=uncovered_category, seed 1: done\n",
                      done.stderr)
        self.assertRegex(
            done.stderr, r"task 3/4: advise=no_advice, seed 1: absent; its job "
            r"ended as TIMEOUT; .*/slurm/101_3\.out: slurmstepd: error: ")
        self.assertIn(f"again by: advisor sweep {self.sweep} --executor slurm "
                      "--task 3\n", done.stderr)
        again = self.go_on("--task", "3")
        self.assertEqual(again.stdout, "")
        self.assertIn("task 3/4: advise=no_advice, seed 1: done\n",
                      again.stderr)
        gathered = self.go_on()
        usual = self.advisor(self.path, *VARY, "--seeds", "2", "-o", "here",
                             "-j", "2")
        self.assertEqual(gathered.stdout, usual.stdout)
        self.assertIn("2 runs", gathered.stdout)
        folder = self.dir / self.sweep / "slurm"
        self.assertEqual(self.calls(), [
            f"--parsable --array=1-4%2 {folder}/array.sh",
            f"--parsable --array=3 {folder}/array.sh"])
        # What the first command said holds for the one that names a task only.
        text = (folder / "array.sh").read_text()
        for line in ("#SBATCH --time=10", "#SBATCH --mem=1G",
                     "#SBATCH --partition=short", '#SBATCH --comment="a b"'):
            self.assertIn(line + "\n", text)
        self.assertTrue((folder / "102_3.out").read_text()
                        .startswith("ready\n"))

    def test_an_interrupt_leaves_the_jobs_and_nothing_is_submitted_twice(self):
        self.wish("hold")
        process = self.start_advisor(
            "sweep", self.path, *VARY, "--seeds", "2", "-o", self.sweep,
            "--executor", "slurm", env=self.env, cwd=self.dir,
            stderr=-1, text=True)
        wait_for((self.fake / "squeue.log").exists)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("the jobs go on; follow them again with: advisor sweep "
                      f"{self.sweep} --executor slurm; cancel them with: "
                      "scancel 101\n", errors)
        following = self.start_advisor(
            "sweep", self.sweep, "--executor", "slurm", env=self.env,
            cwd=self.dir, stderr=-1, stdout=-1, text=True)
        self.assertEqual(following.stderr.readline(),
                         "advisor: 4 tasks are in Slurm's queue already\n")
        self.wish("down")  # A controller that restarts is waited for.
        self.assertRegex(following.stderr.readline(), "does not answer.*contact")
        (self.fake / "down").unlink()
        (self.fake / "hold").unlink()
        out, errors = following.communicate(timeout=60)
        self.assertEqual(following.returncode, 0, errors)
        self.assertEqual(errors.count(": done\n"), 4, errors)
        self.assertIn("2 runs", out)
        self.assertEqual(len(self.calls()), 1)

    def test_a_submission_whose_answer_was_lost_is_found_again(self):
        self.wish("lose")
        self.wish("hold")
        lost = self.begin(expect=1)
        self.assertIn("Socket timed out", lost.stderr)
        (self.fake / "hold").unlink()
        self.go_on()
        self.assertEqual(len(self.calls()), 1)
        book = json.loads((self.dir / self.sweep / "slurm" / "jobs.json")
                          .read_text())
        self.assertEqual([x["job"] for x in book["submissions"]], [101])

    def test_a_refused_submission_says_why_and_can_be_made_again(self):
        self.wish("refuse", "invalid partition specified: nope")
        refused = self.begin("--partition", "nope", expect=1)
        self.assertIn("invalid partition specified: nope", refused.stderr)
        self.assertEqual(refused.stdout, "")
        (self.fake / "refuse").unlink()
        self.go_on("--partition", "main")
        text = (self.dir / self.sweep / "slurm" / "array.sh").read_text()
        self.assertIn("#SBATCH --partition=main\n", text)

    def test_arms_that_take_replies_wait_for_the_first_one(self):
        self.begin("--share")
        first, rest = self.calls()
        self.assertIn("--array=1-2 ", first)
        self.assertIn("--array=3-4 --dependency=afterany:101 ", rest)

    def test_bad_use_is_told_before_anything_is_made(self):
        for args, said in (
                (["--slurm-option=account=x"], "one option as sbatch takes it"),
                (["--slurm-option=--array=1-9"], "the sweep sets this itself"),
                (["--time", "1\n2"], "--time=1")):
            with self.subTest(args):
                self.assertIn(said, self.begin(*args, expect=1).stderr)
        done = self.advisor(self.path, *VARY, "--mem", "1G", expect=1)
        self.assertIn("--mem goes with --executor slurm", done.stderr)
        done = self.begin(env={"PATH": "/nonexistent"}, expect=1)
        self.assertIn("sbatch is not in PATH", done.stderr)
        self.assertIn("slurm-client", done.stderr)
        self.assertFalse((self.dir / self.sweep).exists())
        self.begin()
        self.assertIn("the sweep has tasks 1 to 4",
                      self.go_on("--task", "5", expect=1).stderr)


if __name__ == "__main__":
    unittest.main()

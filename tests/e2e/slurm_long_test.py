#!/usr/bin/env python3
"""Sweeps as job arrays of a real Slurm on loopback.

sweep_slurm_test.py is the short form, without Slurm.
"""

import json
import os
import re
import signal
import sqlite3
import time
import unittest
from pathlib import Path

import cluster
import support
from sweep_slurm_test import EXPERIMENT, wait_for

ROUNDS = 80
VARY = ("--vary", "pipeline.advise=uncovered_category,no_advice",
        "--vary", "models.default.obedience=0.5,0.9", "--seeds", "3")


def rounds_of(run):
    """How many rounds a run has committed; 0 where there is none yet."""
    try:
        return support.query(run, "SELECT count(*) FROM round WHERE round > 0"
                             )[0][0]
    except sqlite3.OperationalError as e:
        if "unable to open" in str(e) or "no such table" in str(e):
            return 0
        raise


def process_of(sweep, task):
    """The process that makes a task's run."""
    wanted = [b"sweep", str(sweep).encode(), b"--task", str(task).encode()]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().split(b"\0")[1:5] == wanted:
                return int(path.parent.name)
        except OSError:
            continue
    return None


@unittest.skipIf(cluster.MISSING, cluster.MISSING)
class SlurmTest(support.Case):
    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)
        self.path = self.write("shop.lua", EXPERIMENT % ROUNDS)
        self.slurm = cluster.Cluster()
        self.addCleanup(self.slurm.stop)
        self.sweep = self.dir / "a sweep %a"

    def start(self, *args):
        return self.start_advisor("sweep", *args, "--executor", "slurm",
                                  env=self.slurm.env(), cwd=self.dir,
                                  stdout=-1, stderr=-1, text=True)

    def advisor(self, *args, **options):
        return self.run_advisor("sweep", *args, env=self.slurm.env(),
                                cwd=self.dir, timeout=600, **options)

    def run_of(self, task):
        manifest = json.loads((self.sweep / "sweep.json").read_text())
        return self.sweep / manifest["tasks"][task - 1]["run"]

    def in_the_middle(self, task):
        """Waits until a task's run has begun, and is far from its end."""
        wait_for((self.sweep / "sweep.json").exists)
        run = self.run_of(task)
        wait_for(lambda: rounds_of(run) >= ROUNDS // 8)
        return run

    def test_twelve_runs_of_which_one_is_canceled_and_one_killed(self):
        began = time.monotonic()
        first = self.start(self.path, *VARY, "-o", self.sweep, "--time", "10",
                           "--mem", "200M", "--partition", "main")
        canceled = self.in_the_middle(2)
        job = re.search(r"\d+", self.slurm.run(
            "squeue", "--noheader", "-o", "%F"))[0]
        self.slurm.run("scancel", f"{job}_2")
        killed = self.in_the_middle(5)
        os.kill(process_of(self.sweep, 5), signal.SIGKILL)
        out, errors = first.communicate(timeout=600)
        submitted = time.monotonic() - began
        self.assertEqual(first.returncode, 1, errors)
        self.assertEqual(errors.count(": done\n"), 10, errors)
        # Slurm cancels with SIGTERM first, and a run then ends in order.
        for task, run, why, state in (
                (2, canceled, "stopped by the user", "CANCELLED"),
                (5, killed, "the process ended before the run did", "FAILED")):
            self.assertRegex(errors, rf"task {task}/12: .*: stopped: {why}; "
                             rf"its job ended as {state}; .*/{job}_{task}\.out")
            self.assertIn(f"again by: advisor sweep {self.sweep} --executor "
                          f"slurm --task {task}\n", errors)
            self.assertLess(0, rounds_of(run))
            self.assertLess(rounds_of(run), ROUNDS)
            began = time.monotonic()
            self.advisor(self.sweep, "--executor", "slurm", "--task", task)
            again = time.monotonic() - began
            self.assertEqual(rounds_of(run), ROUNDS)
        gathered = self.advisor(self.sweep, "--executor", "slurm")
        began = time.monotonic()
        usual = self.advisor(self.path, *VARY, "-o", self.dir / "here",
                             "-j", "2")
        here = time.monotonic() - began
        self.assertEqual(gathered.stdout, usual.stdout)
        self.assertIn("3 runs of 640 drafts", gathered.stdout)
        self.assertEqual(out.count("2 runs of 640 drafts"), 2, out)
        jobs = re.findall(r'"job":(\d+)',
                          (self.sweep / "slurm" / "jobs.json").read_text())
        self.assertEqual(len(jobs), 3)
        print(f"\n12 runs: {submitted:.1f} s as an array of which two died, "
              f"{again:.1f} s for one again alone, {here:.1f} s with -j 2",
              flush=True)

    def test_jobs_outlive_the_command_and_a_requeued_task_goes_on(self):
        first = self.start(self.path, *VARY[:2], "--seeds", "1", "-o",
                           self.sweep)
        run = self.in_the_middle(1)
        first.send_signal(signal.SIGINT)
        errors = first.communicate(timeout=60)[1]
        self.assertEqual(first.returncode, 130, errors)
        job = re.search(r"cancel them with: scancel (\d+)\n", errors)[1]
        self.slurm.run("scontrol", "requeue", f"{job}_1")
        following = self.start(self.sweep)
        errors = following.communicate(timeout=300)[1]
        self.assertEqual(following.returncode, 0, errors)
        self.assertIn("task 1/2: advise=uncovered_category, seed 1: done\n",
                      errors)
        self.assertNotIn("submitted", errors)
        log = (self.sweep / "slurm" / f"{job}_1.out").read_text()
        self.assertIn("DUE TO JOB REQUEUE", log)
        self.assertEqual(rounds_of(run), ROUNDS)
        self.run_advisor("replay", run)

    def test_what_slurm_refuses_is_told(self):
        done = self.advisor(self.path, *VARY, "-o", self.sweep, "--executor",
                            "slurm", "--partition", "nope", expect=1)
        self.assertIn("Invalid partition name specified", done.stderr)
        # A job may wait for what never comes: that is told too.
        waiting = self.start(self.sweep, "--partition", "closed", "--time",
                             "60")
        self.assertRegex(waiting.stderr.readline(), "submitted as Slurm job")
        self.assertRegex(waiting.stderr.readline(),
                         r"waits, Slurm says: Partition")

    def test_everything_that_was_started_ends(self):
        self.slurm.run("sbatch", "--wrap", "sleep 600")
        wait_for(lambda: "RUNNING" in self.slurm.run(
            "squeue", "--noheader", "-o", "%T"))
        self.slurm.stop()
        self.assertEqual(self.slurm.left(), [])
        self.assertFalse(self.slurm.folder.exists())


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""sweep, ablate and compare: many runs of one experiment, and what they say."""

import json
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import killing
import support

STEERING = support.ROOT / "tests/bench/steering.lua"
OFFLINE = ("--set", "coverage.label=by_advice", "--set",
           "coverage.examples=[]")
EVERYTHING = killing.HERE / "everything.lua"

# Goes on for a while, so that it can be interrupted in the middle.
LONG_ROUNDS = 150

BROKEN = """
return {
  api = 1, kind = "advise", description = "Fails in round 3.",
  run = function(_, state)
    if state.round >= 2 then error("no more toys") end
    return { { target = "Toys" } }
  end,
}
"""


class SweepCase(support.Case):
    def sweep(self, name, *options, expect=0, cwd=support.ROOT):
        return self.run_advisor("sweep", STEERING, *OFFLINE, "-o",
                                self.dir / name, *options, expect=expect,
                                cwd=cwd)

    def arms(self, *folders):
        done = self.run_advisor("compare", *folders, "--json")
        return json.loads(done.stdout)["arms"]

    def digests(self, folder):
        return {str(db.parent.relative_to(folder)):
                self.status(db.parent)["digest"]
                for db in sorted(folder.glob("runs/*/*/run.db"))}

    def tasks_done(self, folder):
        manifest = json.loads((folder / "sweep.json").read_text())
        return [(folder / task["run"] / "run.db").exists() and
                self.status(folder / task["run"]).get("state") == "done"
                for task in manifest["tasks"]]


class SweepTest(SweepCase):
    VARY = ("--vary", "pipeline.advise=no_advice,weighted_gaps")

    def test_a_matrix_of_arms_and_seeds(self):
        done = self.sweep("s", *self.VARY, "--vary", "per_round=6,9",
                          "--seeds", "3", "--set", "rounds=4", "-j", "2")
        self.assertIn("12 runs (4 arms, 3 seeds)", done.stderr)
        self.assertEqual(len(self.digests(self.dir / "s")), 12)
        arms = self.arms(self.dir / "s")
        self.assertEqual(
            [arm["name"] for arm in arms],
            ["advise=no_advice, per_round=6", "advise=no_advice, per_round=9",
             "advise=weighted_gaps, per_round=6",
             "advise=weighted_gaps, per_round=9"])
        self.assertEqual([[run["drafts"] for run in arm["runs"]]
                          for arm in arms], [[24] * 3, [36] * 3] * 2)
        self.assertEqual([run["seed"] for run in arms[2]["runs"]], [1, 2, 3])
        for arm in arms:
            kept = [run["measures"]["kept"] for run in arm["runs"]]
            self.assertAlmostEqual(arm["means"]["kept"]["mean"],
                                   sum(kept) / 3)
        first = [run["measures"]["cells"] for run in arms[0]["runs"]]
        third = [run["measures"]["cells"] for run in arms[2]["runs"]]
        found = arms[2]["versus"]["measures"]
        self.assertEqual(arms[2]["versus"]["pairs"], 3)
        self.assertAlmostEqual(found["cells"]["mean"], sum(
            b - a for a, b in zip(first, third)) / 3)
        self.assertGreater(found["evenness"]["low"], 0)

    def test_the_table_says_what_it_compares(self):
        text = self.sweep("s", *self.VARY, "--seeds", "2,9", "--set",
                          "rounds=4", "-j", "2").stdout
        self.assertIn("advise=no_advice: 2 runs of 48 drafts\n", text)
        self.assertIn("advise=weighted_gaps: 2 runs of 48 drafts, 2 of them "
                      "paired by seed with advise=no_advice\n", text)
        self.assertRegex(text, r"\n  evenness .*  better\n")
        self.assertRegex(text, r"without a cell: \d+ of \d+ kept items")
        self.assertFalse([line for line in text.split("\n")
                          if line != line.rstrip()])
        again = self.run_advisor("compare", self.dir / "s").stdout
        self.assertEqual(again, text)

    def test_json_is_one_object_and_the_same_for_any_number_of_jobs(self):
        one = self.sweep("one", *self.VARY, "--seeds", "2", "--set",
                         "rounds=3", "--json").stdout
        self.assertEqual(one.count("\n"), 1)
        two = self.sweep("two", *self.VARY, "--seeds", "2", "--set",
                         "rounds=3", "--json", "-j", "3").stdout
        self.assertEqual(self.digests(self.dir / "one"),
                         self.digests(self.dir / "two"))
        self.assertEqual(json.loads(one.replace(str(self.dir / "one"), "X")),
                         json.loads(two.replace(str(self.dir / "two"), "X")))

    def long_sweep(self, folder):
        process = self.start_advisor(
            "sweep", STEERING, *OFFLINE, *self.VARY, "--seeds", "2", "--set",
            f"rounds={LONG_ROUNDS}", "-j", "2", "-o", folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait_until(lambda: len(list(folder.glob("runs/*/*/run.db"))) > 1)
        return process

    def wait_until(self, happened, timeout=60):
        deadline = time.monotonic() + timeout
        while not happened():
            self.assertLess(time.monotonic(), deadline, "it never happened")
            time.sleep(0.01)

    def whole(self):
        """The same sweep, made in one go."""
        self.sweep("whole", *self.VARY, "--seeds", "2", "--set",
                   f"rounds={LONG_ROUNDS}", "-j", "2")
        return self.digests(self.dir / "whole")

    def test_an_interrupted_sweep_goes_on(self):
        folder = self.dir / "s"
        process = self.long_sweep(folder)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn(f"go on with: advisor sweep {folder}", errors)
        self.assertFalse(all(self.tasks_done(folder)))
        done = self.run_advisor("sweep", folder, "-j", "2")
        self.assertIn("of 1800 drafts", done.stdout)
        self.assertEqual(self.digests(folder), self.whole())

    def has_begun(self, database):
        try:
            return self.query(database.parent, "SELECT 1 FROM round LIMIT 1")
        except sqlite3.OperationalError:
            return False

    def test_a_killed_task_is_run_again_alone(self):
        folder = self.dir / "s"
        process = self.long_sweep(folder)
        victim = None
        deadline = time.monotonic() + 30
        while victim is None and time.monotonic() < deadline:
            listed = subprocess.run(["ps", "-eo", "pid=,args="],
                                    capture_output=True, text=True).stdout
            for line in listed.splitlines():
                # Killed before it began, a run would be none.
                if line.endswith(f"sweep {folder} --task 1") and any(
                        self.has_begun(db) for db in
                        (folder / "runs").glob("01-*/seed-1/run.db")):
                    victim = int(line.split()[0])
        subprocess.run(["kill", "-9", str(victim)], check=True)
        table, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 1)
        self.assertIn("seed 1: stopped: its process was ended by signal 9",
                      errors.decode())
        self.assertIn(f"again by: advisor sweep {folder} --task 1\n",
                      errors.decode())
        self.assertIn("1 task of the sweep is not done and left out",
                      table.decode())
        self.assertEqual(self.tasks_done(folder), [False, True, True, True])
        self.run_advisor("sweep", folder, "--task", "1")
        self.assertEqual(self.tasks_done(folder), [True] * 4)
        self.assertEqual(self.digests(folder), self.whole())

    def test_an_experiment_that_changed_is_refused(self):
        path = self.write("mine.lua", STEERING.read_text().replace(
            "../../scripts", str(support.ROOT / "scripts")))
        self.run_advisor("sweep", path, *OFFLINE, "--vary", "per_round=3,4",
                         "--seeds", "1", "--set", "rounds=1", "-o",
                         self.dir / "s")
        path.write_text(path.read_text() + "-- changed\n")
        done = self.run_advisor("sweep", self.dir / "s", expect=1)
        self.assertIn("mine.lua has changed since the sweep began",
                      done.stderr)

    def test_a_failing_arm_takes_no_other_with_it(self):
        self.write("strategies/advise/broken.lua", BROKEN)
        done = self.sweep("s", "--vary",
                          "pipeline.advise=no_advice,broken,weighted_gaps",
                          "--seeds", "2", "--set", "rounds=4", "-j", "2",
                          expect=1, cwd=self.dir)
        folder = self.dir / "s"
        self.assertIn("task 3 (advise=broken, seed 1) is paused: round 3, "
                      "advise/broken: ", done.stderr)
        self.assertIn(f"no more toys; again by: advisor sweep {folder} "
                      "--task 3\n", done.stderr)
        self.assertNotIn("stack traceback", done.stderr)
        self.assertIn("advise=broken: no run is done", done.stdout)
        self.assertIn("advise=weighted_gaps: 2 runs of 48 drafts, 2 of them "
                      "paired by seed with advise=no_advice", done.stdout)
        self.assertIn("2 tasks of the sweep are not done", done.stdout)
        # Mended, and begun anew.
        self.write("strategies/advise/broken.lua",
                   BROKEN.replace('error("no more toys")', "return { {} }"))
        shutil.rmtree(folder / "runs/02-advise=broken")
        self.run_advisor("sweep", folder, cwd=self.dir)
        self.assertEqual(self.tasks_done(folder), [True] * 6)

    def test_an_arm_with_two_versions_of_a_script_is_not_alike(self):
        self.write("strategies/advise/broken.lua", BROKEN)
        options = ("--vary", "pipeline.advise=no_advice,broken", "--seeds",
                   "2", "--set", "rounds=2")
        self.sweep("s", *options, cwd=self.dir)
        shutil.rmtree(self.dir / "s/runs/02-advise=broken/seed-2")
        self.write("strategies/advise/broken.lua", BROKEN + "-- mended\n")
        done = self.run_advisor("sweep", self.dir / "s", cwd=self.dir)
        self.assertIn("NOT ALIKE: its runs have different versions of "
                      "advise/broken", done.stdout)
        self.assertEqual([arm["mixed"] for arm in self.arms(self.dir / "s")],
                         [[], ["advise/broken"]])

    def test_several_experiments_are_arms(self):
        other = self.write("other.lua", STEERING.read_text().replace(
            "../../scripts", str(support.ROOT / "scripts")).replace(
            '"no_advice"', '"weighted_gaps"'))
        words = (STEERING, other, *OFFLINE, "--seeds", "2", "--set",
                 "rounds=3")
        self.run_advisor("sweep", *words, "-j", "2", "-o", self.dir / "s")
        arms = self.arms(self.dir / "s")
        self.assertEqual([arm["name"] for arm in arms], ["steering", "other"])
        self.assertEqual(arms[1]["versus"]["pairs"], 2)
        self.assertGreater(arms[1]["means"]["cells"]["mean"],
                           arms[0]["means"]["cells"]["mean"])
        self.run_advisor("sweep", *words, "--vary", "per_round=3,4", "-o",
                         self.dir / "both")
        self.assertEqual(
            [arm["name"] for arm in self.arms(self.dir / "both")],
            ["steering, per_round=3", "steering, per_round=4",
             "other, per_round=3", "other, per_round=4"])
        for path, message in ((STEERING, "is given twice"),
                              (self.dir / "s", "is a sweep already"),
                              (self.dir / "no.lua", "there is no such file")):
            done = self.run_advisor("sweep", STEERING, path, *OFFLINE,
                                    "-o", self.dir / "no", expect=1)
            self.assertIn(message, done.stderr)
            self.assertFalse((self.dir / "no").exists())

    def test_wrong_use_is_told_before_anything_is_made(self):
        for options, status, words in (
                ((), 2, "--vary is missing"),
                (("--vary", "per_round"), 1, "expected key=value,value"),
                (("--vary", "per_round=4,4"), 1, "'4' is given twice"),
                (("--vary", "per_round=[4"), 1, "the list is no JSON"),
                (("--vary", "seed=1,2"), 1, "seeds are given with --seeds"),
                (("--vary", "pipeline.advise=nothing"), 1,
                 "no advise script is called 'nothing'"),
                (self.VARY + ("--set", "seed=4"), 1, "given with --seeds"),
                (self.VARY + ("--seeds", "3,3"), 1, "3 is given twice"),
                (self.VARY + ("--seeds", "many"), 1, "--seeds many"),
                (self.VARY + ("--seeds", "0"), 1, "at least 1"),
                (self.VARY + ("-j", "0"), 1, "-j 0"),
                (self.VARY + ("--executor", "moon"), 1,
                 "there are local and slurm")):
            done = self.sweep("s", *options, expect=status)
            self.assertIn(words, done.stderr)
            self.assertFalse((self.dir / "s").exists(), options)
        self.sweep("s", "--vary", "per_round=3,4", "--seeds", "1", "--set",
                   "rounds=1")
        for options, words in (
                (("--vary", "per_round=5"), "is a sweep already"),
                (("--seeds", "9"), "is a sweep already"),
                (("--task", "3"), "the sweep has tasks 1 to 2")):
            done = self.run_advisor("sweep", self.dir / "s", *options,
                                    expect=1)
            self.assertIn(words, done.stderr)
        done = self.sweep("s", "--vary", "per_round=3,5", expect=1)
        self.assertIn("holds another sweep", done.stderr)
        done = self.run_advisor("sweep", self.dir, *self.VARY, expect=1)
        self.assertIn("neither an experiment's file nor a sweep", done.stderr)


class AblateTest(SweepCase):
    def ablate(self, server, *options):
        return self.run_advisor("ablate", EVERYTHING, *options,
                                env=server.env(), timeout=300)

    def test_replies_are_shared(self):
        server = self.server("--duplicate-rate", "0.15")
        done = self.ablate(server, "--seeds", "2", "--set", "rounds=3", "-j",
                           "2", "-o", self.dir / "a")
        names = [arm["name"] for arm in self.arms(self.dir / "a")]
        self.assertEqual(names[0], "all")
        self.assertTrue(any(name.startswith("without ") for name in names))
        self.assertIn("paired by seed with all", done.stdout)
        shared = len(server.log())
        runs = sorted((self.dir / "a").glob("runs/*/seed-*"))
        reused = sum(self.status(run)["reused"] for run in runs)
        calls = sum(self.status(run)["calls"] for run in runs)
        self.assertGreater(reused, calls // 4)
        self.assertEqual(shared, calls - reused)
        # Each arm is what a run of its own, which shares nothing, is.
        manifest = json.loads((self.dir / "a/sweep.json").read_text())
        task = next(t for t in manifest["tasks"]
                    if t["arm"] == 2 and t["seed"] == 2)
        settings = manifest["set"] + manifest["arms"][1]["set"] + ["seed=2"]
        flags = [word for s in settings for word in ("--set", s)]
        self.run_advisor("run", EVERYTHING, "-o", self.dir / "alone", "-q",
                         *flags, env=server.env())
        self.assertEqual(self.status(self.dir / "alone")["digest"],
                         self.status(self.dir / "a" / task["run"])["digest"])

    def test_a_principle_that_does_nothing_makes_no_difference(self):
        self.run_advisor(
            "ablate", STEERING, *OFFLINE, "--seeds", "3", "--set", "rounds=3",
            "-j", "2", "-o", self.dir / "a")
        arms = self.arms(self.dir / "a")
        # Of two, each one alone is the other one left out.
        self.assertEqual([arm["name"] for arm in arms],
                         ["all", "without coverage", "without well_formed"])
        self.assertEqual([arm["dropped"].get("well_formed", 0) > 0
                          for arm in arms], [True, True, False])
        self.assertTrue(all(m["mean"] == 0 for m in
                            arms[1]["versus"]["measures"].values()))
        kept = arms[2]["versus"]["measures"]["kept"]
        self.assertGreater(kept["mean"], 0)

    def test_strategies(self):
        self.run_advisor(
            "ablate", STEERING, *OFFLINE, "--drop", "strategies", "--seeds",
            "2", "--set", "rounds=3", "--set",
            "pipeline.advise=weighted_gaps", "-j", "2", "-o", self.dir / "a")
        self.assertEqual(
            [arm["name"] for arm in self.arms(self.dir / "a")],
            ["all", "without weighted_gaps", "without exact_duplicate",
             "without topic_list", "only weighted_gaps",
             "only exact_duplicate", "only topic_list"])
        done = self.run_advisor("ablate", STEERING, *OFFLINE, "--drop",
                                "seeds", expect=1)
        self.assertIn("there are principles and strategies", done.stderr)


class CompareTest(SweepCase):
    def run_of(self, name, *options, cwd=support.ROOT):
        self.run_advisor("run", STEERING, *OFFLINE, "-q", "--set", "rounds=4",
                         "-o", self.dir / name, *options, cwd=cwd)
        return self.dir / name

    def test_runs_that_differ_in_their_seed_are_one_arm(self):
        runs = [self.run_of(f"{advise}-{seed}", "--set", f"seed={seed}",
                            "--set", f"pipeline.advise={advise}")
                for advise in ("no_advice", "weighted_gaps")
                for seed in (1, 2, 3)]
        arms = self.arms(*runs)
        self.assertEqual([len(arm["runs"]) for arm in arms], [3, 3])
        # Alike in name, so they go by their first folder.
        self.assertEqual([arm["name"] for arm in arms],
                         [str(runs[0]), str(runs[3])])
        self.assertEqual(arms[1]["versus"]["pairs"], 3)
        self.assertNotIn("common_rounds", arms[1]["versus"])
        done = self.run_advisor("compare", *runs, runs[0], expect=1)
        self.assertIn("are the same experiment with the same seed",
                      done.stderr)
        done = self.run_advisor("compare", self.dir / "none", expect=1)
        self.assertIn("there is no run in", done.stderr)

    def test_a_changed_script_is_another_arm(self):
        self.write("strategies/advise/broken.lua", BROKEN)
        how = ("--set", "pipeline.advise=broken", "--set", "rounds=2")
        first = self.run_of("first", *how, cwd=self.dir)
        self.write("strategies/advise/broken.lua",
                   BROKEN.replace("Toys", "Printed books / late delivery"))
        second = self.run_of("second", *how, cwd=self.dir)
        self.assertEqual(len(self.arms(first, second)), 2)

    def test_forks_name_the_rounds_that_they_share(self):
        run = self.run_of("run")
        for name, advise in (("a", "weighted_gaps"), ("b", "thinnest_cell")):
            self.run_advisor("fork", run, "--round", "3", "-q", "-o",
                             self.dir / name, "--set",
                             f"pipeline.advise={advise}", "--set", "rounds=6")
        arms = self.arms(run, self.dir / "a", self.dir / "b")
        self.assertEqual([arm.get("versus", {}).get("common_rounds")
                          for arm in arms], [None, 3, 3])
        text = self.run_advisor("compare", run, self.dir / "a").stdout
        self.assertIn("and alike in the first 3 rounds", text)
        self.assertIn("not all runs made as many drafts", text)

    def test_curves_are_at_equal_numbers_of_drafts(self):
        run = self.run_of("run")
        more = self.run_of("more", "--set", "rounds=7")
        arms = self.arms(run, more)
        self.assertEqual([point["drafts"] for point in arms[0]["curve"]],
                         [point["drafts"] for point in arms[1]["curve"]])
        last = [arm["curve"][-1] for arm in arms]
        self.assertEqual(last[0]["drafts"], 48)
        # The same first four rounds.
        self.assertEqual(last[0]["kept"]["mean"], last[1]["kept"]["mean"])
        self.assertLess(arms[0]["means"]["kept"]["mean"],
                        arms[1]["means"]["kept"]["mean"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""tests/bench/steering_model from runs to checked labels, on a scripted server."""

import json
import math
import random
import subprocess
import sys
import unittest

import support

BENCH = support.ROOT / "tests" / "bench" / "steering_model"
sys.path.insert(0, str(BENCH.parent))

import steering_figures  # noqa: E402

ARMS = ["no_advice", "thinnest_cell"]


class FiguresTest(unittest.TestCase):
    def test_figures_are_those_worked_out_by_hand(self):
        covered, enough, evenness, away = steering_figures.figures({"a": 6, "b": 2, "c": 0}, 4, 3)
        self.assertEqual((covered, enough), (2, 1))
        # Shares 3/4 and 1/4 of four cells: entropy 0.811 of 2 bits; (0.5 + 0 + 0.25 + 0.25) / 2.
        self.assertAlmostEqual(evenness, (0.75 * math.log2(4 / 3) + 0.25 * 2) / 2)
        self.assertAlmostEqual(away, 0.5)
        self.assertEqual(steering_figures.figures({}, 4, 3), (0, 0, 0.0, 1.0))

    def test_a_curve_counts_drafts_without_a_cell(self):
        found = steering_figures.curve(["a", None, "b", "a"], {2, 4}, 2, 2)
        self.assertEqual([point[:2] for point in found], [(1, 0), (2, 1)])

    def test_the_interval_of_equal_values_is_a_point(self):
        self.assertEqual(steering_figures.interval([3, 3, 3], random.Random(1)), (3, 3, 3))
        mean, low, high = steering_figures.interval([1, 2, 6], random.Random(1))
        self.assertEqual((mean, low, high), (3, 1, 6))


class SteeringModelTest(support.Case):
    def setUp(self):
        super().setUp()
        self.source = self.server()
        self.runs = self.dir / "runs"

    def bench(self, verb, *args, expect=0):
        done = subprocess.run([sys.executable, str(BENCH), verb, "--runs", str(self.runs), *map(str, args)],
                              env={**support.environment(), "ADVISOR": support.ADVISOR, **self.source.env()},
                              capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def make(self, rounds):
        figures = self.dir / "figures.json"
        self.bench("run", "--arms", ",".join(ARMS), "--seeds", 2, "--rounds", rounds, "--json", figures)
        return json.loads(figures.read_text(encoding="utf-8"))

    def truth(self, run):
        return self.query(run, "SELECT text, cell FROM item WHERE verdict = 'kept'")

    def labels(self, label):
        """The whole sample with label(text) in each row."""
        rows = [json.loads(line) for line in self.bench("sample", "--size", 0).stdout.splitlines()]
        for row in rows:
            self.assertEqual({"text", "label"}, set(row))
            row["label"] = label(row["text"])
        return self.write("labels.jsonl", "".join(json.dumps(row) + "\n" for row in rows)), rows

    def check(self, path):
        figures = self.dir / "checked.json"
        self.bench("check", "--labels", path, "--json", figures)
        return json.loads(figures.read_text(encoding="utf-8"))

    def test_runs_are_made_once_and_go_on(self):
        first = self.make(2)
        self.assertEqual(set(ARMS), set(first))
        made = self.source.stats()["requests"]
        self.assertEqual(made, 2 * 2 * 2 * 6)
        self.assertEqual(first, self.make(2))
        self.assertEqual(self.source.stats()["requests"], made)
        self.make(3)
        self.assertEqual(self.source.stats()["requests"], made + 2 * 2 * 6)
        for arm in ARMS:
            for seed in (1, 2):
                status = self.status(self.runs / f"{arm}-{seed}")
                self.assertEqual((status["state"], status["rounds"], status["drafts"]), ("done", 3, 18))

    def test_figures_are_those_of_the_kept_items(self):
        found = self.make(2)
        for arm in ARMS:
            for seed, (covered, _, _, _) in enumerate(found[arm]["by_seed"], 1):
                cells = {cell for _, cell in self.truth(self.runs / f"{arm}-{seed}") if cell}
                self.assertEqual(covered, len(cells))

    def test_labels_are_held_against_the_labeller(self):
        by_labeller = self.make(2)
        cells = {text: cell or "none" for arm in ARMS for seed in (1, 2)
                 for text, cell in self.truth(self.runs / f"{arm}-{seed}")}
        path, rows = self.labels(cells.get)
        same = self.check(path)
        self.assertEqual(same["all"]["agreement"]["accuracy"], 1)
        self.assertEqual(same["all"]["items"], len(rows))
        for arm in ARMS:
            self.assertEqual(same["curves"][arm]["by_seed"], by_labeller[arm]["by_seed"])
        path, _ = self.labels(lambda text: "none" if cells[text] != "none" else "Invoices")
        other = self.check(path)
        self.assertEqual(other["all"]["agreement"]["accuracy"], 0)
        self.assertEqual(other["no_advice"]["labeller"], same["no_advice"]["labeller"])

    def test_a_run_that_is_not_done_is_left_out_and_named(self):
        self.make(1)
        whole = self.bench("sample", "--size", 0).stdout
        half = self.runs / "no_advice-3"
        self.run_advisor("run", support.ROOT / "tests" / "bench" / "steering_model.lua", "-o", half,
                         "--set", "stop.budget.drafts=6", env=self.source.env(), expect=None)
        self.assertEqual(self.status(half)["state"], "paused")
        done = self.bench("sample", "--size", 0)
        self.assertEqual(done.stdout, whole)
        self.assertEqual(done.stderr.count(f"left out: {half} (paused)"), 1)

    def test_what_cannot_be_used_is_named(self):
        self.make(1)
        path, _ = self.labels(lambda _: "Teapots")
        self.assertIn(f"{path}:1: the label 'Teapots' is neither", self.bench("check", "--labels", path, expect=1).stderr)
        self.write("labels.jsonl", '{"text": "Another?", "label": "none"}\n')
        self.assertIn(f"{path}:1: this is not item 1 of the sample",
                      self.bench("check", "--labels", path, expect=1).stderr)
        self.runs = self.dir / "nothing"
        self.assertIn("there are no kept items", self.bench("sample", expect=1).stderr)


if __name__ == "__main__":
    unittest.main()

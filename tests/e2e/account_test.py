#!/usr/bin/env python3
"""What a run tells of itself: asked, made, kept, why not, and what it cost."""

import json
import unittest

import support

EXPERIMENT = """return {
  name = "account", rounds = 3, per_round = 12,
  models = { default = { api = "simulated", model = "sim-a", repeat_rate = 0.2,
    refusal_rate = 0.1 } },
  pipeline = { advise = "thinnest_cell", generate = "adaptive_few_shot",
    filter = { "exact_duplicate", { "word_overlap", threshold = 0.6 } },
    summarize = "topic_list" },
  principles = { "coverage", "well_formed", "judged" },
  policy = { unknown = "keep" },
  coverage = { taxonomy = "department_store" },
  seeds = "support",
}
"""


class AccountTest(support.Case):
    def setUp(self):
        super().setUp()
        self.experiment = self.write("account.lua", EXPERIMENT)
        self.run_folder = self.dir / "run"
        # No prices of the user's but those of a test.
        self.env = {"XDG_CONFIG_HOME": self.dir / "settings"}

    def curate(self, *settings, expect=0, verb="run"):
        options = [x for s in settings for x in ("--set", s)]
        output = ["-o", self.run_folder] if verb == "run" else []
        where = self.experiment if verb == "run" else self.run_folder
        return self.run_advisor(verb, where, *output, *options,
                                env=self.env, expect=expect)

    def words(self, *flags):
        return self.run_advisor("status", self.run_folder, *flags).stdout

    def test_a_shortfall_is_told_at_the_end_and_in_status(self):
        done = self.curate("accept=500")
        status = self.status(self.run_folder)
        kept = status["kept"]
        self.assertTrue(0 < kept < 500)
        last = done.stderr[done.stderr.rindex("kept "):]
        self.assertIn(f"kept {kept} of 500 asked: the cap of 3 rounds is "
                      "used up; more are allowed by: advisor resume", last)
        self.assertIn("drafts: 36 asked, 36 made, 0 lost; ", last)
        # The same words in both places.
        self.assertIn(last, self.words())
        # What nobody could judge is counted, by principle.
        self.assertEqual(set(status["unknown_verdicts"]), {"judged"})
        self.assertIn(f"unknown: attempts 0; verdicts of checks "
                      f"{status['unknown_verdicts']['judged']} (judged ", last)
        self.assertEqual(status["drafts"], kept + status["surplus"]
                         + sum(status["dropped"].values()))

    def test_a_cap_on_drafts_is_named_and_can_be_raised(self):
        done = self.curate("accept=500", "rounds=99", "stop.budget.drafts=20",
                           expect=1)
        kept = self.status(self.run_folder)["kept"]
        self.assertIn(f"kept {kept} of 500 asked: the budget of 20 drafts is "
                      "used up (24)", done.stderr)
        self.assertIn(f"kept {kept} of 500 asked: the budget of 20 drafts",
                      self.words())
        done = self.curate("accept=20", "stop.budget.drafts=900",
                           verb="resume")
        self.assertIn("kept 20 of 20 asked: as many as were asked for are "
                      "kept\n", done.stderr)

    def test_the_json_events_hold_the_account(self):
        done = self.run_advisor("run", self.experiment, "-o", self.run_folder,
                                "--json", env=self.env)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        end, status = events.pop(), self.status(self.run_folder)
        self.assertEqual(end.pop("event"), "done")
        self.assertEqual((end.pop("run"), end.pop("message")),
                         (str(self.run_folder), status["why"]))
        self.assertEqual(end, status)
        covered = [e["covered"] for e in events if e["event"] == "round"]
        self.assertEqual(covered[-1], status["coverage"]["covered"])

    def test_status_is_one_screen_with_coverage_variants_and_gaps(self):
        done = self.curate()
        status = self.status(self.run_folder)
        coverage = status["coverage"]
        self.assertEqual(len(coverage["cells"]), 55)
        self.assertEqual(coverage["covered"],
                         sum(c["count"] > 0 for c in coverage["cells"]))
        self.assertEqual(status["kept"],
                         coverage["total"] + coverage["unlabelled"])
        self.assertEqual(sum(v["drafts"] for v in status["variants"]), 36)
        for row in [*coverage["cells"], *status["variants"]]:
            self.assertTrue(row["low"] <= row["share"] <= row["high"], row)
        self.assertGreater(status["gaps"]["count"], 0)
        words = self.words()
        self.assertLessEqual(len(words.splitlines()), 24)
        for part in (f"coverage: {coverage['covered']} of 55 cells hold",
                     "prompt variant ", "gaps that round 3 saw: ",
                     "95 % interval"):
            self.assertIn(part, words)
        every = self.words("--cells")
        for cell in coverage["cells"]:
            self.assertIn(cell["cell"], every)
        # The line a round tells coverage and that the cost is not known.
        self.assertRegex(done.stderr, rf"round 3/3: .*, {coverage['covered']}"
                                      r"/55 cells, .* tokens, cost unknown, ")

    def test_prices_come_from_the_user_where_the_experiment_has_none(self):
        path = self.write("settings/data-advisor/prices.json",
                          '{"sim-a": {"prompt": 2, "completion": 4}}')
        self.curate()
        status = self.status(self.run_folder)
        tokens = status["tokens"]
        self.assertAlmostEqual(status["cost"], 1e-6 * (
            2 * tokens["prompt"] + 4 * tokens["completion"]), places=12)
        stored = json.loads((self.run_folder / "experiment.resolved.json")
                            .read_text())["models"]["default"]
        self.assertEqual(stored["price_from"], str(path))
        # The run keeps its prices, whatever becomes of the file.
        path.write_text('{"sim-a": {"prompt": 9}}')
        self.curate("rounds=4", verb="resume")
        self.assertIsInstance(self.status(self.run_folder)["cost"], float)
        self.run_folder = self.dir / "own"
        path.write_text('{"sim-a": {"prompt": 9, "completion": 9}}')
        self.curate('models.default.price={"prompt":0,"completion":0}')
        self.assertEqual(self.status(self.run_folder)["cost"], 0)

    def test_a_malformed_price_is_told_before_anything_is_asked(self):
        path = self.write("mine.json", '{"sim-a": {"prompt": "2"}}')
        self.env["ADVISOR_PRICES"] = path
        done = self.curate(expect=1)
        self.assertIn(f'{path}: "sim-a": must be {{ prompt = , completion = }}'
                      ", money per million tokens", done.stderr)
        self.assertFalse(self.run_folder.exists())

    def preview(self, *settings, flags=()):
        options = [x for s in settings for x in ("--set", s)]
        return self.run_advisor("preview", self.experiment, "-o",
                                self.run_folder, *options, *flags,
                                env=self.env)

    def test_preview_projects_what_accept_takes(self):
        done = self.preview("rounds=900", "accept=100")
        status = self.status(self.run_folder)
        rounds = -(-100 // status["kept"])
        self.assertIn(f"{rounds} rounds, {rounds * status['calls']} calls, ",
                      done.stdout)
        self.assertIn(", unknown money, ", done.stdout)
        self.assertIn("no price for default: give models.default.price",
                      done.stdout)
        self.run_folder = self.dir / "priced"
        done = self.preview("rounds=2", "accept=100", "models.default.price="
                            '{"prompt":1,"completion":1}', flags=["--json"])
        projection = json.loads(done.stdout)
        cost = self.status(self.run_folder)["cost"]
        self.assertEqual((projection["rounds"], projection["accept"]),
                         (2, 100))
        self.assertLess(projection["kept"], 100)
        self.assertAlmostEqual(projection["money"], 2 * cost)

    def test_benign_twins_fill_no_cell(self):
        self.curate("pipeline.generate=benign_twin", "pipeline.filter=[]",
                    "principles=[]", "rounds=1")
        status = self.status(self.run_folder)
        self.assertEqual(status["kept"], 12)
        self.assertEqual((status["coverage"]["covered"],
                          status["coverage"]["unlabelled"]), (0, 12))


if __name__ == "__main__":
    unittest.main()

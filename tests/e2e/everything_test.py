#!/usr/bin/env python3
"""Determinism and kills with all that measures switched on (everything.lua)."""

import collections
import unittest

import determinism_test
import killing
import support

EXPERIMENT = support.ROOT / "tests" / "e2e" / "everything.lua"

DECIDED = {
    **determinism_test.DECIDED,
    "variant": "SELECT round, variants FROM round ORDER BY round",
    "vector": "SELECT * FROM vector ORDER BY model, hash",
    "response": "SELECT * FROM response ORDER BY round, item_index",
}


class EverythingTest(support.Case):
    def curate(self, name, seed, *settings):
        """Runs the experiment; returns its export and requests."""
        server = self.server("--latency-ms", "10", "--jitter", "--seed", seed,
                             "--duplicate-rate", "0.15", "--short-rate", "0.1")
        run = self.dir / name
        options = [x for s in settings for x in ("--set", s)]
        done = self.run_advisor("run", EXPERIMENT, "-o", run, "-v", *options,
                                env=server.env())
        status = self.status(run)
        self.assertEqual(status["state"], "done")
        # Otherwise the test would show little.
        for filter_name in ("exact_duplicate", "rouge_l", "cosine"):
            self.assertIn(filter_name, status["dropped"])
        self.assertGreaterEqual(len(status["variants"]), 2)
        self.assertGreater(sum(status["responses"].values()), 10)
        self.assertIn("advice comes from explore_exploit", done.stderr)
        hashes = collections.Counter(x["hash"] for x in server.log())
        server.stop()
        return self.export_bytes(run), hashes

    def check(self, ahead):
        one = self.curate("one", 1, "models.default.concurrency=1",
                          "models.embedder.concurrency=1", f"ahead={ahead}")
        many = self.curate("many", 2, "models.default.concurrency=32",
                           "models.embedder.concurrency=32", f"ahead={ahead}")
        self.assertEqual(one, many)
        for table, sql in DECIDED.items():
            self.assertEqual(self.query(self.dir / "one", sql),
                             self.query(self.dir / "many", sql), table)

    def test_concurrency_changes_nothing(self):
        self.check(0)

    def test_concurrency_changes_nothing_three_rounds_ahead(self):
        self.check(3)

    def test_a_text_is_embedded_once(self):
        server = self.server("--duplicate-rate", "0.15")
        run = self.dir / "run"
        self.run_advisor("run", EXPERIMENT, "-o", run, env=server.env())
        texts = collections.Counter(
            text for x in server.log() if "input" in x["body"]
            for text in x["body"]["input"])
        self.assertGreater(len(texts), 30)
        self.assertEqual(set(texts.values()), {1})

    def test_a_preview_shows_prompts_and_no_texts_for_vectors(self):
        server = self.server()
        done = self.run_advisor("preview", EXPERIMENT, "-o", self.dir / "run",
                                env=server.env())
        self.assertIn("generate asks generator", done.stdout)
        self.assertNotIn("asks embedder", done.stdout)
        self.assertIn("── drafts", done.stdout)

    def test_a_role_without_vectors_is_found_before_anything_is_asked(self):
        server = self.server()
        done = self.run_advisor(
            "run", EXPERIMENT, "-o", self.dir / "run", "--set",
            "models.embedder.api=openai_chat", "--set",
            "models.embedder.batch=null", env=server.env(), expect=1)
        self.assertIn("models.embedder: 'cosine' asks this role for vectors",
                      done.stderr)
        self.assertEqual(server.log(), [])

    def test_a_killed_run_ends_as_one_that_was_not(self):
        campaign = killing.Campaign(
            self, experiment=EXPERIMENT, roles=("default", "embedder"))
        try:
            for concurrency, ahead in ((1, 0), (8, 2)):
                campaign.run(concurrency, ahead, kills=5)
        finally:
            print(f"\n{campaign}", flush=True)
        self.assertGreaterEqual(campaign.count["kills"], 6)


if __name__ == "__main__":
    unittest.main()

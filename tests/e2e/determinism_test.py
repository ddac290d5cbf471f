#!/usr/bin/env python3
"""The same experiment gives the same bytes, whatever order replies come in."""

import collections
import unittest

import support

EXPERIMENT = support.ROOT / "tests" / "e2e" / "nested.lua"

# All that a run decides; times and attempts may differ.
DECIDED = {
    "round": "SELECT round, read_round, state, why, gaps, advice, summary, "
             "notes, tokens, cost FROM round ORDER BY round",
    "item": "SELECT * FROM item ORDER BY round, item_index",
    "call": "SELECT round, stage, lane, ordinal, request FROM attempt "
            "ORDER BY round, stage, lane, ordinal",
}


class DeterminismTest(support.Case):
    def curate(self, name, seed, *settings):
        """Runs the experiment; returns its export, digest and requests."""
        server = self.server("--latency-ms", "15", "--jitter", "--seed", seed,
                             "--duplicate-rate", "0.15", "--short-rate", "0.1")
        run = self.dir / name
        options = [x for s in settings for x in ("--set", s)]
        self.run_advisor("run", EXPERIMENT, "-o", run, *options,
                         env=server.env())
        status = self.status(run)
        self.assertEqual(status["state"], "done")
        self.assertEqual(status["attempts"], status["calls"])
        # Otherwise the test would show little.
        self.assertGreaterEqual(len(status["dropped"]), 2)
        self.assertGreater(status["kept"], 10)
        hashes = collections.Counter(x["hash"] for x in server.log())
        server.stop()
        return self.export_bytes(run), status["digest"], hashes

    def assertSameRun(self, a, b):
        for table, sql in DECIDED.items():
            self.assertEqual(self.query(self.dir / a, sql),
                             self.query(self.dir / b, sql), table)

    def check_ahead(self, ahead):
        shape = [f"ahead={ahead}", "rounds=6"]
        one = self.curate("one", 1, "models.default.concurrency=1", *shape)
        many = self.curate("many", 2, "models.default.concurrency=32", *shape)
        self.assertEqual(one, many)
        self.assertSameRun("one", "many")
        return one

    def test_concurrency_changes_nothing(self):
        self.check_ahead(0)

    def test_concurrency_changes_nothing_three_rounds_ahead(self):
        ahead = self.check_ahead(3)
        usual = self.curate("usual", 3, "ahead=0", "rounds=6")
        self.assertNotEqual(ahead, usual)

    def test_streaming_changes_nothing(self):
        streamed = self.curate("streamed", 4, "rounds=3")
        whole = self.curate("whole", 5, "rounds=3",
                            "models.default.stream=false")
        # The server's hash leaves `stream` out.
        self.assertEqual(streamed, whole)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""kill -9 at random moments, then resume: the short form.

kill_long_test.py does the same 200 times. ADVISOR_KILL_SEED repeats the
choices of moments, though not the moments themselves.
"""

import contextlib
import sqlite3
import unittest

import killing
import support


class KillTest(support.Case):
    def test_a_killed_run_ends_as_one_that_was_not(self):
        campaign = killing.Campaign(self)
        try:
            for concurrency, ahead in ((1, 0), (8, 2), (32, 0), (32, 2)):
                campaign.run(concurrency, ahead, kills=5)
        finally:
            print(f"\n{campaign}", flush=True)
        self.assertGreaterEqual(campaign.count["kills"], 12)
        self.assertGreater(campaign.count["in flight"], 0)

    def test_a_run_killed_before_its_first_row_can_be_begun_again(self):
        run = self.dir / "run"
        args = ("run", killing.EXPERIMENT, "-o", run, "--set", "rounds=1")
        with support.Server() as server:
            self.run_advisor(*args, env=server.env())
            usual = self.export_bytes(run)
            # What is left if the process dies right after making run.db.
            with contextlib.closing(sqlite3.connect(run / "run.db")) as db, db:
                for table in ("run", "script", "outcome", "reply", "attempt",
                              "round", "item"):
                    db.execute(f"DELETE FROM {table}")
            self.assertEqual(self.status(run)["state"], "stopped")
            done = self.run_advisor("resume", run, env=server.env(), expect=1)
            self.assertIn(f"-o {run}", done.stderr)
            self.run_advisor(*args, env=server.env())
        self.assertEqual(self.export_bytes(run), usual)


if __name__ == "__main__":
    unittest.main()

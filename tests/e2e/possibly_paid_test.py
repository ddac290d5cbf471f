#!/usr/bin/env python3
"""A server that reads a request and ends the connection without an answer.

libcurl by itself would send such a request again, up to five times; each may
be paid. What is sent again here is an attempt in the journal, once, and shown.
"""

import collections
import json
import unittest

import support

EXPERIMENT = support.ROOT / "tests" / "e2e" / "nested.lua"


def same(body):
    return json.dumps(body, sort_keys=True)


class PossiblyPaidTest(support.Case):
    def curate(self, server, name, concurrency=8):
        run = self.dir / name
        done = self.run_advisor(
            "run", EXPERIMENT, "-o", run, "--set", "rounds=2", "--set",
            f"models.default.concurrency={concurrency}", env=server.env())
        self.assertEqual(self.status(run)["state"], "done")
        self.check_journal(server, run)
        return run, done

    def check_journal(self, server, run):
        """Each request that the server saw is an attempt, and no other is."""
        sent = collections.Counter(
            same(json.loads(row[0]))
            for row in self.query(run, "SELECT sent FROM attempt"))
        seen = collections.Counter(same(x["body"]) for x in server.log())
        self.assertEqual(seen, sent)
        most, = self.query(run, "SELECT max(sends), min(sends) FROM reply")
        self.assertEqual(most, (1, 1))

    def lost(self, run):
        return self.query(
            run, "SELECT a.round || a.stage || a.lane || a.ordinal, a.n, "
            "r.reused, o.class FROM attempt a JOIN reply r ON r.attempt = a.id"
            " JOIN outcome o ON o.attempt = a.id WHERE r.state = 'unknown'")

    def check_reused(self, concurrency):
        usual, _ = self.curate(self.server(), "usual")
        server = self.server("--faults", "close_reused:5")
        run, done = self.curate(server, "run", concurrency)
        closed = server.stats()["faults"]["close_reused"]
        self.assertGreater(closed, 3)
        lost = self.lost(run)
        self.assertEqual(len(lost), closed)
        # Each is the first try, on a connection used before, and is followed
        # by one more try.
        for _, n, reused, kind in lost:
            self.assertEqual((n, reused, kind), (1, 1, "unknown"))
        status = self.status(run)
        self.assertEqual(status["unknown_attempts"], closed)
        self.assertEqual(status["attempts"], status["calls"] + closed)
        self.assertIn(f"unknown: attempts {closed} (possibly paid)",
                      done.stderr)
        self.assertIn("possibly paid", self.run_advisor("status", run).stdout)
        self.assertEqual(self.export_bytes(run), self.export_bytes(usual))

    def test_a_reused_connection_ends_without_an_answer(self):
        self.check_reused(8)

    def test_a_reused_connection_ends_without_an_answer_one_at_a_time(self):
        self.check_reused(1)

    def test_a_call_that_is_never_answered_is_sent_twice_at_most(self):
        script = self.write("silent.json", json.dumps({"rules": [
            {"contains": "Judge:", "fault": "close"}]}))
        server = self.server("--script", script)
        run, _ = self.curate(server, "run")
        judged = [same(x["body"]) for x in server.log()
                  if "Judge:" in same(x["body"])]
        self.assertGreater(len(judged), 10)
        self.assertEqual(set(collections.Counter(judged).values()), {2})
        self.assertEqual(self.status(run)["unknown_attempts"], len(judged))
        # Nobody judged, which is neither a pass nor a fail.
        verdicts = {x["verdict"] for row in self.query(
            run, "SELECT verdicts FROM item WHERE verdict = 'kept'")
            for x in json.loads(row[0]) if x["principle"] == "asked"}
        self.assertEqual(verdicts, {"unknown"})


if __name__ == "__main__":
    unittest.main()

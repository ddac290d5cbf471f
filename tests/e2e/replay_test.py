#!/usr/bin/env python3
"""replay, fork and --reuse: what a run's record can do without its model."""

import json
import shutil
import subprocess
import unittest

import killing
import support

EVERYTHING = killing.HERE / "everything.lua"
EMBEDDER = ("--set", "models.embedder.concurrency=8")

# No request depends on kept items: advice names no target, exemplars are the
# seeds.
FIXED = """
return {
  name = "fixed", seed = 3, rounds = 6, per_round = 8, ahead = %d,
  models = { default = { url = env("OPENAI_BASE_URL"), model = "m",
    key_env = "OPENAI_API_KEY" } },
  pipeline = {
    advise = "no_advice",
    generate = { "few_shot", unit = "question", speaker = "a customer" },
    filter = %s,
  },
  principles = { { "well_formed", min_words = 3 } },
  seeds = "support", pool = "none",
}
"""


def without_network():
    """How to run a program where there is no interface, not even loopback."""
    for command in (["unshare", "--net"], ["unshare", "--user", "--net"]):
        if shutil.which("unshare") and subprocess.run(
                [*command, "true"], capture_output=True).returncode == 0:
            return command
    return None


class ReplayTest(support.Case):
    def curate(self, server, experiment, name, *options, **more):
        run = self.dir / name
        self.run_advisor("run", experiment, "-o", run, *options,
                         env=server.env(), **more)
        return run

    def replay(self, run, *options, expect=0):
        done = self.run_advisor("replay", run, *options, "--json",
                                expect=expect)
        return json.loads(done.stdout)

    def assertReplays(self, run):
        found = self.replay(run)
        self.assertTrue(found["equal"])
        self.assertNotIn("difference", found)
        self.assertEqual(found["digest"], self.status(run)["digest"])

    def test_a_replay_proves_the_digest(self):
        server = self.server("--script", killing.HERE / "faulty.py",
                             "--duplicate-rate", "0.15", "--retry-after",
                             "0.05")
        runs = [
            self.curate(server, EVERYTHING, "one", *EMBEDDER),
            self.curate(server, EVERYTHING, "ahead", "--set", "ahead=3"),
            self.curate(server, killing.EXPERIMENT, "nested"),
        ]
        server.stop()
        for run in runs:
            before = (run / "run.db").read_bytes()
            self.assertReplays(run)
            self.assertEqual((run / "run.db").read_bytes(), before)

    def test_no_connection_is_attempted(self):
        apart = without_network()
        if not apart:
            self.skipTest("a network namespace cannot be made here")
        server = self.server()
        run = self.curate(server, EVERYTHING, "run", "--set", "rounds=3")
        received = len(server.log())
        done = subprocess.run(
            [*apart, support.ADVISOR, "replay", str(run)], cwd=support.ROOT,
            env=support.environment(server.env()), capture_output=True,
            text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("as recorded", done.stdout)
        self.assertEqual(len(server.log()), received)

    def test_killed_extended_and_simulated_runs_replay(self):
        server = self.server("--latency-ms", "20")
        run = self.dir / "killed"
        process = self.start_advisor("run", EVERYTHING, "-o", run, "-q",
                                     env=server.env(), stderr=subprocess.PIPE)
        server.wait_for(60)
        support.kill(process)
        found = self.replay(run)
        self.assertTrue(found["equal"])
        self.run_advisor("resume", run, "-q", env=server.env())
        self.assertReplays(run)
        extended = self.curate(server, killing.EXPERIMENT, "extended", "-q",
                               "--set", "accept=14", "--set", "ahead=2")
        surplus = self.status(extended)["surplus"]
        self.assertGreater(surplus, 0)
        self.run_advisor("resume", extended, "-q", "--set", "accept=31",
                         "--set", "rounds=20", env=server.env())
        self.assertReplays(extended)
        simulated = self.dir / "simulated"
        self.run_advisor("run", support.ROOT / "tests/bench/steering.lua",
                         "-o", simulated, "-q", "--set", "rounds=5", "--set",
                         "coverage.label=by_advice", "--set",
                         "coverage.examples=[]")
        self.assertReplays(simulated)

    def test_a_changed_record_is_found_out(self):
        import sqlite3
        server = self.server()
        run = self.curate(server, EVERYTHING, "run", "--set", "rounds=3")
        with sqlite3.connect(run / "run.db") as db:
            db.execute("UPDATE item SET text = text || '!' WHERE round = 2 "
                       "AND verdict = 'kept'")
        found = self.replay(run, expect=1)
        self.assertFalse(found["equal"])
        self.assertEqual(found["difference"],
                         {"round": 2, "what": "the items"})

    def fixed(self, name, filters, ahead=0):
        return self.write(name, FIXED % (ahead, filters))

    def test_what_if_equals_a_run_with_those_filters(self):
        server = self.server("--duplicate-rate", "0.3", "--short-rate", "0.1")
        for ahead in (0, 2):
            loose = self.curate(server, self.fixed(
                "loose.lua", "{ 'exact_duplicate' }", ahead), f"loose-{ahead}")
            strict = self.curate(server, self.fixed(
                "strict.lua", "{ 'exact_duplicate', { 'rouge_l', threshold = "
                "0.6 } }", ahead), f"strict-{ahead}")
            made = self.dir / f"what-if-{ahead}"
            found = self.replay(
                loose, "--set", "pipeline.filter=[\"exact_duplicate\","
                "\"rouge_l\"]", "--set", "pipeline.filter.2.threshold=0.6",
                "-o", made)
            self.assertNotIn("conditional_from", found)
            self.assertEqual(found["missing"], {})
            self.assertNotEqual(self.export_bytes(loose),
                                self.export_bytes(strict))
            self.assertEqual(self.export_bytes(made),
                             self.export_bytes(strict))
            lost = [i for c in found["changes"] for i in c["lost"]]
            self.assertGreater(len(lost), 3)

    def test_what_if_equals_a_run_up_to_where_it_is_conditional(self):
        server = self.server("--duplicate-rate", "0.2")
        preset = support.ROOT / "scripts/experiments/data_advisor.lua"
        shape = ("--set", "rounds=6", "--set", "seeds=support", "--set",
                 "policy.unknown=keep")
        usual = self.curate(server, preset, "usual", *shape)
        setting = ("--set", "pipeline.filter=[\"rouge_l\"]", "--set",
                   "pipeline.filter.1.threshold=0.4")
        other = self.curate(server, preset, "other", *shape, *setting)
        made = self.dir / "made"
        found = self.replay(usual, *setting, "-o", made)
        first = found["conditional_from"]
        self.assertGreater(first, 1)
        self.assertGreater(sum(found["missing"].values()), 0)
        sql = ("SELECT round, item_index, text, verdict, reason FROM item "
               "WHERE round < ? ORDER BY round, item_index")
        self.assertEqual(self.query(made, sql, first),
                         self.query(other, sql, first))
        text = self.run_advisor("replay", usual, *setting).stdout
        self.assertIn(f"from round {first} on this is conditional", text)

    def test_what_a_replay_cannot_decide_is_refused(self):
        server = self.server()
        run = self.curate(server, EVERYTHING, "run", "--set", "rounds=1")
        done = self.run_advisor("replay", run, "--set",
                                "pipeline.advise=no_advice", expect=1)
        self.assertIn("fork the run instead", done.stderr)


class ForkTest(support.Case):
    def setUp(self):
        super().setUp()
        self.model = self.server("--duplicate-rate", "0.15")
        self.run_path = self.dir / "run"
        self.run_advisor("run", EVERYTHING, "-o", self.run_path, "-q",
                         env=self.model.env())

    def fork(self, name, *options):
        fork = self.dir / name
        self.run_advisor("fork", self.run_path, "--round", "4", "-o", fork,
                         "-q", *options, env=self.model.env())
        return fork

    def test_a_fork_shares_the_first_rounds(self):
        before = len(self.model.log())
        fork = self.fork("fork", "--set", "pipeline.advise=no_advice")
        calls, = self.query(fork, "SELECT count(*) FROM attempt "
                            "WHERE round > 4")[0]
        self.assertEqual(len(self.model.log()) - before, calls)
        for table in ("round", "item", "response"):
            sql = f"SELECT * FROM {table} WHERE round <= 4"
            self.assertEqual(self.query(fork, sql),
                             self.query(self.run_path, sql))
        sql = "SELECT advice FROM round WHERE round > 4"
        self.assertNotEqual(self.query(fork, sql),
                            self.query(self.run_path, sql))
        shown = self.status(fork)
        self.assertEqual(shown["forked_from"]["round"], 4)
        found = json.loads(self.run_advisor("replay", fork, "--json").stdout)
        self.assertTrue(found["equal"])

    def test_a_fork_that_changes_nothing_is_the_run(self):
        fork = self.fork("same", "--reuse", self.run_path)
        self.assertEqual(self.export_bytes(fork),
                         self.export_bytes(self.run_path))
        paid, = self.query(fork, "SELECT count(*) FROM attempt WHERE round > "
                           "4 AND endpoint NOT LIKE 'reused:%'")[0]
        self.assertEqual(paid, 0)

    def test_a_fork_may_bring_a_filter_that_needs_new_vectors(self):
        plain = self.dir / "plain"
        self.run_advisor(
            "run", EVERYTHING, "-o", plain, "-q", "--set",
            "pipeline.filter=[\"exact_duplicate\"]", "--set",
            "coverage.label=by_advice", env=self.model.env())
        fork = self.dir / "fork"
        self.run_advisor(
            "fork", plain, "--round", "5", "-o", fork, "-q", "--set",
            "pipeline.filter=[\"cosine\"]", "--set",
            "pipeline.filter.1.threshold=0.7", env=self.model.env())
        dropped = self.query(fork, "SELECT finding FROM item WHERE reason = "
                             "'cosine'")
        self.assertGreater(len(dropped), 0)
        # Items kept before the fork are compared with, though nobody had
        # asked for their vectors.
        nearest = [json.loads(row[0])["nearest"] for row in dropped]
        self.assertTrue(any(x.startswith(("r1-", "r2-", "r3-"))
                            for x in nearest), nearest)
        found = json.loads(self.run_advisor("replay", fork, "--json").stdout)
        self.assertTrue(found["equal"])


class ReuseTest(support.Case):
    def test_a_run_takes_replies_that_were_paid_for(self):
        server = self.server("--duplicate-rate", "0.15")

        def curate(name, *options):
            run = self.dir / name
            self.run_advisor("run", EVERYTHING, "-o", run, "-q", *options,
                             env=server.env())
            return run

        first = curate("first")
        before = len(server.log())
        same = curate("same", "--reuse", first)
        self.assertEqual(len(server.log()), before)
        self.assertEqual(self.export_bytes(same), self.export_bytes(first))
        shown = self.status(same)
        self.assertEqual(shown["reused"], shown["calls"])
        other = curate("other", "--reuse", same, "--set",
                       "pipeline.advise=no_advice")
        sent = len(server.log()) - before
        shown = self.status(other)
        self.assertGreater(shown["reused"], 0)
        self.assertEqual(sent, shown["calls"] - shown["reused"])
        again = curate("again", "--set", "pipeline.advise=no_advice")
        self.assertEqual(self.export_bytes(other), self.export_bytes(again))

    def test_a_killed_run_goes_on_reusing(self):
        server = self.server("--latency-ms", "20")
        first = self.dir / "first"
        self.run_advisor("run", EVERYTHING, "-o", first, "-q", "--set",
                         "rounds=4", env=server.env())
        run, before = self.dir / "run", len(server.log())
        process = self.start_advisor(
            "run", EVERYTHING, "-o", run, "-q", "--reuse", first,
            env=server.env(), stderr=subprocess.PIPE)
        server.wait_for(before + 10)
        support.kill(process)
        first.rename(self.dir / "moved")
        done = self.run_advisor("resume", run, env=server.env(), expect=1)
        self.assertIn("replies cannot be taken", done.stderr)
        (self.dir / "moved").rename(first)
        self.run_advisor("resume", run, "-q", env=server.env())
        self.assertIntact(run)
        reused = self.status(run)["reused"]
        self.assertGreater(reused, 20)

    def test_a_folder_that_is_no_run_is_named(self):
        server = self.server()
        done = self.run_advisor(
            "run", EVERYTHING, "-o", self.dir / "run", "--reuse",
            self.dir / "nothing", env=server.env(), expect=1)
        self.assertIn("--reuse", done.stderr)
        self.assertEqual(server.log(), [])


if __name__ == "__main__":
    unittest.main()

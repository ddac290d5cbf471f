#!/usr/bin/env python3
"""20 varied runs, each replayed where there is no network interface."""

import itertools
import json
import random
import subprocess
import unittest

import killing
import replay_test
import support

PRESETS = support.ROOT / "scripts" / "experiments"
SEED = 20241


class ReplayLongTest(support.Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.apart = replay_test.without_network()
        self.servers = [
            self.server("--script", killing.HERE / "faulty.py", "--jitter",
                        "--latency-ms", "15", "--duplicate-rate", rate,
                        "--short-rate", "0.1", "--retry-after", "0.05",
                        "--seed", seed) for seed, rate in ((1, 0.1), (2, 0.3))]

    def curate(self, run, experiment, options, server, kills):
        """A run, killed and gone on with some times."""
        arguments = ["run", experiment, "-o", run, "-q", *options]
        for _ in range(kills):
            process = self.start_advisor(*arguments, env=server.env(),
                                         stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=self.random.uniform(0.3, 1.2))
            except subprocess.TimeoutExpired:
                pass
            support.kill(process)
            if (run / "run.db").exists() and killing.Journal(run).facts:
                arguments = ["resume", run, "-q"]
        self.run_advisor(*arguments, env=server.env())

    def replay(self, run):
        done = subprocess.run(
            [*self.apart, support.ADVISOR, "replay", str(run), "--json"],
            cwd=support.ROOT, env=support.environment(), capture_output=True,
            text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{run}: {done.stdout[-2000:]}\n"
                         f"{done.stderr}")
        found = json.loads(done.stdout)
        self.assertTrue(found["equal"], run)
        self.assertNotIn("difference", found)
        return found["before"]["calls"]

    def test_20_varied_runs(self):
        if not self.apart:
            self.skipTest("a network namespace cannot be made here")
        experiments = [
            (killing.HERE / "everything.lua", ["--set", "rounds=5"]),
            (killing.HERE / "nested.lua", ["--set", "rounds=4"]),
            (PRESETS / "data_advisor.lua",
             ["--set", "rounds=4", "--set", "seeds=support", "--set",
              "policy.unknown=keep"]),
            (PRESETS / "quickstart.lua", ["--set", "rounds=5"]),
            (PRESETS / "self_instruct.lua",
             ["--set", "rounds=4", "--set", "seeds=support"]),
        ]
        runs, calls = 0, 0
        for (experiment, options), ahead in itertools.product(
                experiments, (0, 2)):
            server = self.servers[runs % 2]
            run = self.dir / f"run-{runs}"
            self.curate(run, experiment, [
                *options, "--set", f"ahead={ahead}", "--set",
                "policy.retry_unknown=9"], server, kills=runs % 3)
            calls += self.replay(run)
            fork = self.dir / f"fork-{runs}"
            other = self.servers[(runs + 1) % 2]
            self.run_advisor(
                "fork", run, "--round", self.random.randint(0, 4), "-o", fork,
                "-q", "--set", f"models.default.url={other.url}", "--set",
                "models.default.model=other", env=other.env())
            calls += self.replay(fork)
            runs += 1
        print(f"\n{2 * runs} runs replayed without a network (seed {SEED}), "
              f"{calls} calls answered from their records", flush=True)


if __name__ == "__main__":
    unittest.main()

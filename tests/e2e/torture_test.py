#!/usr/bin/env python3
"""Operations that fail, kills at every write, losses of power: the short form.

Some points of tests/torture, drawn over all scenarios and kinds of operations;
torture_long_test.py tries the rest. ADVISOR_TORTURE_SEED repeats the choice.
"""

import os
import random
import sys
import tempfile
import unittest
from pathlib import Path

import support

sys.path.insert(0, str(support.ROOT / "tests" / "torture"))
import campaign  # noqa: E402
import losses  # noqa: E402
import scenarios  # noqa: E402

SEED = int(os.environ.get("ADVISOR_TORTURE_SEED", 0)) or \
    random.SystemRandom().randrange(1, 10**9)
POINTS = 8  # Of each scenario.
LOSSES = 12


class TortureCase(unittest.TestCase):
    """What the short and the long form share."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="torture-")
        self.addCleanup(self.folder.cleanup)
        advisor = Path(support.ADVISOR).resolve()
        shim = advisor.parent / "torture" / "libtorture.so"
        self.assertTrue(shim.exists(), f"{shim} is missing: build with "
                        "-DADVISOR_TESTS=ON")
        self.program = scenarios.Program(advisor, shim)
        self.tried = campaign.Campaign(self.program, self.folder.name,
                                       jobs=os.cpu_count())

    def judge(self, points):
        """Tries points of one scenario; returns how many came."""
        self.tried.try_all(points)
        bad = [f"tests/torture/torture --point {p.scenario.name} {p.fail}: "
               f"exit {p.code}: {'; '.join(p.problems)}\n"
               f"{p.said.decode(errors='replace')}"
               for p in points if p.problems]
        self.assertFalse(bad, f"seed {SEED}:\n" + "\n".join(bad))
        return sum(p.came for p in points)

    def all_points(self, scenario, kinds=campaign.KINDS):
        bench = campaign.Bench(self.tried, scenario)
        self.addCleanup(bench.close)
        self.tried.expected(scenario, bench)
        return [p for kind in kinds
                for p in campaign.points_of(self.tried, scenario, kind)]

    def lose(self, scenario, seeds):
        """Pulls the plug once for each seed."""
        plug = losses.Plug(self.tried, scenario,
                           Path(self.folder.name) / "plug")
        self.addCleanup(plug.close)
        self.assertTrue(plug.check_trace(), "the trace does not tell all")
        self.assertGreater(len(plug.commits), 5)
        # Otherwise the model would show nothing.
        self.assertTrue(any(plug.loses_without_syncs(i) for i in range(20)))
        bad = [f"seed {p.n}: {'; '.join(p.problems)}"
               for p in map(plug.lose, seeds) if p.problems]
        self.assertFalse(bad, "\n".join(bad))


class TortureTest(TortureCase):
    def test_operations_that_fail(self):
        came = 0
        for scenario in scenarios.every().values():
            with self.subTest(scenario.name):
                points = self.all_points(scenario)
                draw = random.Random(f"{SEED} {scenario.name}")
                # As many of each kind, however many operations it has.
                kinds = draw.sample(campaign.KINDS, POINTS)
                came += self.judge([
                    draw.choice(mine) for kind in kinds
                    if (mine := [p for p in points if p.kind == kind])])
        print(f"\n{came} operations failed (seed {SEED})", flush=True)
        self.assertGreater(came, 20)

    def test_losses_of_power(self):
        draw = random.Random(SEED)
        self.lose(scenarios.every()["run"],
                  [draw.randrange(10**6) for _ in range(LOSSES)])


if __name__ == "__main__":
    unittest.main()

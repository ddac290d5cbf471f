#!/usr/bin/env python3
"""Every operation that fails, every write that a kill cuts off, 200 losses of power.

Of the allocations, some; `tests/torture/torture` tries one for each place in the
code, and with --every all of them, which takes a night.
"""

import os
import unittest
from pathlib import Path

import support
import torture_test
from torture_test import campaign, scenarios

SANITIZED = Path(os.environ.get("ADVISOR_SANITIZED",
                                support.ROOT / "build-sanitize" / "advisor"))
MEMORY = 400  # Allocations of each scenario.
LEAKS = 60  # Points of each scenario that makes a run.


class TortureLongTest(torture_test.TortureCase):
    def every(self, kinds, names=None, most=None):
        draw = torture_test.random.Random(torture_test.SEED)
        for name, scenario in scenarios.every().items():
            if names and name not in names:
                continue
            with self.subTest(name):
                points = self.all_points(scenario, kinds)
                if most and most < len(points):
                    points = draw.sample(points, most)
                came = self.judge(points)
                print(f"\n{name}: {came} of {len(points)} points came",
                      flush=True)
                self.assertGreater(came, len(points) // 2)

    def test_every_operation_on_files(self):
        self.every(campaign.KINDS[3:-1])

    def test_every_write_that_a_kill_cuts_off(self):
        self.every(("change",), ("run", "http", "resume"))

    def test_memory(self):
        self.every(campaign.MEMORY, most=MEMORY)

    def test_200_losses_of_power(self):
        self.lose(scenarios.every()["run"], range(200))


@unittest.skipUnless(os.access(SANITIZED, os.X_OK), f"{SANITIZED} is missing")
class LeakTest(torture_test.TortureCase):
    """The same under ASan, UBSan and the leak checker."""

    def test_memory_that_is_refused(self):
        self.program.advisor = str(SANITIZED.resolve())
        draw = torture_test.random.Random(torture_test.SEED)
        for name in ("run", "http", "resume", "export_hf"):
            scenario = scenarios.every()[name]
            with self.subTest(name):
                points = self.all_points(scenario, campaign.MEMORY)
                self.judge(draw.sample(points, min(LEAKS, len(points))))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""kill -9 at 200 random moments over runs with concurrency 1, 8 and 32, and at
60 with all that measures switched on."""

import itertools
import unittest

import killing
import support

KILLS = 200


class KillLongTest(support.Case):
    def check(self, campaign, kills):
        shapes = itertools.cycle(itertools.product((1, 8, 32), (0, 2)))
        try:
            while campaign.count["kills"] < kills:
                campaign.run(*next(shapes), kills=6)
        finally:
            print(f"\n{campaign}", flush=True)
        count = campaign.count
        self.assertGreaterEqual(count["in flight"], 0.8 * count["kills"])
        self.assertGreater(count["again"], 0)

    def test_200_kills(self):
        self.check(killing.Campaign(self), KILLS)

    def test_60_kills_with_everything_on(self):
        self.check(killing.Campaign(
            self, experiment=killing.HERE / "everything.lua",
            roles=("default", "embedder")), 60)


if __name__ == "__main__":
    unittest.main()

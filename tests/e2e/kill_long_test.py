#!/usr/bin/env python3
"""kill -9 at 200 random moments over runs with concurrency 1, 8 and 32."""

import itertools
import unittest

import killing
import support

KILLS = 200


class KillLongTest(support.Case):
    def test_200_kills(self):
        campaign = killing.Campaign(self)
        shapes = itertools.cycle(itertools.product((1, 8, 32), (0, 2)))
        try:
            while campaign.count["kills"] < KILLS:
                campaign.run(*next(shapes), kills=6)
        finally:
            print(f"\n{campaign}", flush=True)
        count = campaign.count
        self.assertGreaterEqual(count["in flight"], 0.8 * count["kills"])
        self.assertGreater(count["again"], 0)


if __name__ == "__main__":
    unittest.main()

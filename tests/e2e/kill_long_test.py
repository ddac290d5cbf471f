#!/usr/bin/env python3
"""kill -9 at 1,000 random moments, over three presets, with 1, 8 and 32 calls
at once, ahead of the state and not; and at 60 with a slower server and all
that measures switched on.

Each time: what was acknowledged is on disk, SQLite finds the file sound, and
a call is sent again only where the record says why. At the end of each run
its export has the bytes of a run that nobody killed. The moments are spread
over a process's life: its start, requests, what is sent again, its end.
"""

import itertools
import unittest

import killing
import support

KILLS = 1000
CONCURRENCY = (1, 8, 32)
# In a run, and the most requests between two of them.
PER_RUN, WIDE = 16, 12
LATENCY_MS = 6

PRESETS = {
    # The paper's, as released, with a benign subject and safe replies.
    "data_advisor_released": {
        "experiment": support.ROOT / "scripts" / "experiments"
        / "data_advisor_released.lua",
        "more": ("--set", "seeds=support", "--set", "rounds=6", "--set",
                 "pipeline.respond=safe_reply"),
    },
    "everything": {"experiment": killing.HERE / "everything.lua",
                   "roles": ("default", "embedder")},
    "nested": {"experiment": killing.HERE / "nested.lua"},
}


class KillLongTest(support.Case):
    def check(self, preset):
        """A third of the kills, as many with each concurrency."""
        campaign = killing.Campaign(self, latency_ms=LATENCY_MS,
                                    **PRESETS[preset])
        each = -(-KILLS // (len(PRESETS) * len(CONCURRENCY)))
        try:
            for concurrency in CONCURRENCY:
                ahead = itertools.cycle((0, 2))
                while campaign.cells[concurrency]["kills"] < each:
                    campaign.run(concurrency, next(ahead), PER_RUN, WIDE)
        finally:
            print("\n" + campaign.table(preset), flush=True)
        count = campaign.count
        self.assertGreaterEqual(count["in flight"], 0.6 * count["kills"])
        for kind in ("again", "early", "late"):
            self.assertGreater(count[kind], 0, kind)

    def test_the_paper_as_released_with_safe_replies(self):
        self.check("data_advisor_released")

    def test_everything_that_measures(self):
        self.check("everything")

    def test_calls_inside_calls(self):
        self.check("nested")

    def test_60_kills_with_everything_on(self):
        campaign = killing.Campaign(self, **PRESETS["everything"])
        shapes = itertools.cycle(itertools.product(CONCURRENCY, (0, 2)))
        try:
            while campaign.count["kills"] < 60:
                campaign.run(*next(shapes), kills=6)
        finally:
            print(f"\n{campaign}", flush=True)
        count = campaign.count
        self.assertGreaterEqual(count["in flight"], 0.7 * count["kills"])
        self.assertGreater(count["again"], 0)


if __name__ == "__main__":
    unittest.main()

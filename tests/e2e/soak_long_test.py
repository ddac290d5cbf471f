#!/usr/bin/env python3
"""A million calls in one run: what the program holds grows by next to nothing."""

import unittest

import soaking
import support

CALLS = 1_000_000
EARLY = (10_000, 20_000)
LATE = (CALLS - 10_000, CALLS)


class SoakLongTest(support.Case):
    def test_a_million_calls(self):
        soak = soaking.Soak(self.dir / "run", CALLS, every=100).go(show=True)
        self.assertEqual(soak.calls, CALLS)
        early, late = soak.resident(*EARLY), soak.resident(*LATE)
        print(f"{early / soaking.MIB:.2f} MiB after {EARLY[0]} calls, "
              f"{late / soaking.MIB:.2f} after {CALLS}; {soak}", flush=True)
        # Each round leaves an entry in the history that scripts may read, so a
        # little does grow; three bytes a call would be something that leaks.
        self.assertLess(late - early, 3 * CALLS)
        self.assertLess(soak.longest_log(), 64 * soaking.MIB)
        handles = soak.handles(EARLY[0])
        self.assertLessEqual(max(handles) - min(handles), 4, str(soak))


if __name__ == "__main__":
    unittest.main()

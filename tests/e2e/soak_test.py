#!/usr/bin/env python3
"""Some thousand calls in one run: nothing that the program holds grows."""

import unittest

import soaking
import support

CALLS = 4800


class SoakTest(support.Case):
    def test_4800_calls(self):
        soak = soaking.Soak(self.dir / "run", CALLS, every=50).go()
        self.assertEqual(self.status(self.dir / "run")["state"], "done")
        self.assertEqual(soak.calls, CALLS)
        # The first rounds fill caches and pools; after that there is nothing
        # new to hold.
        early = soak.resident(CALLS * 0.4, CALLS * 0.7)
        late = soak.resident(CALLS * 0.7, CALLS)
        self.assertLess(late, 1.05 * early, str(soak))
        self.assertLess(soak.longest_log(), 64 * soaking.MIB)
        handles = soak.handles(CALLS * 0.2)
        self.assertLessEqual(max(handles) - min(handles), 4, str(soak))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Every attack on the sandbox, in a process of its own, in the usual build and in
the one with sanitizers."""

import os
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attacks
import support


class AttacksLongTest(support.Case):
    def check(self, folder, sanitized):
        env = attacks.module_environment(folder, sanitized)
        base = attacks.baseline(env)
        # A sanitizer takes time of its own as a process ends.
        most = 2 if sanitized else 1.5
        counts = attacks.counts(env)
        self.assertGreaterEqual(sum(counts.values()), 300)
        every = [(class_, i + 1) for class_, n in counts.items()
                 for i in range(n)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found = list(pool.map(
                lambda one: attacks.problem(*one, env, base, most), every))
        problems = [text for text in found if text]
        print(f"\n{len(every)} attacks: "
              + ", ".join(f"{name} {n}" for name, n in counts.items()),
              flush=True)
        self.assertEqual(problems, [], "\n".join(problems))

    def test_all(self):
        self.check(Path(support.ADVISOR).parent, False)

    def test_all_with_sanitizers(self):
        advisor = os.environ.get("ADVISOR_SANITIZED")
        if not advisor or not os.path.exists(advisor):
            self.skipTest("there is no sanitized build (scripts/test makes it)")
        self.check(Path(advisor).parent, True)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""A choice of the attacks on the sandbox that need a process of their own; all
of them: attacks_long_test.py. Those that need none: attacks_spec.lua."""

import unittest
from pathlib import Path

import attacks
import support

# Of each class with such attacks, by number.
CHOICE = {"memory": (1, 7, 12, 19, 23), "libraries": (1, 5, 12, 24, 31, 38),
          "loops": (1, 17, 23), "stacks": (1, 15)}


class AttacksTest(support.Case):
    def test_each_ends_within_its_limit(self):
        env = attacks.module_environment(Path(support.ADVISOR).parent)
        base = attacks.baseline(env)
        for class_, numbers in CHOICE.items():
            for number in numbers:
                with self.subTest(f"{class_} {number}"):
                    self.assertIsNone(
                        attacks.problem(class_, number, env, base))


if __name__ == "__main__":
    unittest.main()

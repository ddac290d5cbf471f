#!/usr/bin/env python3
"""100 races of two and three processes for one run folder."""

import unittest

import two_processes_test


class RaceLongTest(two_processes_test.RaceTest):
    RACES = 100


if __name__ == "__main__":
    unittest.main()

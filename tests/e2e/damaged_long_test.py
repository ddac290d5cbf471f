#!/usr/bin/env python3
"""Run folders that are damaged at 1,000 places."""

import unittest

import damaged_test


class PlacesLongTest(damaged_test.PlacesTest):
    PLACES = 1000


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Each limit on open files from 16 to 64."""

import unittest

import trouble_test


class FilesLongTest(trouble_test.FilesTest):
    LIMITS = range(16, 65)


if __name__ == "__main__":
    unittest.main()

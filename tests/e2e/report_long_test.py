#!/usr/bin/env python3
"""The report of a run with 10,000 items: its size, and how it can be used."""

import time
import unittest

import browser
import support
from report_test import EXPERIMENT

ROUNDS = 1250  # of eight drafts


@unittest.skipIf(browser.MISSING, browser.MISSING)
class LongReportTest(support.Case):
    def test_ten_thousand_items(self):
        path = self.write("report.lua", EXPERIMENT % ROUNDS)
        run = self.dir / "run"
        support.run_advisor("run", path, "-o", run, cwd=self.dir, timeout=600)
        began = time.monotonic()
        support.run_advisor("report", run, "--open", "no")
        written = time.monotonic() - began
        html = run / "report.html"
        size = html.stat().st_size
        with browser.Browser() as page:
            began = time.monotonic()
            page.open(html)
            opened = time.monotonic() - began
            self.assertEqual(page.run("return document.getElementById('found')"
                                      ".textContent"),
                             "10,000 of 10,000 items")
            rows = "return document.querySelectorAll('.row').length"
            self.assertLess(page.run(rows), 150)
            page.keys("/")
            page.keys(f"r{ROUNDS}-8")
            self.assertEqual(page.run("return document.getElementById('found')"
                                      ".textContent"), "1 of 10,000 items")
            page.run("document.getElementById('search').value = '';"
                     "document.getElementById('search')"
                     ".dispatchEvent(new Event('input'))")
            first_item = page.run(
                "const t = performance.now();"
                "document.querySelector('.item-rows .row').click();"
                "return performance.now() - t")
            self.assertIn("generate/", page.run(
                "return document.getElementById('detail').textContent"))
            page.run("document.querySelector('.item-rows').focus()")
            page.keys(browser.END)
            self.assertEqual(page.run(
                "return document.querySelector('[aria-selected=true] .id')"
                ".textContent"), f"r{ROUNDS}-8")
            self.assertLess(page.run(rows), 150)
            self.assertEqual(page.complaints(), [])
        # Figures for a reader of the log; time decides nothing.
        print(f"\n10,000 items: {size / 1e6:.1f} MB, written in "
              f"{written:.1f} s, ready in {opened:.1f} s, the first item's "
              f"calls in {first_item:.0f} ms")
        self.assertLess(size, 40e6)


if __name__ == "__main__":
    unittest.main()
